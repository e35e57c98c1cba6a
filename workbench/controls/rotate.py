"""Rotate the stream toward the wanted pole, keeping its norm (after arXiv 2510.26243)."""

from collections.abc import Sequence

from workbench.controls.contrast import directions
from workbench.controls.limited import Limited
from workbench.interventions import Rotate, Steer
from workbench.models import Model
from workbench.types import Concept, Control, Pole


def control(model: Model, concept: Concept, toward: Pole, *, layers: Sequence[int] = (), where: str = "all") -> Control:
    """Strength 1 turns by 15 degrees in the plane of the activation and the direction; 6 is a right angle."""
    return Limited(Steer(Rotate(15.0), directions(model, concept, toward, layers=layers), where), 12.0)
