"""Add the vector of the wanted pole, extracted from that pole's data alone."""

from collections.abc import Sequence

from workbench.controls.contrast import pole_directions
from workbench.interventions import Add, Steer
from workbench.models import Model
from workbench.types import Concept, Control, Pole


def control(model: Model, concept: Concept, toward: Pole, *, layers: Sequence[int] = (), where: str = "all") -> Control:
    """Adds mean(cued toward the pole) − mean(bare question). The poles' vectors are not opposites of each other."""
    return Steer(Add(), pole_directions(model, concept, toward, layers), where)
