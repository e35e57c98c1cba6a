"""Subtract the vector of the unwanted pole, extracted from that pole's data alone: absence is not the opposite."""

from collections.abc import Sequence

from workbench.controls.contrast import pole_directions, turned
from workbench.interventions import Add, Steer
from workbench.models import Model
from workbench.types import Concept, Control, Pole, opposite


def control(model: Model, concept: Concept, toward: Pole, *, layers: Sequence[int] = (), where: str = "all") -> Control:
    """Adds −(mean(cued away from the pole) − mean(bare question))."""
    found = [turned(direction) for direction in pole_directions(model, concept, opposite(toward), layers)]
    return Steer(Add(), found, where)
