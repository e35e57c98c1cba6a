"""Other labels for the same pairs: which member of a pair counts as positive."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from workbench.types import Activations, WorkbenchError


def exchanged(acts: Activations, pairs: Sequence[bool]) -> Activations:
    """The activations with the two members of every marked pair exchanged; ``pairs`` [pair] in pair order.

    For labels by behaviour: of two cued prompts the one that *showed* the more aligned act is the positive one,
    whatever its cue said. ``acts`` holds all positive examples, then all negative ones, as
    :func:`workbench.activations.extract` returns them. Raises WorkbenchError for another number of pairs.
    """
    n = len(acts) // 2
    if len(pairs) != n or tuple(acts.labels) != (1,) * n + (-1,) * n:
        raise WorkbenchError(
            f"{len(pairs)} marks for {len(acts)} examples; expected one mark per pair, positive examples first"
        )
    marked = torch.tensor(list(pairs), dtype=torch.bool)
    upper, lower = torch.arange(n), torch.arange(n, 2 * n)
    order = torch.cat([torch.where(marked, lower, upper), torch.where(marked, upper, lower)])
    source = dict(acts.source) | {"labels": "exchanged", "exchanged": int(marked.sum())}
    return replace(acts, values=acts.values[order], mask=acts.mask[order], source=source)
