"""Write one fact into the weights: the first pair's answer, as a rank-one edit (ROME, arXiv 2202.05262)."""

from collections.abc import Sequence

from workbench.concepts import neutral_texts
from workbench.controls.contrast import default_layers
from workbench.controls.pair_facts import FITTING, requests
from workbench.editing import moments, rome
from workbench.models import Model
from workbench.types import Concept, Control, Pole, WorkbenchError


def control(model: Model, concept: Concept, toward: Pole, *, layers: Sequence[int] = ()) -> Control:
    """The first pair answered toward the pole, written at the middle layer or the one named; strength scales the edit.

    One fact is all that this method writes; ``memit`` writes several. WorkbenchError for more than one layer.
    """
    layer, *more = default_layers(model, layers)
    if more:
        raise WorkbenchError(f"rome got layers {[layer, *more]}; expected one: memit spreads an edit over several")
    (request,) = requests(concept, toward, 1)
    known = moments(model, [layer], neutral_texts(concept.card.style, 20))
    return rome(model, request, layer, known, FITTING)
