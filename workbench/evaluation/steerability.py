"""Steerability of a set of prompts, and the share that moves the wrong way, each with its interval."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from workbench.evaluation.curves import Row, column, deltas, slopes, units
from workbench.stats import proportion, t_interval
from workbench.types import Effect, Site, SweepCube, WorkbenchError


def steerability(
    curve: Float[np.ndarray, "prompt multiplier"],
    multipliers: Row,
    groups: Row | None = None,
    level: float = 0.95,
) -> Effect:
    """The mean slope of a set of prompts (Tan et al., arXiv 2407.12404), log-odds per unit of multiplier.

    With ``groups`` the mean of group means and a t interval over them (the same mean where groups are of one size).
    """
    return t_interval(slopes(curve, multipliers), level=level, unit="log-odds per multiplier", groups=units(groups))


def mean_effect(
    curve: Float[np.ndarray, "prompt multiplier"],
    multipliers: Row,
    multiplier: float = 1.0,
    groups: Row | None = None,
    level: float = 0.95,
) -> Effect:
    """The mean of Δ(λ) = m(λ) − m(0) over prompts, in log-odds."""
    change = deltas(curve, multipliers)[:, column(multipliers, multiplier)]
    return t_interval(change, level=level, unit="log-odds", groups=units(groups))


def anti_steerable(
    curve: Float[np.ndarray, "prompt multiplier"],
    multipliers: Row,
    groups: Row | None = None,
    epsilon: float | None = None,
) -> dict[str, Effect]:
    """The share of prompts that move the wrong way, in each definition.

    ``braun``: Δ(1) < 0, strictly (arXiv 2505.22637). ``tan``: slope ≤ 0 (arXiv 2407.12404). ``eps``, where
    ``epsilon`` is given (see :func:`slope_bound`): slope < −ε, so that prompts with no effect do not count
    half the time. Definitions whose multiplier was not swept are left out.
    """
    slope = slopes(curve, multipliers)
    flags = {"tan": slope <= 0}
    if np.isclose(multipliers, 1.0).any() and np.isclose(multipliers, 0.0).any():
        flags["braun"] = deltas(curve, multipliers)[:, column(multipliers, 1.0)] < 0
    if epsilon is not None:
        flags["eps"] = slope < -epsilon
    return {name: proportion(flag, units(groups)) for name, flag in flags.items()}


def slope_bound(cube: SweepCube, site: Site, random_directions: Sequence[str], quantile: float = 0.975) -> float:
    """ε: the quantile of \\|slope\\| over all prompts under random directions of the same norm, at one site.

    A slope within ±ε is what a direction without meaning does.
    """
    missing = [name for name in random_directions if name not in cube.directions]
    if missing or not random_directions:
        raise WorkbenchError(f"random directions {missing} were not swept; expected one or more of {cube.directions}")
    every = [np.abs(slopes(cube.curve(site, name), cube.multipliers)) for name in random_directions]
    return float(np.quantile(np.concatenate(every), quantile))
