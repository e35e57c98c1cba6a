"""Add RepE's reading vector: the first principal component of the pairs (arXiv 2310.01405)."""

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
    """Strength 1 adds one gap of the class means along the component."""
    found = directions(model, concept, toward, method="paired_pca", prompt_type=prompt_type, layers=layers)
    return Steer(Add(), found, where)
