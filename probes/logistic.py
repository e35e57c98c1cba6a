"""Logistic regression on standardised activations, with a ridge penalty."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from probes.linear import along, features, labels
from workbench.types import Activations


@dataclass(frozen=True)
class Logistic:
    """``c`` is the inverse penalty on standardised features (scikit-learn's ``C``)."""

    c: float = 0.01
    vector: Tensor | None = None
    offset: float = 0.0

    def fit(self, activations: Activations) -> "Logistic":
        x, y = features(activations), labels(activations)
        mean, scale = x.mean(0), np.maximum(x.std(0), 1e-8)
        found = LogisticRegression(C=self.c, max_iter=500).fit((x - mean) / scale, y)
        vector = found.coef_[0] / scale
        return Logistic(self.c, torch.from_numpy(vector), float(mean @ vector - found.intercept_[0]))

    def score(self, activations: Activations) -> Float[Tensor, " example"]:
        assert self.vector is not None, "fit the probe first"
        return along(activations, self.vector, self.offset)
