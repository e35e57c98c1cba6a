"""Steering at the end of the prompt: what is before is run once and cached, the rest are a few tokens per variant."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from workbench.models import Hook, Model, PrefixState, prefix, step
from workbench.sweep.all_positions import enters_changed, entry_layer
from workbench.sweep.readouts import Bundle
from workbench.sweep.variants import Variants, at_site

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
    stream: Float[Tensor, "row position d_model"],
    cached: PrefixState,
    batch_tokens: int,
) -> Float[Tensor, "variant row"]:
    """Scores of every variant of one site: its tail through the upper blocks, after the cached prefix."""
    tail = cached.rest.shape[1]
    stream, mask = stream[:, -tail:], bundle.mask[:, -tail:]
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


def cached_prefix(model: Model, bundle: Bundle, tail: int) -> PrefixState:
    """The clean prefix of every row, all but its last ``tail`` tokens."""
    return prefix(model, bundle.batch, tail)


def _inner_hook(plan: Variants, low: int, count: int, mask: Bool[Tensor, "row position"]) -> Hook:
    """The variants as a hook on activations [row variant*position ...], as ``step`` lays them out."""

    def change(h: Float[Tensor, "row slot width"]) -> Float[Tensor, "row slot width"]:
        by_variant = h.unflatten(1, (count, -1)).transpose(0, 1)
        return plan.change(by_variant, low, mask).transpose(0, 1).flatten(1, 2)

    def steer(activation: Tensor, hook: object) -> Tensor:
        return at_site(activation, plan.site, change)

    return plan.site.hook, steer
