"""Answered examples before every question, all answered toward the pole."""

from collections.abc import Sequence

from workbench.controls.prompted import Prompted
from workbench.models import Model
from workbench.prompts import draw_shots, frame
from workbench.types import Concept, Control, Pair, Pole

DOSES = (1, 2, 4, 8)


def control(model: Model, concept: Concept, toward: Pole, *, seed: int = 0, doses: Sequence[int] = DOSES) -> Control:
    """Strength is the number of examples; the same ones for every question and for both poles, answers balanced."""
    most = min(max(doses), len(concept.pairs))
    # nobody asks: the control's concept holds none of the questions that are measured
    shots = draw_shots(concept, Pair("", "", "", "", ""), most, seed)
    end = " " if concept.card.style == "story" else "\n\n"
    texts = [frame(shot, concept.card.style) + shot.answer(toward) + end for shot in shots]
    reached = tuple(float(k) for k in sorted(doses) if k <= most)
    return Prompted(lambda dose, text: "".join(texts[:dose]), reached, texts)
