"""From a concept to activations: prompts of both poles through the model, kept at chosen sites and positions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from workbench.models import (
    Budget,
    Model,
    bucket,
    capture,
    capture_shared,
    check_sites,
    halving,
    pad,
    planned,
    position_mask,
    tokens,
    worth_sharing,
)  # fmt: skip
from workbench.models.card import cue_place as trained_place
from workbench.prompts import OPEN, CueKind, CuePlace, PromptType, build_prompt, contrast, draw_shots
from workbench.store import Store
from workbench.types import Activations, Card, Concept, Example, Pair, Pole, Site, WorkbenchError, digest_of, opposite

POOLS = ("last", "mean")
# Rules that ask where the answer begins; under the others a text is tokenised whole.
_SPLIT_RULES = ("after_prompt", "answer", "response")

Progress = Callable[[int, int], Any]


def extract(  # noqa: PLR0913 - each is a part of what the activations are of
    model: Model,
    concept: Concept,
    *,
    prompt_type: str | PromptType = "prefilled",
    sites: Sequence[Site] | None = None,
    rule: str = "last",
    toward: Pole = "aligned",
    shots: Sequence[Pair] = (),
    shots_seed: int = 0,
    cue_place: CuePlace | Literal["auto"] = "auto",
    cue_kind: CueKind = "instruction",
    store: Store | None = None,
    batch_tokens: int | Budget = 4096,
    progress: Progress | None = None,
) -> dict[Site, Activations]:
    """Activations of a contrast: every pair's positive prompt, then every pair's negative one, at each site.

    Args:
        prompt_type: what tells the poles apart, one of :data:`workbench.prompts.PROMPT_TYPES`.
        sites: default ``resid_post`` of every layer; all sites are read in one pass.
        rule: positions kept (:func:`workbench.models.position_mask`): "last", "last_k:3", "all", "after_prompt",
            "answer" (where the prefilled answer is *predicted*: for a one-token answer the same in both prompts)
            or "response" (the answer's own tokens).
        toward: the positive pole.
        shots: pairs to draw the answered examples from, none of them in ``concept``; all pairs then see the same
            examples, drawn by ``shots_seed``. Without any, each pair sees examples from the concept's other groups.
        cue_place: where an instruction stands, "before" the options or "after" them; "auto" is where the model's card
            says that cues stood in training ("before" for models without one, and in stories).
        store: shards are read from it and missing ones written to it; a hit runs no model.
        batch_tokens: padded tokens per batch, or a Budget in MiB: speed and memory, never values. What prompts have
            in common at their beginning (the question of a pair; instruction and shots of a pole) is run once.
        progress: called with (texts done, texts in all).

    Returns:
        Activations per site: ``values`` [2 pair, position, d_model] (heads of a ``z`` site side by side), positions
        aligned at the right; labels +1 then -1; ``source`` says where they come from, with the pair ids.

    Raises:
        WorkbenchError: for an unknown site, rule, pole or prompt type, or shots that are also questions.
    """
    if not concept.pairs:
        raise WorkbenchError(f"concept {concept.name!r} has no pairs to extract; use more pairs, or a larger split")
    kind = PromptType.parse(prompt_type)
    place = cue_place_for(model, concept.card) if cue_place == "auto" else cue_place
    chosen = _same_shots(concept, shots, kind.shots, shots_seed)
    if chosen:
        built = [[build_prompt(pair, concept.card, kind, pole, chosen, place, cue_kind) for pair in concept.pairs]
                 for pole in (toward, opposite(toward))]
    else:
        prompts = contrast(concept, kind, shots_seed, toward, place, cue_kind)
        built = [[p.positive for p in prompts], [p.negative for p in prompts]]
    texts = [_parts(text, pair, pole, concept.card.style, kind)
             for pole, column in zip((toward, opposite(toward)), built, strict=True)
             for text, pair in zip(column, concept.pairs, strict=True)]
    source = _source_of_model(model) | {
        "concept": concept.name, "concept_digest": concept.digest, "prompt_type": kind.name, "rule": rule,
        "toward": toward, "cue_place": place, "cue_kind": cue_kind, "shots_seed": shots_seed,
        "shots": [shot.id for shot in chosen], "pairs": [pair.id for pair in concept.pairs],
    }
    n, groups = len(concept.pairs), tuple(pair.group for pair in concept.pairs)
    plan = _Plan(texts, rule, (1,) * n + (-1,) * n, groups * 2, source, batch_tokens, progress)
    return _stored(model, plan, sites, store)


def cue_place_for(model: Model, card: Card) -> CuePlace:
    """Where an instruction for this model stands in a concept's prompts; a story's can only open it."""
    return "before" if card.style == "story" else trained_place(model.folder)


def extract_texts(  # noqa: PLR0913 - as above
    model: Model,
    texts: Sequence[str | Example],
    sites: Sequence[Site] | None = None,
    rule: str = "last",
    *,
    store: Store | None = None,
    batch_tokens: int | Budget = 4096,
    progress: Progress | None = None,
) -> dict[Site, Activations]:
    """Activations of plain texts, in their order. Examples bring label and group; a bare text has label 0, group ""."""
    examples = [t if isinstance(t, Example) else Example(str(i), "", t, 0) for i, t in enumerate(texts)]
    source = _source_of_model(model) | {"rule": rule, "examples": [e.id for e in examples]}
    labels, groups = tuple(e.label for e in examples), tuple(e.group for e in examples)
    plan = _Plan([_Text(e.text) for e in examples], rule, labels, groups, source, batch_tokens, progress)
    return _stored(model, plan, sites, store)


def by_class(
    acts: Activations, pool: str = "last"
) -> tuple[Float[Tensor, "pair d_model"], Float[Tensor, "pair d_model"]]:
    """The positive and the negative examples in pair order, in float64; one row each.

    ``pool`` says what stands for an example with several positions: its "last" real one or the "mean" of the real ones.
    """
    if pool not in POOLS:
        raise WorkbenchError(f"pool {pool!r} is unknown; expected last or mean")
    if pool == "last":
        rows = acts.last().double()
    else:
        weight = acts.mask[..., None].double()
        rows = (acts.values.double() * weight).sum(1) / weight.sum(1).clamp(min=1)
    labels = torch.tensor(acts.labels)
    positive, negative = rows[labels == 1].cpu(), rows[labels == -1].cpu()
    if len(positive) == 0 or len(positive) != len(negative):
        raise WorkbenchError(f"activations have {len(positive)} positive and {len(negative)} negative examples; "
                             "expected pairs: as many of each, and at least one")
    if not (positive.isfinite().all() and negative.isfinite().all()):
        raise WorkbenchError(f"activations at {acts.site} are not finite; check the model's dtype and weights")
    return positive, negative


def differences(acts: Activations, pool: str = "last") -> Float[Tensor, "pair d_model"]:
    """Positive minus negative activation of every pair, in float64."""
    positive, negative = by_class(acts, pool)
    return positive - negative


@dataclass(frozen=True)
class _Text:
    """What the model reads: ``text`` (a chat model's user turn), ``start`` (opens its own turn), ``answer``."""

    text: str
    start: str = ""
    answer: str = ""


@dataclass(frozen=True)
class _Plan:
    """Everything about a reading but the model and the sites."""

    texts: Sequence[_Text]
    rule: str
    labels: tuple[int, ...]
    groups: tuple[str, ...]
    source: dict[str, Any]
    batch_tokens: int | Budget
    progress: Progress | None


def _parts(prompt: str, pair: Pair, pole: Pole, style: str, kind: PromptType) -> _Text:
    """A built prompt taken apart again: in a chat model its answer belongs to the model's turn, not the user's."""
    start = OPEN if style == "ab" else ""
    answer = pair.answer(pole).removeprefix(start) if kind.prefilled else ""
    if style == "ab":
        answer = answer.removesuffix(")")
    return _Text(prompt.removesuffix(start + answer), start, answer)


def _same_shots(concept: Concept, shots: Sequence[Pair], count: int, seed: int) -> tuple[Pair, ...]:
    """``count`` of the ``shots``, answers balanced; none if none came or none are wanted."""
    if not (shots and count):
        return ()
    asked = {pair.id for pair in concept.pairs} | {pair.question for pair in concept.pairs}
    for shot in shots:
        if shot.id in asked or shot.question in asked:
            raise WorkbenchError(f"shot {shot.id!r} is also a question of {concept.name!r}; "
                                 "draw shots from another split")
    if len(shots) < count:
        raise WorkbenchError(f"{len(shots)} pairs came to draw {count} shots from; pass at least {count}")
    # draw_shots leaves out the asking pair's group; here nobody in particular asks
    nobody = Pair("", "", "", "", "")
    pool = concept.select([replace(shot, group=f"shots {shot.group}") for shot in shots])
    return draw_shots(pool, nobody, count, seed)


def _source_of_model(model: Model) -> dict[str, Any]:
    return {"model": model.digest, "model_name": model.name, "weights_mode": model.weights_mode}


def _stored(
    model: Model, plan: _Plan, sites: Sequence[Site] | None, store: Store | None
) -> dict[Site, Activations]:
    sites = list(dict.fromkeys(sites)) if sites is not None else [Site(layer) for layer in range(model.n_layers)]
    if store is None:
        return _read(model, plan, sites)
    # The texts themselves are in the key: a change of wording anywhere above can never find old activations.
    recipe = [plan.source, model.bos_rule, [vars(text) for text in plan.texts], plan.labels, plan.groups]
    keys = {site: digest_of([*recipe, vars(site)]) for site in sites}
    kept = {site: store.get(key) for site, key in keys.items()}
    missing = [site for site in sites if kept[site] is None]
    made = _read(model, plan, missing) if missing else {}
    for site, acts in made.items():
        store.put(keys[site], acts)
    return {site: made[site] if site in made else kept[site] for site in sites}  # pyright: ignore[reportReturnType]


def _read(model: Model, plan: _Plan, sites: Sequence[Site]) -> dict[Site, Activations]:
    """The model's passes: batches by length, all sites at once, only the rule's positions kept."""
    check_sites(model, sites)
    split = plan.rule in _SPLIT_RULES and all(text.answer for text in plan.texts)
    prompts = [(t.text, t.start if split else t.start + t.answer) for t in plan.texts]
    heads, tails = tokens(model, prompts, [t.answer for t in plan.texts] if split else None)
    whole = pad(model, heads, tails)
    mask = position_mask(plan.rule, whole).cpu()
    counts = mask.sum(1)
    if not counts.all():
        raise WorkbenchError(f"token rule {plan.rule!r} marks no position of some prompts; "
                             "use a prefilled prompt type, or the rule 'last'")
    pieces, done = [], 0
    for index, found in _passes(model, (heads, tails), mask, plan, sites):
        pieces.append((index, {site: values.flatten(1).cpu() for site, values in found.items()}))
        done += len(index)
        if plan.progress is not None:
            plan.progress(done, len(prompts))
    return {site: _joined(site, counts, [(i, found[site]) for i, found in pieces], plan) for site in sites}


def _passes(
    model: Model, parts: tuple[list, list], mask: Bool[Tensor, "text position"], plan: _Plan, sites: Sequence[Site]
) -> Iterator[tuple[list[int], dict[Site, Tensor]]]:
    """(indices, values at their marked positions) of all texts: shared beginnings once, the others whole."""
    rows = [[*head, *tail] for head, tail in zip(*parts, strict=True)]
    kept = [row.nonzero()[:, 0] - (len(row) - len(ids)) for row, ids in zip(mask, rows, strict=True)]
    at_once = planned(plan.batch_tokens, model, map(len, rows))
    chosen = worth_sharing(model, rows, [int(positions[0]) for positions in kept])
    yield from capture_shared(model, rows, kept, [f for f in chosen if f.saved], sites, at_once)
    rest = [i for family in chosen if not family.saved for i in family.members] if chosen else list(range(len(rows)))

    def whole(index: list[int], _: int) -> dict[Site, Tensor]:
        batch = pad(model, *([part[i] for i in index] for part in parts))
        return capture(model, batch, sites, mask[index, -batch.ids.shape[1] :].to(model.device))

    groups = ([rest[i] for i in group] for group in bucket([len(rows[i]) for i in rest], at_once))
    yield from halving(whole, groups, at_once, lambda index: [index[: len(index) // 2], index[len(index) // 2 :]]
                       if len(index) > 1 else [index])


def _joined(
    site: Site, counts: Int[Tensor, " example"], pieces: Sequence[tuple[list[int], Tensor]], plan: _Plan
) -> Activations:
    """The batches' positions in the texts' order, aligned at the right, zero where a text has fewer than others."""
    width = int(counts.max())
    mask = torch.arange(width) >= width - counts[:, None]
    values = pieces[0][1].new_zeros(len(counts), width, pieces[0][1].shape[1])
    for index, piece in pieces:
        rows = values.new_zeros(len(index), width, values.shape[2])
        rows[mask[index]] = piece
        values[index] = rows
    return Activations(values, mask, plan.labels, plan.groups, site, plan.source)
