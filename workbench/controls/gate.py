"""Add the mean difference only where the stream is on the other pole's side (a conditional gate, arXiv 2409.05907)."""

from collections.abc import Sequence

from workbench.activations import by_class
from workbench.controls.contrast import contrast, directions, turned
from workbench.interventions import Add, Conditional, Steer
from workbench.models import Model
from workbench.types import Concept, Control, Pole


def control(model: Model, concept: Concept, toward: Pole, *, layers: Sequence[int] = (), where: str = "all") -> Control:
    """The gate opens where v·h is below the midpoint of the poles' means, v pointing to the wanted pole; one layer."""
    (direction, *_) = directions(model, concept, toward, layers=layers)
    positive, negative = by_class(contrast(model, concept, "prefilled", layers)[direction.site])
    middle = float((positive.mean(0) + negative.mean(0)) @ direction.vector.double()) / 2
    return Steer(Conditional(Add(), turned(direction), -middle), direction, where)
