"""The reference: one full forward pass with a hook per direction and multiplier. Slow, and right for any model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.models import Batch, Hook, Model, batches, forward, position_mask
from workbench.prompts import answer_texts
from workbench.sweep.request import Propensities, Request
from workbench.sweep.variants import Variants, at_site
from workbench.types import opposite


def plain_propensities(asked: Request) -> Propensities:
    """Unsteered and steered log-odds by full passes over prompt and whole answer, unembedding every position."""
    both = [answer_texts(pair, asked.concept.card) for pair in asked.concept.pairs]
    by_pole = {"aligned": [first for first, _ in both], "unaligned": [second for _, second in both]}
    answers = by_pole[asked.toward] + by_pole[opposite(asked.toward)]
    texts = list(batches(asked.model, asked.prompts * 2, answers, asked.batch_tokens))
    base = _log_odds(asked.model, texts, ())
    found = []
    for plan in asked.plans:
        rows = [_log_odds(asked.model, texts, [_hook(plan, i, asked.where)]) for i in range(len(plan))]
        found.append(np.array(rows).reshape(len(plan), len(base)))
    return Propensities(base, found)


def _log_odds(model: Model, texts: Sequence[tuple[list[int], Batch]], hooks: Sequence[Hook]) -> np.ndarray:
    """log p(positive answer) − log p(negative answer) of every prompt; the negative answers are the second half."""
    out = np.zeros(sum(len(index) for index, _ in texts))
    for index, batch in texts:
        logs = forward(model, batch, hooks=hooks).float().log_softmax(-1)[:, :-1]
        chosen = logs.gather(2, batch.ids[:, 1:, None])[..., 0]
        predicts = position_mask("answer", batch)[:, :-1]
        out[index] = torch.where(predicts, chosen, 0).sum(1).double().cpu().numpy()
    positive, negative = np.split(out, 2)
    return positive - negative


def _hook(plan: Variants, variant: int, where: str) -> Hook:
    """One variant as a hook on whole texts."""
    which, dose = divmod(variant, len(plan.multipliers))

    def steer(activation: Tensor, hook: Any, batch: Batch) -> Tensor:
        mask = _touched(where, batch)

        def change(h: Tensor) -> Tensor:
            multiplier = torch.full((len(h),), plan.multipliers[dose]).to(h)
            return plan.intervention(h, plan.directions[which], multiplier, mask)

        return at_site(activation, plan.site, change)

    return plan.site.hook, steer


def _touched(where: str, batch: Batch) -> Tensor:
    """The rule's positions, counted backwards from the answer for ``last`` and ``last_k``."""
    if not where.startswith("last"):
        return position_mask(where, batch)
    count = 1 if where == "last" else int(where.partition(":")[2])
    mask = torch.zeros_like(batch.real)
    lengths = zip(batch.prompt_lengths.tolist(), batch.answer_lengths.tolist(), strict=True)
    for row, (length, answer) in enumerate(lengths):
        end = mask.shape[1] - answer
        mask[row, end - min(count, length) : end] = True
    return mask
