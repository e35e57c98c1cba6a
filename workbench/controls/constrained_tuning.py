"""Fine-tune a few matrices on a pole's answers, no entry far from where it was (FT-L, arXiv 2012.00363)."""

from collections.abc import Sequence

from workbench.controls.contrast import default_layers
from workbench.controls.pair_facts import requests
from workbench.editing import tuned
from workbench.models import Model
from workbench.types import Concept, Control, Pole


def control(model: Model, concept: Concept, toward: Pole, *, layers: Sequence[int] = (), count: int = 16) -> Control:
    """The first ``count`` pairs answered toward the pole, at the middle layer; strength scales the change."""
    return tuned(model, requests(concept, toward, count), default_layers(model, layers))
