"""Add each layer's own mean difference, at every layer but the last."""

from workbench.controls import add
from workbench.models import Model
from workbench.types import Concept, Control, Pole


def control(model: Model, concept: Concept, toward: Pole, *, prompt_type: str = "prefilled") -> Control:
    """Strength 1 adds one raw mean-difference vector per layer (after the last block it would only shift logits)."""
    return add.control(model, concept, toward, layers=range(max(1, model.n_layers - 1)), prompt_type=prompt_type)
