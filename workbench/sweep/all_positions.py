"""Steering anywhere: one clean pass keeps the stream at each site, then only the blocks above are run again."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from workbench.models import Batch, Hook, Model, capture, forward, upper_blocks
from workbench.sweep.readouts import Bundle
from workbench.sweep.shared_start import run_after_shared, shared_start
from workbench.sweep.variants import Variants, at_site
from workbench.types import Site


def entry_layer(model: Model, site: Site) -> int:
    """The block at which a steered pass enters: the first one that sees the change."""
    return site.layer + (site.stream == "resid_post")


def enters_changed(model: Model, site: Site) -> bool:
    """Whether the entering stream itself is what the intervention changes; otherwise a hook changes it inside."""
    # a model with hooks of its own may have one on resid_pre, which must come first
    return site.stream == "resid_post" or (site.stream == "resid_pre" and not model.hooks)


def clean_streams(
    model: Model, batch: Batch, sites: Sequence[Site]
) -> dict[int, Float[Tensor, "row position d_model"]]:
    """The clean stream entering each needed block, and the final one (under ``n_layers``), from one pass."""
    entries = {entry_layer(model, site) for site in sites} | {model.n_layers}
    found = capture(model, batch, [Site(layer - 1) for layer in sorted(entries) if layer])
    streams = {site.layer + 1: value for site, value in found.items()}
    if 0 in entries:
        streams[0] = forward(model, batch, upto=0)
    return streams


def steer_all_positions(
    model: Model,
    bundle: Bundle,
    plan: Variants,
    stream: Float[Tensor, "row position d_model"],
    batch_tokens: int,
) -> Float[Tensor, "variant row"]:
    """Scores of every variant of one site, by running the blocks above it on (variants × rows) at once."""
    (rows, width), mask = bundle.batch.ids.shape, bundle.mask
    at_once = max(1, batch_tokens // (rows * width))
    start = entry_layer(model, plan.site)
    # blocks above the last one there are none; a change inside a block needs its hook
    inside = not enters_changed(model, plan.site)
    shared = 0 if inside or start == model.n_layers else shared_start(model, bundle)
    parts = []
    for low in range(0, len(plan), at_once):
        count = min(at_once, len(plan) - low)
        entering = stream.expand(count, *stream.shape)
        hooks: list[Hook] = []
        if inside:
            hooks = [inner_hook(plan, low, count, mask)]
        else:
            entering = plan.change(entering, low, mask)
        if shared:
            final = run_after_shared(model, entering, start, bundle, shared)
        else:
            many = bundle.batch.rows(torch.arange(rows, device=mask.device).repeat(count))
            final = upper_blocks(model, entering.flatten(0, 1), start, many, bundle.read, hooks)
            final = final.unflatten(0, (count, rows))
        parts.append(bundle.scores(model, final))
    return torch.cat(parts)


def inner_hook(plan: Variants, low: int, count: int, mask: Bool[Tensor, "row position"]) -> Hook:
    """The variants as a hook on activations [variant*row position ...]."""

    def steer(activation: Tensor, hook: object) -> Tensor:
        return at_site(
            activation, plan.site, lambda h: plan.change(h.unflatten(0, (count, -1)), low, mask).flatten(0, 1)
        )

    return plan.site.hook, steer
