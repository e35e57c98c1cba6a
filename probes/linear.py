"""What linear probes share: the two classes of some activations, and a score along a vector."""

import numpy as np
from jaxtyping import Float
from torch import Tensor

from workbench.types import Activations, WorkbenchError


def features(acts: Activations) -> Float[np.ndarray, "example d_model"]:
    """The last real position of every example, float64."""
    return acts.last().double().cpu().numpy()


def labels(acts: Activations) -> np.ndarray:
    """Labels as +1 and -1. Raises WorkbenchError where one of them is missing."""
    values = np.asarray(acts.labels)
    if set(values.tolist()) != {1, -1}:
        raise WorkbenchError(f"probe got labels {sorted(set(values.tolist()))}; expected both +1 and -1")
    return values


def along(acts: Activations, vector: Float[Tensor, " d_model"], offset: float) -> Float[Tensor, " example"]:
    """The score of every example along ``vector``; 0 is the boundary."""
    return acts.last().double() @ vector.double() - offset
