"""Add the difference of one pair of prompts (ActAdd, arXiv 2308.10248), at every position."""

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
    """The vector of the first pair of the concept; its opposite for the other pole."""
    found = directions(model, concept, toward, method="actadd", prompt_type=prompt_type, layers=layers)
    return Steer(Add(), found, where)
