"""A concept's pairs as facts: the question is the subject, the pole's answer is the object to write."""

import re
from collections.abc import Sequence

from workbench.concepts import neutral_texts
from workbench.controls.contrast import default_layers
from workbench.editing import Fitting, Rewrite, memit, moments
from workbench.editing.memory import Edit
from workbench.models import Model
from workbench.prompts import bare_prompt
from workbench.types import Concept, Pole

# no essence term: "{question} is a" is no sentence; neutral keys are protected by their second moment
FITTING = Fitting(essence="")


def requests(concept: Concept, toward: Pole, count: int) -> list[Rewrite]:
    """The first ``count`` pairs, each asked to be answered toward the pole; the subject ends with the last word."""
    # closing marks are merged with the line break behind them by many tokenizers
    return [Rewrite(bare_prompt(pair, concept.card), re.sub(r"\W+$", "", pair.question), pair.answer(toward))
            for pair in concept.pairs[:count]]  # fmt: skip


def written(  # noqa: PLR0913 - a control method's options
    model: Model,
    concept: Concept,
    toward: Pole,
    layers: Sequence[int],
    count: int,
    null_share: float | None = None,
) -> Edit:
    """All requests as one edit; strength is the share of it that is in the weights."""
    chosen = default_layers(model, layers)
    known = moments(model, chosen, neutral_texts(concept.card.style, 20))
    return memit(model, requests(concept, toward, count), chosen, known, FITTING, null_share=null_share)
