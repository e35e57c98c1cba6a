"""Vector arithmetic: several directions at one site as one."""

from collections.abc import Sequence

import torch

from workbench.types import Direction, WorkbenchError

METHOD = "combined"


def combine(directions: Sequence[Direction], weights: Sequence[float]) -> Direction:
    """The direction whose multiplier 1.0 adds ``weights[i]`` times what multiplier 1.0 of ``directions[i]`` adds.

    Its ``gap`` is the norm of that sum, in the activations' units: no gap between class means. ``source`` keeps every
    part with its weight.

    Raises WorkbenchError for no directions, another number of weights, different sites, and a sum that is zero.

    >>> from workbench.types import Site
    >>> up = Direction(torch.tensor([1.0, 0.0]), 3.0, Site(0), "mean_difference")
    >>> side = Direction(torch.tensor([0.0, 1.0]), 4.0, Site(0), "mean_difference")
    >>> combine([up, side], [1.0, -1.0]).step
    tensor([ 3., -4.])
    """
    if not directions or len(directions) != len(weights):
        raise WorkbenchError(f"{len(directions)} directions came with {len(weights)} weights; expected one weight each")
    sites = list(dict.fromkeys(direction.site for direction in directions))
    if len(sites) > 1:
        raise WorkbenchError(f"directions at {sites[0]} and {sites[1]} cannot be added; expected one site")
    total = sum(weight * one.step.double() for weight, one in zip(weights, directions, strict=True))
    norm = float(torch.as_tensor(total).norm())
    if not norm > 1e-9 * max(abs(w) * d.gap for w, d in zip(weights, directions, strict=True)):
        raise WorkbenchError(f"the directions cancel at weights {', '.join(f'{w:g}' for w in weights)}; change one")
    parts = [{"weight": float(w), "method": d.method, **d.source} for w, d in zip(weights, directions, strict=True)]
    vector = (torch.as_tensor(total) / norm).to(directions[0].vector)
    return Direction(vector, norm, sites[0], METHOD, {"parts": parts})
