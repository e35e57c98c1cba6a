"""One prompt's dose–response curve, as numbers. Every function takes curves [prompt multiplier] in log-odds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from workbench.types import WorkbenchError

# one value per multiplier, or one group per prompt: tuple, list or array
Row = Sequence[Any] | np.ndarray


def units(groups: Row | None) -> np.ndarray | None:
    """Groups as an array, as the statistics expect them."""
    return None if groups is None else np.asarray(groups)


def as_curves(
    curve: Float[np.ndarray, "prompt multiplier"], multipliers: Row
) -> tuple[Float[np.ndarray, "prompt multiplier"], Float[np.ndarray, " multiplier"]]:
    """Curves and multipliers as float64, sorted by multiplier; one line of error where they do not fit together."""
    values, doses = np.asarray(curve, dtype=np.float64), np.asarray(multipliers, dtype=np.float64)
    if doses.ndim != 1 or values.shape[1] != len(doses):
        raise WorkbenchError(
            f"curve has shape {values.shape} for {doses.size} multipliers; expected [prompt multiplier], a column each"
        )
    if len(np.unique(doses)) < max(2, len(doses)):
        raise WorkbenchError(f"multipliers {doses.tolist()} are not at least two different numbers; give each once")
    order = np.argsort(doses)
    return values[:, order], doses[order]


def slopes(
    curve: Float[np.ndarray, "prompt multiplier"], multipliers: Row
) -> Float[np.ndarray, " prompt"]:
    """Steerability of each prompt: the least-squares slope of log-odds over multiplier.

    Equals ``np.polyfit(multipliers, row, 1)[0]`` per row (Tan et al., arXiv 2407.12404), in log-odds per unit
    of multiplier.
    """
    values, doses = as_curves(curve, multipliers)
    centred = doses - doses.mean()
    return (values - values.mean(1, keepdims=True)) @ centred / (centred @ centred)


def rank_slopes(
    curve: Float[np.ndarray, "prompt multiplier"], multipliers: Row
) -> Float[np.ndarray, " prompt"]:
    """Spearman correlation of propensity and multiplier per prompt; 0 where a curve is constant."""
    from scipy.stats import rankdata

    values, doses = as_curves(curve, multipliers)
    ranks, dose = rankdata(values, axis=1), np.arange(len(doses), dtype=np.float64)
    ranks, dose = ranks - ranks.mean(1, keepdims=True), dose - dose.mean()
    spread = np.sqrt((ranks**2).sum(1) * (dose @ dose))
    return np.divide(ranks @ dose, spread, out=np.zeros(len(values)), where=spread > 0)


def curvature(
    curve: Float[np.ndarray, "prompt multiplier"], multipliers: Row
) -> Float[np.ndarray, " prompt"]:
    """The quadratic coefficient of each prompt's curve (``np.polyfit(..., 2)[0]``), log-odds per multiplier².

    Needs three multipliers.
    """
    values, doses = as_curves(curve, multipliers)
    if len(doses) < 3:
        raise WorkbenchError(f"curvature of {len(doses)} multipliers is not defined; give at least three")
    return np.polyfit(doses, values.T, 2)[0]


def deltas(
    curve: Float[np.ndarray, "prompt multiplier"], multipliers: Row
) -> Float[np.ndarray, "prompt multiplier"]:
    """Δ(λ) = m(λ) − m(0), in the given order of multipliers. Needs 0 among them."""
    values = np.asarray(curve, dtype=np.float64)
    as_curves(values, multipliers)
    return values - values[:, [column(multipliers, 0.0)]]


def odd_even(
    curve: Float[np.ndarray, "prompt multiplier"], multipliers: Row
) -> tuple[Float[np.ndarray, " dose"], Float[np.ndarray, "prompt dose"], Float[np.ndarray, "prompt dose"]]:
    """The odd part (Δ(λ) − Δ(−λ))/2 and the even part (Δ(λ) + Δ(−λ))/2 at every λ > 0 that has its mirror.

    Returns (λ ascending, odd, even). The odd part is control; the even part is what a perturbation of either
    sign does (a random direction has one too).
    """
    change = deltas(curve, multipliers)
    doses = np.sort(np.asarray(multipliers, dtype=np.float64))
    positive = [float(m) for m in doses if m > 0 and np.isclose(-m, doses).any()]
    if not positive:
        raise WorkbenchError(f"multipliers {doses.tolist()} hold no pair λ, −λ; add one for odd and even parts")
    up = change[:, [column(multipliers, m) for m in positive]]
    down = change[:, [column(multipliers, -m) for m in positive]]
    return np.array(positive), (up - down) / 2, (up + down) / 2


def monotone_range(
    curve: Float[np.ndarray, "prompt multiplier"], multipliers: Row, increasing: bool = True
) -> Float[np.ndarray, "prompt 2"]:
    """(lowest, highest) multiplier of the widest range around 0 over which each curve strictly rises.

    (0, 0) where it rises on neither side of 0; with ``increasing=False`` the range over which it falls.
    """
    values, doses = as_curves(curve, multipliers)
    zero = column(doses, 0.0)
    good = np.diff(values, axis=1) * (1 if increasing else -1) > 0
    right = np.cumprod(good[:, zero:], axis=1).sum(1).astype(int)
    left = np.cumprod(good[:, :zero][:, ::-1], axis=1).sum(1).astype(int)
    return np.stack([doses[zero - left], doses[zero + right]], axis=1)


def flip_multiplier(
    curve: Float[np.ndarray, "prompt multiplier"], multipliers: Row
) -> Float[np.ndarray, "prompt 2"]:
    """The multiplier nearest 0 at which the preferred answer flips, on the negative and on the positive side.

    A flip is a sign of the log-odds other than that at 0 (linear interpolation between multipliers); NaN
    where the curve keeps its sign. A propensity of exactly 0 is a tie and counts as no sign.
    """
    values, doses = as_curves(curve, multipliers)
    zero = column(doses, 0.0)
    mirrored = _first_crossing(values[:, : zero + 1][:, ::-1], doses[: zero + 1][::-1])
    return np.stack([mirrored, _first_crossing(values[:, zero:], doses[zero:])], axis=1)


def _first_crossing(
    values: Float[np.ndarray, "prompt dose"], doses: Float[np.ndarray, " dose"]
) -> Float[np.ndarray, " prompt"]:
    """Where each row first takes the sign opposite to its first column; NaN where never."""
    crossed = values * np.sign(values[:, :1]) < 0
    out = np.full(len(values), np.nan)
    for row in np.flatnonzero(crossed.any(1)):
        after = int(crossed[row].argmax())
        low, high = values[row, after - 1], values[row, after]
        out[row] = doses[after - 1] + (doses[after] - doses[after - 1]) * low / (low - high)
    return out


def column(multipliers: Row, multiplier: float) -> int:
    """The index of ``multiplier``, or a one-line error naming what there is."""
    doses = np.asarray(multipliers, dtype=np.float64)
    found = np.flatnonzero(np.isclose(doses, multiplier, rtol=0, atol=1e-9))
    if not len(found):
        raise WorkbenchError(f"multiplier {multiplier:g} was not swept; expected one of {doses.tolist()}")
    return int(found[0])
