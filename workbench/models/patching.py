"""Activation patching: how much of an effect returns when one place of the clean run is put into the corrupt one."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from workbench.models.batch import Batch
from workbench.models.model import Model
from workbench.models.positions import position_mask
from workbench.models.run import capture, forward, unembed
from workbench.models.unhooked import may_run_unhooked, upper_blocks
from workbench.types import Site, WorkbenchError

Metric = Callable[[Tensor], Tensor]


def patch_residual(  # noqa: PLR0913
    model: Model,
    clean: Batch,
    corrupt: Batch,
    sites: Sequence[Site],
    positions: Sequence[str],
    metric: Metric,
) -> np.ndarray:
    """Share of the clean-corrupt difference that patching each site and position rule restores, [site rule prompt].

    0 is the corrupt run and 1 the clean one; NaN where both score the same. ``metric`` turns the logits at the last
    position, [batch vocab], into a score per prompt. The batches must have the same shape and padding, so that
    positions correspond. Source: Meng et al. 2022 (causal tracing), Heimersheim & Nanda 2024.
    """
    if clean.ids.shape != corrupt.ids.shape or not torch.equal(clean.mask, corrupt.mask):
        raise WorkbenchError(f"patching got a clean batch {tuple(clean.ids.shape)} and a corrupt one "
                             f"{tuple(corrupt.ids.shape)}; expected the same lengths: pair prompts token for token")
    for site in sites:
        if site.stream == "resid_mid" or site.head is not None:
            raise WorkbenchError(f"site {site} cannot be patched; expected a whole stream other than "
                                 "resid_mid, such as resid_post")
    source = capture(model, clean, sites)
    # below a patched stream nothing changes, so the corrupt run's own streams are where it goes on from
    below = capture(model, corrupt, sites) if may_run_unhooked(model) else None
    low = metric(forward(model, corrupt, positions="last")).double()
    span = metric(forward(model, clean, positions="last")).double() - low
    share = np.full((len(sites), len(positions), len(clean)), np.nan)
    for i, site in enumerate(sites):
        for j, rule in enumerate(positions):
            mask = position_mask(rule, corrupt)
            if below is None or site.stream != "resid_post":
                hook = (site.hook, _writer(source[site], mask))
                logits = forward(model, corrupt, hooks=[hook], positions="last")
            else:
                patched = torch.where(mask[..., None], source[site], below[site])
                final = upper_blocks(model, patched, site.layer + 1, corrupt, slice(-1, None))
                logits = unembed(model, final[:, 0])
            got = metric(logits).double() - low
            share[i, j] = torch.where(span == 0, torch.nan, got / span).cpu().numpy()
    return share


def _writer(values: Tensor, mask: Tensor) -> Callable:
    def write(activation: Tensor, hook: object) -> Tensor:
        wide = mask.reshape(*mask.shape, *[1] * (activation.ndim - 2))
        return torch.where(wide.to(activation.device), values.to(activation), activation)

    return write
