"""Prompts that begin alike: under one intervention their common beginning is the same stream, and is run once.

A template, a system prompt, five answered examples: what all rows of a bundle share costs one row per variant, and
the rows go on from its keys and values.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.models import Batch, Model
from workbench.models.blocks import KeyValues, frame
from workbench.models.hooks import running
from workbench.models.unhooked import may_run_unhooked, run_unhooked
from workbench.sweep.readouts import Bundle

# below this share of saved tokens, the second pass costs as much as it saves
WORTH = 0.08


def shared_start(model: Model, bundle: Bundle) -> int:
    """How many tokens at the beginning are the same in all rows, and touched alike; 0 where sharing gains nothing."""
    batch, rows = bundle.batch, len(bundle.batch)
    if rows < 2 or not may_run_unhooked(model):
        return 0
    padding = batch.ids.shape[1] - batch.lengths
    index = padding[:, None] + torch.arange(int(batch.lengths.min()) - bundle.reads, device=padding.device)
    same = torch.ones(index.shape[1], dtype=torch.bool, device=padding.device)
    for values in (batch.ids, bundle.mask):
        aligned = values.gather(1, index)
        same &= (aligned == aligned[:1]).all(0)
    length = int(same.long().cumprod(0).sum())
    saved = length * (rows - 1) / int(batch.lengths.sum())
    return length if saved >= WORTH else 0


def run_after_shared(
    model: Model,
    entering: Float[Tensor, "variant row position d_model"],
    start: int,
    bundle: Bundle,
    length: int,
) -> Float[Tensor, "variant row read d_model"]:
    """The final stream where the bundle is read, the first ``length`` tokens of all rows being run once per variant.

    ``entering`` is the changed stream that enters block ``start``; the blocks above are run without hooks.
    """
    variants, rows = entering.shape[:2]
    batch = bundle.batch
    padding = int(batch.ids.shape[1] - batch.lengths[0])
    with torch.inference_mode():
        head = _of(batch, batch.ids[:1, padding : padding + length]).repeat(variants)
        cache = KeyValues()
        _run(model, entering[:, 0, padding : padding + length], start, head, cache)
        layers = {
            at: (keys.repeat_interleave(rows, 0), values.repeat_interleave(rows, 0))
            for at, (keys, values) in cache.layers.items()
        }
        rest = _rest(batch, length).rows(torch.arange(rows, device=batch.ids.device).repeat(variants))
        final = _run(model, entering[:, :, length:].flatten(0, 1), start, rest, KeyValues(layers, grow=False),
                     bundle.read)  # fmt: skip
    return final.unflatten(0, (variants, rows))


def _of(batch: Batch, ids: Tensor) -> Batch:
    """A batch of these tokens alone, none of them padding."""
    return Batch(ids, torch.ones_like(ids, dtype=torch.bool), batch.prompt_lengths[: len(ids)])


def _rest(batch: Batch, length: int) -> Batch:
    """What follows a cached beginning: the last columns, a row's own share of the beginning being masked there."""
    behind = batch.real[:, length:] & (batch.position_ids[:, length:] >= length)
    cached = behind.new_ones(len(batch), length)
    return replace(batch, ids=batch.ids[:, length:], mask=torch.cat([cached, behind], 1), offset=length,
                   given=batch.given_lengths)  # fmt: skip


def _run(
    model: Model, resid: Tensor, start: int, batch: Batch, cache: KeyValues, read: slice | None = slice(-1, None)
) -> Tensor:
    """The upper blocks over one part; of the beginning only keys and values are wanted in the last block."""
    with running(model, batch):
        return run_unhooked(model, resid, frame(model, resid, batch, cache), start, read=read)
