"""Propensities of a concept's items under any model: log-odds of the aligned answer, and the mass off the options."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from workbench.models import Model, bucket, forward, pad, tokens
from workbench.prompts import answer_texts, bare_prompt, with_opening
from workbench.types import Card, Concept, Pair, WorkbenchError

Prompt = str | tuple[str, str]
PromptOf = Callable[[Pair, Card], str]


@dataclass(frozen=True)
class Reading:
    """Per item: ``log_odds`` of the aligned against the unaligned answer, and 1 − Σp(options), ``incoherent``.

    Answers of several tokens are compared by their summed log-probs and have no options to be incoherent with: NaN.
    """

    log_odds: Float[np.ndarray, " item"]
    incoherent: Float[np.ndarray, " item"]


def read(model: Model, concept: Concept, prompt: PromptOf = bare_prompt, batch_tokens: int = 4096) -> Reading:
    """The reading of every pair of a concept by full passes, so that any control's model can be read."""
    if not concept.pairs:
        raise WorkbenchError(f"concept {concept.name!r} has no pairs to read; use a larger split")
    return read_pairs(model, [(pair, concept.card) for pair in concept.pairs], prompt, batch_tokens)


def read_pairs(
    model: Model, asked: Sequence[tuple[Pair, Card]], prompt: PromptOf = bare_prompt, batch_tokens: int = 4096
) -> Reading:
    """The reading of pairs of any concepts in the same passes, each with its own card."""
    prompts = [framed(prompt(pair, card), card) for pair, card in asked]
    both = [answer_texts(pair, card) for pair, card in asked]
    heads, aligned = tokens(model, prompts, [first for first, _ in both])
    _, unaligned = tokens(model, prompts, [second for _, second in both])
    if all(len(tail) == 1 for tail in [*aligned, *unaligned]):
        return _single(model, heads, [(a[0], u[0]) for a, u in zip(aligned, unaligned, strict=True)], batch_tokens)
    rows = [answer_log_probs(model, heads, tails, batch_tokens) for tails in (aligned, unaligned)]
    return Reading(rows[0] - rows[1], np.full(len(heads), np.nan))


def framed(text: str, card: Card) -> Prompt:
    """An A/B answer's opening bracket belongs to the assistant's turn of a chat model."""
    return with_opening(text, card)


def _single(model: Model, heads: list[list[int]], options: list[tuple[int, int]], batch_tokens: int) -> Reading:
    odds, mass = np.zeros(len(heads)), np.zeros(len(heads))
    for index in bucket([len(head) for head in heads], batch_tokens):
        logits = forward(model, pad(model, [heads[i] for i in index]), positions="last").double()
        columns = torch.tensor([options[i] for i in index], device=logits.device)
        chosen = logits.gather(1, columns)
        odds[index] = (chosen[:, 0] - chosen[:, 1]).cpu().numpy()
        mass[index] = (1 - (chosen - logits.logsumexp(1, keepdim=True)).exp().sum(1)).cpu().numpy()
    return Reading(odds, mass)


def answer_log_probs(
    model: Model, heads: Sequence[Sequence[int]], tails: Sequence[Sequence[int]], batch_tokens: int = 4096
) -> Float[np.ndarray, " item"]:
    """Summed log-probability of every answer after its prompt, from token ids."""
    found = np.zeros(len(heads))
    sizes = [len(h) + len(t) for h, t in zip(heads, tails, strict=True)]
    for index in bucket(sizes, batch_tokens):
        batch = pad(model, [heads[i] for i in index], [tails[i] for i in index])
        # only the positions that predict an answer's token are unembedded, row after row
        logits = forward(model, batch, positions="answer").double().log_softmax(-1)
        ids = torch.tensor([token for i in index for token in tails[i]], device=logits.device)
        each = logits.gather(1, ids[:, None])[:, 0].split([len(tails[i]) for i in index])
        found[index] = [float(part.sum()) for part in each]
    return found
