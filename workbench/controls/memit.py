"""Write a pole's answers into the weights: many facts at once into MLP output matrices (MEMIT, arXiv 2210.07229)."""

from collections.abc import Sequence

from workbench.controls.pair_facts import written
from workbench.models import Model
from workbench.types import Concept, Control, Pole


def control(model: Model, concept: Concept, toward: Pole, *, layers: Sequence[int] = (), count: int = 16) -> Control:
    """The first ``count`` pairs answered toward the pole, written at the middle layer; strength scales the edit."""
    return written(model, concept, toward, layers, count)
