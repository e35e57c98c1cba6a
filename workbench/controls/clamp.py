"""Clamp the coordinate along the mean difference to the wanted pole's mean."""

from collections.abc import Sequence

from workbench.activations import by_class
from workbench.controls.contrast import contrast, directions
from workbench.controls.limited import Limited
from workbench.interventions import Clamp, Steer
from workbench.models import Model
from workbench.types import Concept, Control, Pole


def control(model: Model, concept: Concept, toward: Pole, *, layers: Sequence[int] = (), where: str = "all") -> Control:
    """Strength 1 sets v·h to the mean of the wanted pole's activations, less goes a share of the way; one layer."""
    (direction, *_) = directions(model, concept, toward, layers=layers)
    acts = contrast(model, concept, "prefilled", layers)[direction.site]
    wanted = by_class(acts)[0 if toward == "aligned" else 1].mean(0)
    target = float(wanted @ direction.vector.double())
    return Limited(Steer(Clamp(target), direction, where), 1.0)
