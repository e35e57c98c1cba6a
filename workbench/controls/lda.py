"""Add Fisher's discriminant: the mean difference whitened by the within-class covariance."""

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
    """Strength 1 adds one gap of the class means along the discriminant."""
    found = directions(model, concept, toward, method="lda", prompt_type=prompt_type, layers=layers)
    return Steer(Add(), found, where)
