"""Write the projection into the weights: no writer of any layer can produce the unwanted pole's direction."""

from collections.abc import Sequence

import torch

from workbench.controls.contrast import pole_directions
from workbench.erasure import Baked
from workbench.models import Model
from workbench.types import Concept, Control, Pole, opposite


def control(model: Model, concept: Concept, toward: Pole, *, layers: Sequence[int] = ()) -> Control:
    """Direction of the other pole's own data at the middle layer, projected out of every matrix that writes."""
    found = torch.stack([d.vector.double() for d in pole_directions(model, concept, opposite(toward), layers)])
    basis = torch.linalg.qr(found.T).Q.T
    return Baked(basis)
