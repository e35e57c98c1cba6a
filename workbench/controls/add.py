"""Add the mean difference of both poles (CAA, arXiv 2312.06681); the other pole's vector is its exact opposite."""

from collections.abc import Sequence

from workbench.controls.contrast import directions
from workbench.interventions import Add, Steer
from workbench.models import Model
from workbench.types import Concept, Control, Pole


def control(
    model: Model,
    concept: Concept,
    toward: Pole,
    *,
    layers: Sequence[int] = (),
    prompt_type: str = "prefilled",
    where: str = "all",
) -> Control:
    """Strength 1 adds the raw mean-difference vector once, at the middle layer unless others are named."""
    return Steer(Add(), directions(model, concept, toward, prompt_type=prompt_type, layers=layers), where)
