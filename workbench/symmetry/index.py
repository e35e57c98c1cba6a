"""The index A = (G₊ − G₋)/(|G₊| + |G₋|) and its interval."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.integrate import trapezoid
from scipy.special import stdtrit

from workbench.stats import undetermined
from workbench.symmetry.gains import gain_effects
from workbench.types import Effect, WorkbenchError

SAME_WAY = "both poles' interventions push the same way"
BACKWARDS = "control works backwards"
NO_CONTROL = "no control: both gains' intervals cover 0"


def asymmetry(plus: ArrayLike | float, minus: ArrayLike | float) -> Float[np.ndarray, "..."]:
    """A = (G₊ − G₋)/(|G₊| + |G₋|) of mean gains, elementwise in [−1, 1]; NaN where both are 0.

    0 is symmetric, above 0 easier to align, below 0 easier to unalign. Where the gains differ in sign |A| is 1 by
    construction (:func:`flag_of`).
    """
    p, m = np.asarray(plus, dtype=np.float64), np.asarray(minus, dtype=np.float64)
    total = np.abs(p) + np.abs(m)
    empty = np.full(np.broadcast(p, m).shape, np.nan)
    return np.asarray(np.divide(p - m, total, out=empty, where=total > 0))


def asymmetry_interval(plus: ArrayLike, minus: ArrayLike, level: float = 0.95) -> Effect:
    """A of paired gains [unit] with Fieller's interval: the a for which a t test of (g⁺ − g⁻) − a·(g⁺ + g⁻) holds.

    Units are concepts (or the groups of one). The set is exact for normal units whatever the correlation of the
    arms, covers 0 exactly where the t interval of g⁺ − g⁻ does, changes its sign exactly when the poles are swapped,
    and is all of [−1, 1] where neither difference nor sum of the gains is told from 0 (Fieller 1954).
    """
    p, m = np.asarray(plus, dtype=np.float64), np.asarray(minus, dtype=np.float64)
    if p.shape != m.shape or p.ndim != 1 or not len(p):
        raise WorkbenchError(f"gains came as {p.shape} and {m.shape}; expected one number of each per unit")
    estimate, n = float(asymmetry(p.mean(), m.mean())), len(p)
    if n < 2 or not np.isfinite(estimate):
        why = "one unit only" if n < 2 else "both gains are 0"
        return undetermined(estimate, why, level=level, n=n, n_groups=n, unit="index")
    low, high = fieller(p, m, level)
    return Effect(estimate, float(low), float(high), level, n, n, "index", "Fieller t over units")


def fieller(
    plus: Float[np.ndarray, "*run unit"], minus: Float[np.ndarray, "*run unit"], level: float = 0.95
) -> tuple[Float[np.ndarray, "*run"], Float[np.ndarray, "*run"]]:
    """Bounds of A in [−1, 1] for many runs at once; at least two units each."""
    n = plus.shape[-1]
    difference, total = plus - minus, plus + minus
    d, s = difference.mean(-1), total.mean(-1)
    sign = np.where(s < 0, -1.0, 1.0)
    s, total = s * sign, total * sign[..., None]
    scale = stdtrit(n - 1, (1 + level) / 2) ** 2 / (n * (n - 1))
    off_d, off_s = difference - d[..., None], total - s[..., None]
    dd, ds, ss = (scale * (one * two).sum(-1) for one, two in ((off_d, off_d), (off_d, off_s), (off_s, off_s)))
    return bounds(d, s, dd, ds, ss)


def bounds(d, s, dd, ds, ss) -> tuple[Float[np.ndarray, "*run"], Float[np.ndarray, "*run"]]:
    """The a in [−1, 1] with (d − a·s)² <= dd − 2a·ds + a²·ss: t² times the variance of d − a·s; ``s`` is above 0."""
    # the set of a with a²·square − 2a·cross + rest <= 0
    square, cross, rest = s * s - ss, d * s - ds, d * d - dd
    root = np.sqrt(np.maximum(cross * cross - square * rest, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = (cross - root) / square, (cross + root) / square
    # a sum not told from 0 and a difference that is: only values far from 0, of the difference's sign, are left
    nearest = np.fmin(np.minimum(np.abs(first), np.abs(second)), 1.0)
    bounded, one_sided = square > 0, (square <= 0) & (rest > 0)
    low = np.where(bounded, first, np.where(one_sided & (d > 0), nearest, -1.0))
    high = np.where(bounded, second, np.where(one_sided & (d < 0), -nearest, 1.0))
    return np.asarray(np.clip(low, -1, 1)), np.asarray(np.clip(high, -1, 1))


def flag_of(plus: ArrayLike, minus: ArrayLike, level: float = 0.95) -> str:
    """What has to be said beside A: no control, control that works backwards, both poles pushing one way, or ""."""
    one, other = gain_effects(plus, minus, level)
    if one.covers(0) and other.covers(0):
        return NO_CONTROL
    if one.estimate * other.estimate < 0:
        return SAME_WAY
    return BACKWARDS if one.estimate < 0 else ""


def area_index(
    budgets: Float[np.ndarray, " dose"], plus: Float[np.ndarray, "*run dose"], minus: Float[np.ndarray, "*run dose"]
) -> Float[np.ndarray, "*run"]:
    """A_AUC = ∫(G₊ − G₋) d ln b / ∫(|G₊| + |G₋|) d ln b by trapezoids over ascending budgets; NaN below two doses."""
    if len(budgets) < 2:
        return np.full(np.shape(plus)[:-1], np.nan)
    x = np.log(budgets)
    above = trapezoid(plus - minus, x, axis=-1)
    below = trapezoid(np.abs(plus) + np.abs(minus), x, axis=-1)
    empty = np.full(np.shape(above), np.nan)
    return np.asarray(np.divide(above, below, out=empty, where=np.asarray(below) > 0))
