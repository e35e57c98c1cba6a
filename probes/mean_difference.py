"""Difference of class means: the simplest reader, and the one whose direction is also the steering vector."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from probes.linear import along, features, labels
from workbench.types import Activations


@dataclass(frozen=True)
class MeanDifference:
    """Projection on the difference of the class means; 0 at their midpoint (Marks & Tegmark 2023)."""

    vector: Tensor | None = None
    offset: float = 0.0

    def fit(self, activations: Activations) -> "MeanDifference":
        x, y = torch.from_numpy(features(activations)), labels(activations)
        up, down = x[torch.from_numpy(y == 1)].mean(0), x[torch.from_numpy(y == -1)].mean(0)
        vector = up - down
        return MeanDifference(vector, float((up + down) @ vector / 2))

    def score(self, activations: Activations) -> Float[Tensor, " example"]:
        assert self.vector is not None, "fit the probe first"
        return along(activations, self.vector, self.offset)
