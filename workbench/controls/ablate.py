"""Ablate the direction of the unwanted pole (arXiv 2406.11717): its coordinate shrinks toward 0."""

from collections.abc import Sequence

from workbench.controls.contrast import pole_directions
from workbench.controls.limited import Limited
from workbench.interventions import Ablate, Steer
from workbench.models import Model
from workbench.types import Concept, Control, Pole, opposite


def control(model: Model, concept: Concept, toward: Pole, *, layers: Sequence[int] = (), where: str = "all") -> Control:
    """Strength 1 projects out what the other pole's data add to a bare question; beyond it would be reflection."""
    return Limited(Steer(Ablate(), pole_directions(model, concept, opposite(toward), layers), where), 1.0)
