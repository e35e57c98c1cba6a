"""Steering at the end of the prompt: what is before is run once and cached, the rest are a few tokens per variant."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from workbench.models import Hook, Model, PrefixState, step
from workbench.models.blocks import KeyValues, embed, frame, run_blocks
from workbench.models.hooks import running
from workbench.models.unhooked import may_run_unhooked, run_unhooked
from workbench.sweep.all_positions import enters_changed, entry_layer
from workbench.sweep.readouts import Bundle
from workbench.sweep.variants import Variants, at_site
from workbench.types import Site

# new tokens of one row attend to each other's slots, so their number is bounded
SLOTS = 256


def tail_length(model: Model, bundle: Bundle) -> int:
    """How many positions at the end are touched or read; 0 where a cached prefix cannot be used.

    It cannot where a row's first token is touched, nor in a model with hooks of its own: their position rules
    belong to whole texts.
    """
    first = int(bundle.mask.any(0).int().argmax())
    tail = max(bundle.mask.shape[1] - first, bundle.reads)
    return 0 if model.hooks or tail >= int(bundle.batch.lengths.min()) else tail


def steer_tail(
    model: Model,
    bundle: Bundle,
    plan: Variants,
    stream: Float[Tensor, "row tail d_model"],
    cached: PrefixState,
    batch_tokens: int,
) -> Float[Tensor, "variant row"]:
    """Scores of every variant of one site: its tail through the upper blocks, after the cached prefix."""
    tail = cached.rest.shape[1]
    mask = bundle.mask[:, -tail:]
    at_once = max(1, min(SLOTS, batch_tokens // len(mask)) // tail)
    parts = []
    for low in range(0, len(plan), at_once):
        count = min(at_once, len(plan) - low)
        entering = stream.expand(count, *stream.shape)
        hooks: list[Hook] = []
        if enters_changed(model, plan.site):
            entering = plan.change(entering, low, mask)
        else:
            hooks = [_inner_hook(plan, low, count, mask)]
        new = entering.transpose(0, 1).contiguous()
        final = step(model, cached, new, start=entry_layer(model, plan.site), hooks=hooks)
        parts.append(bundle.scores(model, final[:, :, bundle.read].transpose(0, 1)))
    return torch.cat(parts)


def prefix_and_tail(
    model: Model, bundle: Bundle, sites: Sequence[Site], tail: int
) -> tuple[PrefixState, dict[int, Float[Tensor, "row tail d_model"]]]:
    """One clean pass: every row's keys and values without its last ``tail`` tokens, and the streams of those tokens.

    The streams are those entering each needed block, and the final one (under ``n_layers``).
    """
    batch, n_layers = bundle.batch, model.n_layers
    entries = {entry_layer(model, site) for site in sites} | {n_layers}
    cache, streams, bare = KeyValues(), {}, may_run_unhooked(model)
    with torch.inference_mode(), running(model, batch):
        resid = embed(model, batch.ids, batch.position_ids)
        around = frame(model, resid, batch, cache)
        for layer in range(n_layers):
            if layer in entries:
                streams[layer] = resid[:, -tail:]
            if bare:
                # the last block is read at the tail only
                read = slice(-tail, None) if layer == n_layers - 1 else None
                resid = run_unhooked(model, resid, around, layer, layer + 1, read)
            else:
                resid = run_blocks(model, resid, around, layer, layer + 1)
        streams[n_layers] = resid[:, -tail:]
    # a tensor made in inference mode could never be changed in place by an intervention; its copy can
    streams = {layer: stream.clone() for layer, stream in streams.items()}
    width = batch.ids.shape[1] - tail
    layers = {layer: (k[:, :, :width], v[:, :, :width]) for layer, (k, v) in cache.layers.items()}
    mask = batch.mask[:, :width]
    state = PrefixState(KeyValues(layers, grow=False), mask, mask.sum(1), batch.ids[:, width:],
                        batch.prompt_lengths, batch.given_lengths)
    return state, streams


def _inner_hook(plan: Variants, low: int, count: int, mask: Bool[Tensor, "row position"]) -> Hook:
    """The variants as a hook on activations [row variant*position ...], as ``step`` lays them out."""

    def change(h: Float[Tensor, "row slot width"]) -> Float[Tensor, "row slot width"]:
        by_variant = h.unflatten(1, (count, -1)).transpose(0, 1)
        return plan.change(by_variant, low, mask).transpose(0, 1).flatten(1, 2)

    def steer(activation: Tensor, hook: object) -> Tensor:
        return at_site(activation, plan.site, change)

    return plan.site.hook, steer
