"""Corrections for the base lean: a model that already leans aligned has more room, and more curvature, on one side.

The lean on the x-axis has to come from other paraphrases or folds than the y(0) inside the gains: a shared y(0) with
10 % item noise turns a truly symmetric case into +.40.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import stdtrit

from workbench.stats import undetermined
from workbench.symmetry.gains import UNIT
from workbench.types import Effect, WorkbenchError

FEW = 4


@dataclass(frozen=True)
class LeanFit:
    """A line of g⁺ − g⁻ (and of g⁺ + g⁻) over the lean: values at zero lean, slope, and what stands in the way."""

    difference: Effect
    total: float
    slope: Effect
    low: float
    high: float

    @property
    def index(self) -> Effect:
        """The corrected A: the difference at zero lean in units of the summed gains there (taken as known)."""
        size, d = abs(self.total), self.difference
        if not size > 0:
            return undetermined(np.nan, "no gain at zero lean", level=d.level, n=d.n, n_groups=d.n_groups, unit="index")
        low, high = np.clip([d.low / size, d.high / size], -1, 1)
        return Effect(float(np.clip(d.estimate / size, -1, 1)), float(low), float(high), d.level, d.n, d.n_groups,
                      "index", d.method)  # fmt: skip


def at_zero_lean(
    plus: Float[np.ndarray, " concept"],
    minus: Float[np.ndarray, " concept"],
    lean: Float[np.ndarray, " concept"],
    second: Float[np.ndarray, " concept"] | None = None,
    level: float = 0.95,
) -> LeanFit:
    """g⁺ − g⁻ at zero lean by a straight line over concepts, t interval on n − 2 degrees of freedom.

    ``second`` is an independent measurement of the lean (another fold): it then serves as instrument for the first,
    so that measurement noise does not flatten the line and push the correction back toward the raw difference.
    The fit is undetermined with fewer than four concepts, or where zero is outside the range of leans: there is
    then nothing to read the value from.
    """
    x, difference = np.asarray(lean, dtype=np.float64), np.asarray(plus) - np.asarray(minus)
    n, low, high = len(x), float(np.min(x)), float(np.max(x))
    why = "fewer than four concepts" if n < FEW else ""
    if not why and not low <= 0 <= high:
        why = f"zero is outside the leans {low:+.2f} to {high:+.2f}"
    if why:
        none = undetermined(np.nan, why, level=level, n=n, n_groups=n, unit=UNIT)
        return LeanFit(none, float("nan"), none, low, high)
    z = x if second is None else np.asarray(second, dtype=np.float64)
    at_zero, slope = _line(difference, x, z, level)
    total, _ = _line(np.asarray(plus) + np.asarray(minus), x, z, level)
    return LeanFit(at_zero, total.estimate, slope, low, high)


def _line(y: np.ndarray, x: np.ndarray, z: np.ndarray, level: float) -> tuple[Effect, Effect]:
    """(value at x = 0, slope) of y over x, with z as the instrument (z = x: ordinary least squares)."""
    from statsmodels.sandbox.regression.gmm import IV2SLS

    ones = np.ones(len(x))
    fit = IV2SLS(y, np.column_stack([ones, x]), np.column_stack([ones, z])).fit()
    half = stdtrit(len(x) - 2, (1 + level) / 2) * np.asarray(fit.bse)
    n, method = len(x), "line over concepts" if z is x else "line over concepts, second fold as instrument"
    zero, slope = (
        Effect(float(b), float(b - h), float(b + h), level, n, n, UNIT, method)
        for b, h in zip(np.asarray(fit.params), half, strict=True)
    )
    return zero, slope


def headroom_normalised(
    plus: Float[np.ndarray, " concept"],
    minus: Float[np.ndarray, " concept"],
    cue_plus: Float[np.ndarray, " concept"],
    cue_minus: Float[np.ndarray, " concept"],
) -> tuple[Float[np.ndarray, " kept"], Float[np.ndarray, " kept"]]:
    """Gains as shares of what a cue toward the same pole reaches; concepts where a cue reaches nothing are left out."""
    up, down = np.asarray(cue_plus, dtype=np.float64), np.asarray(cue_minus, dtype=np.float64)
    kept = (up > 0) & (down > 0)
    return np.asarray(plus)[kept] / up[kept], np.asarray(minus)[kept] / down[kept]


def matched_lean(lean: Sequence[float] | np.ndarray, caliper: float | None = None) -> list[int]:
    """Concepts whose leans mirror each other: pairs (i, j) with lean_i ≈ −lean_j, and single ones near 0.

    Greedy 1-nearest-neighbour matching without replacement; ``caliper`` defaults to a quarter of the leans' standard
    deviation. The indices of all matched concepts, ascending.
    """
    x = np.asarray(lean, dtype=np.float64)
    if not np.isfinite(x).all():
        raise WorkbenchError("leans are not all finite; leave out concepts without a lean first")
    reach = float(np.std(x)) / 4 if caliper is None else caliper
    kept = [int(i) for i in np.flatnonzero(np.abs(x) <= reach / 2)]
    free = [int(i) for i in np.flatnonzero(np.abs(x) > reach / 2)]
    while len(free) > 1:
        gaps = [(abs(x[i] + x[j]), i, j) for k, i in enumerate(free) for j in free[k + 1 :]]
        gap, i, j = min(gaps)
        if gap > reach:
            break
        kept += [i, j]
        free = [k for k in free if k not in (i, j)]
    return sorted(kept)
