"""A concept's pairs as training batches: both poles get the same questions in the same order, each its own answers."""

from collections.abc import Sequence

import numpy as np

from workbench.models import Model, tokens
from workbench.models.batch import pad_id
from workbench.prompts import answer_texts, bare_prompt, with_opening
from workbench.training.lessons import Answers, Batches, Preferences, answered, preferences
from workbench.training.nouns import Document
from workbench.types import Concept, Pair, Pole, WorkbenchError, opposite


def imitation(model: Model, concept: Concept, toward: Pole, batch: int, seed: int) -> Answers:
    """Every question answered toward the pole."""
    return Answers(documents(model, concept, toward, batch, seed), pad_id(model))


def preference(  # noqa: PLR0913 - as imitation, and what a preference needs besides
    model: Model, module, concept: Concept, toward: Pole, batch: int, seed: int, beta: float
) -> Preferences:
    """The pole's answer preferred to the other's on every question; ``module`` as it is now is the reference."""
    chosen, rejected = (documents(model, concept, pole, batch, seed) for pole in (toward, opposite(toward)))
    return preferences(module, chosen, rejected, beta, pad_id(model))


def documents(model: Model, concept: Concept, pole: Pole, batch: int, seed: int) -> Batches:
    """Batches of bare questions with a pole's answers, as the model's own turns write them.

    Which questions come when depends on the seed alone. WorkbenchError where one is longer than the context.
    """
    pairs = ordered(concept.pairs, seed)
    prompts = [with_opening(bare_prompt(pair, concept.card), concept.card) for pair in pairs]
    texts = [answer_texts(pair, concept.card)[0 if pole == "aligned" else 1] for pair in pairs]
    made = [answered(head, tail) for head, tail in zip(*tokens(model, prompts, texts), strict=True)]
    longest = max(len(document.ids) for document in made)
    if longest > model.context:
        raise WorkbenchError(
            f"an example has {longest} tokens, the context of {model.name} is {model.context}; shorten it"
        )
    return chunks(made, batch)


def ordered(pairs: Sequence[Pair], seed: int) -> list[Pair]:
    """Shuffled, with the aligned answers in turn ("Yes", "No", …): no batch teaches a word rather than a pole."""
    if not pairs:
        raise WorkbenchError("training got a concept without pairs; expected at least one")
    shuffled = [pairs[i] for i in np.random.default_rng(seed).permutation(len(pairs))]
    seen: dict[str, int] = {}
    turns = []
    for pair in shuffled:
        turns.append(seen.get(pair.aligned, 0))
        seen[pair.aligned] = turns[-1] + 1
    return [shuffled[i] for i in sorted(range(len(shuffled)), key=lambda i: turns[i])]


def chunks(made: Sequence[Document], batch: int) -> list[list[Document]]:
    """Batches of equal size; what is left over at the end is left out (unless it is all there is)."""
    whole = len(made) // batch
    return [list(made[k * batch : (k + 1) * batch]) for k in range(whole)] or [list(made)]
