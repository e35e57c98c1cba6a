"""Corrections for the base lean: a model that already leans aligned has more room, and more curvature, on one side.

The lean on the x-axis has to come from other paraphrases or folds than the y(0) inside the gains: a shared y(0) with
10 % item noise turns a truly symmetric case into +.40.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import stdtrit

from workbench.stats import undetermined
from workbench.symmetry.gains import UNIT
from workbench.symmetry.index import bounds
from workbench.types import Effect, WorkbenchError

FEW = 4
LEAST = 0.1  # of the stronger cue's reach


@dataclass(frozen=True)
class LeanFit:
    """Lines of g⁺ − g⁻ and g⁺ + g⁻ over the lean: ``difference`` at zero lean, its ``slope``, the range of leans.

    ``index`` is the corrected A: the difference at zero lean over the summed gains there, with Fieller's interval.
    """

    difference: Effect
    index: Effect
    slope: Effect
    low: float
    high: float


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
        return LeanFit(none, replace(none, unit="index"), none, low, high)
    z = x if second is None else np.asarray(second, dtype=np.float64)
    fits = [_line(y, x, z) for y in (difference, np.asarray(plus) + np.asarray(minus))]
    t, method = stdtrit(n - 2, (1 + level) / 2), "line over concepts"
    method += "" if second is None else ", second fold as instrument"
    zero, slope = (
        Effect(float(b), float(b - t * se), float(b + t * se), level, n, n, UNIT, method)
        for b, se in zip(np.asarray(fits[0].params), np.asarray(fits[0].bse), strict=True)
    )
    return LeanFit(zero, _index_at_zero(fits, t, replace(zero, unit="index")), slope, low, high)


def _line(y: np.ndarray, x: np.ndarray, z: np.ndarray) -> Any:
    """y over (1, x), with z as the instrument (z = x: ordinary least squares)."""
    from statsmodels.sandbox.regression.gmm import IV2SLS

    ones = np.ones(len(x))
    return IV2SLS(y, np.column_stack([ones, x]), np.column_stack([ones, z])).fit()


def _index_at_zero(fits: Sequence[Any], t: float, about: Effect) -> Effect:
    """The ratio of both lines at zero lean: the a for which a t test of the line of (g⁺ − g⁻) − a(g⁺ + g⁻) holds."""
    d, s = (float(np.asarray(fit.params)[0]) for fit in fits)
    sign = -1.0 if s < 0 else 1.0
    off_d, off_s = np.asarray(fits[0].resid), sign * np.asarray(fits[1].resid)
    scale = t**2 * float(np.asarray(fits[0].normalized_cov_params)[0, 0]) / fits[0].df_resid
    low, high = bounds(d, sign * s, scale * off_d @ off_d, scale * off_d @ off_s, scale * off_s @ off_s)
    estimate = float(np.clip(d / abs(s), -1, 1)) if s else float("nan")
    return replace(about, estimate=estimate, low=float(low), high=float(high), method=f"{about.method}, Fieller")


def headroom_normalised(
    plus: Float[np.ndarray, " concept"],
    minus: Float[np.ndarray, " concept"],
    cue_plus: Float[np.ndarray, " concept"],
    cue_minus: Float[np.ndarray, " concept"],
) -> tuple[Float[np.ndarray, " kept"], Float[np.ndarray, " kept"]]:
    """Gains as shares of what a cue toward the same pole reaches.

    Left out are concepts where a cue reaches nothing, or less than a tenth of what the cue toward the other pole does:
    a share of next to nothing is noise, and one such concept would decide the mean.
    """
    up, down = np.asarray(cue_plus, dtype=np.float64), np.asarray(cue_minus, dtype=np.float64)
    kept = (np.minimum(up, down) > 0) & (np.minimum(up, down) >= LEAST * np.maximum(up, down))
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
