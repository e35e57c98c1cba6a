"""Defence: a one-sided floor, h + relu(τ − v·h) v, under the coordinate along the mean difference."""

from collections.abc import Sequence

import torch

from workbench.activations import extract_texts
from workbench.concepts import neutral_texts
from workbench.controls.contrast import directions
from workbench.controls.limited import Limited
from workbench.interventions import Clamp, Steer
from workbench.models import Model
from workbench.types import Concept, Control, Pole, WorkbenchError


def control(
    model: Model, concept: Concept, toward: Pole, *, layers: Sequence[int] = (), quantile: float = 0.05
) -> Control:
    """Strength 1 lifts v·h to τ where it is lower, v pointing to ``toward``; τ is a quantile over neutral text.

    There is no free lunch: a high τ changes neutral text, a low one lets attacks through. Report the curve over
    ``quantile``, not one point.
    """
    if not 0 <= quantile <= 1:
        raise WorkbenchError(f"floor quantile is {quantile}; expected a share between 0 and 1")
    (direction, *_) = directions(model, concept, toward, layers=layers)
    texts = neutral_texts(concept.card.style, 48)
    acts = extract_texts(model, texts, [direction.site], rule="all")[direction.site]
    along = acts.values[acts.mask].double() @ direction.vector.double()
    return Limited(Steer(Clamp(float(torch.quantile(along, quantile)), "floor"), direction), 1.0)
