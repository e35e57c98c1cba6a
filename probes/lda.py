"""Linear discriminant analysis: the mean difference, whitened by a shrunk within-class covariance."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import Tensor

from probes.linear import along, features, labels
from workbench.types import Activations


@dataclass(frozen=True)
class LDA:
    """Fisher's direction with Ledoit-Wolf shrinkage (scikit-learn)."""

    vector: Tensor | None = None
    offset: float = 0.0

    def fit(self, activations: Activations) -> "LDA":
        found = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(
            features(activations), labels(activations)
        )
        return LDA(torch.from_numpy(found.coef_[0].copy()), -float(found.intercept_[0]))

    def score(self, activations: Activations) -> Float[Tensor, " example"]:
        assert self.vector is not None, "fit the probe first"
        return along(activations, self.vector, self.offset)
