"""Clean and corrupt runs of a concept: the two poles' cues, two statements of opposite answer, a vector and none."""

from collections.abc import Sequence

import torch

from workbench.activations import cue_place_for
from workbench.circuits.contrast import CleanCorrupt, Injection, clean_corrupt
from workbench.concepts.split import balance_pairs
from workbench.interventions import Add
from workbench.models import Model, capture, check_rule, check_sites, position_mask, tokens
from workbench.prompts import CueKind, PromptType, answer_texts, bare_prompt, build_prompt, contrast
from workbench.types import Concept, Direction, Intervention, Pair, Pole, WorkbenchError


def cue_pairs(
    model: Model,
    concept: Concept,
    prompt_type: str | PromptType = "instruction",
    cue_kind: CueKind = "instruction",
    seed: int = 0,
) -> CleanCorrupt:
    """Every question cued toward the aligned pole (clean) and toward the unaligned one (corrupt).

    Both prompts differ in the cue alone (an instruction, answered examples, or both) and end where the answer is
    predicted. Aligned answers are balanced, surplus questions dropped. Raises WorkbenchError for a prefilled type (the
    answer is given there), for cues of different numbers of tokens, and for answers of more than one token.
    """
    type = PromptType.parse(prompt_type)
    if type.prefilled:
        raise WorkbenchError(f"prompt type {type.name!r} gives the answer away; expected 'instruction', '5-shot' or "
                             "'instruction+5-shot': a circuit is read where the answer is predicted")  # fmt: skip
    pairs = _balanced(concept)
    kept = {pair.id for pair in pairs}
    place = cue_place_for(model, concept.card)
    # examples come from the whole concept, so that dropping a surplus question changes no other prompt
    prompts = [p for p in contrast(concept, type, seed, cue_place=place, cue_kind=cue_kind) if p.pair.id in kept]
    clean, corrupt = [p.positive for p in prompts], [p.negative for p in prompts]
    ours, theirs = (tokens(model, texts)[0] for texts in (clean, corrupt))
    for i, (first, second) in enumerate(zip(ours, theirs, strict=True)):
        if len(first) != len(second):
            raise WorkbenchError(f"the cues of {concept.name!r} toward its poles have other numbers of tokens "
                                 f"({len(first)} and {len(second)} in question {pairs[i].id!r}); use another cue_kind, "
                                 "or statement_pairs")  # fmt: skip
    return clean_corrupt(model, clean, corrupt, _answers(pairs, concept), [p.group for p in pairs])


def statement_pairs(
    model: Model,
    concept: Concept,
    prompt_type: str | PromptType | None = None,
    pole: Pole = "aligned",
    cue_kind: CueKind = "instruction",
) -> CleanCorrupt:
    """Two questions of one group, alike in tokens, whose aligned answers are opposite; each is clean once.

    Both stand under the same cue toward ``pole`` (None: under none). As each is clean once, answers are balanced.
    Raises WorkbenchError where no group holds two such questions, and for types with answered examples or an answer.
    """
    type = None if prompt_type is None else PromptType.parse(prompt_type)
    if type is not None and (type.prefilled or type.shots):
        raise WorkbenchError(f"prompt type {type.name!r} came for two statements; expected None or 'instruction'")
    card = concept.card
    place = cue_place_for(model, card)
    texts = [bare_prompt(p, card) if type is None else build_prompt(p, card, type, pole, (), place, cue_kind)
             for p in concept.pairs]  # fmt: skip
    twins = _twins(concept.pairs, [len(row) for row in tokens(model, texts)[0]])
    if not twins:
        raise WorkbenchError(f"no group of {concept.name!r} holds two questions of the same number of tokens and "
                             "opposite answers; use cue_pairs, or a concept with more pairs")  # fmt: skip
    pairs = [concept.pairs[i] for i, _ in twins]
    clean, corrupt = ([texts[pair[k]] for pair in twins] for k in (0, 1))
    return clean_corrupt(model, clean, corrupt, _answers(pairs, concept), [p.group for p in pairs])


def steered_pairs(
    model: Model,
    concept: Concept,
    direction: Direction,
    multiplier: float | int,
    *,
    intervention: Intervention | None = None,
    where: str = "all",
) -> CleanCorrupt:
    """The concept's bare questions steered (clean) and not steered (corrupt); the vector is a sender of the graph.

    What the intervention (default: adding multiplier × gap × vector) changes at the direction's site is what "steering"
    writes, so that any operator can be taken apart. Aligned answers are balanced. Raises WorkbenchError for a site that
    is no residual stream, or that the logits alone read (the last layer: there is no circuit above it).
    """
    site, pairs = direction.site, _balanced(concept)
    entry = {"resid_pre": site.layer, "resid_post": site.layer + 1}.get(site.stream)
    check_sites(model, [site])
    if entry is None or entry >= model.n_layers:
        raise WorkbenchError(f"a vector at {site} came; expected resid_pre or resid_post below layer "
                             f"{model.n_layers - 1}: above it nothing but the logits reads")  # fmt: skip
    prompts = [bare_prompt(pair, concept.card) for pair in pairs]
    plain = clean_corrupt(model, prompts, prompts, _answers(pairs, concept), [p.group for p in pairs])
    h = capture(model, plain.clean, [site])[site]
    dose = torch.full((len(h),), float(multiplier)).to(h)
    change = (intervention or Add())(h, direction, dose, position_mask(check_rule(where), plain.clean)) - h
    return CleanCorrupt(plain.clean, plain.corrupt, plain.answers, plain.groups, Injection(entry, change))


def _balanced(concept: Concept) -> tuple[Pair, ...]:
    pairs = balance_pairs(concept.pairs)
    if not pairs:
        raise WorkbenchError(f"every aligned answer of {concept.name!r} is {concept.pairs[0].aligned!r}: its circuit "
                             "would be that of the word; expected both answers")  # fmt: skip
    return pairs


def _twins(pairs: Sequence[Pair], lengths: Sequence[int]) -> list[tuple[int, int]]:
    """(clean, corrupt) indices, every match in both orders; each question is matched once."""
    waiting: dict[tuple[str, int, str], list[int]] = {}
    found = []
    for i, (pair, length) in enumerate(zip(pairs, lengths, strict=True)):
        opposite = waiting.get((pair.group, length, pair.unaligned))
        if opposite:
            j = opposite.pop(0)
            found += [(j, i), (i, j)]
        else:
            waiting.setdefault((pair.group, length, pair.aligned), []).append(i)
    return found


def _answers(pairs: Sequence[Pair], concept: Concept) -> list[tuple[str, str]]:
    return [answer_texts(pair, concept.card) for pair in pairs]
