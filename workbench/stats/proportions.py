"""Shares of yes among rows: exact bounds, and an interval that respects groups."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, stdtrit

from workbench.stats.degenerate import as_vector, check_level, group_codes, undetermined
from workbench.types import Effect, WorkbenchError


def clopper_pearson(k: int, n: int, level: float = 0.95, *, two_sided: bool = False) -> Effect:
    """Exact bounds of a share after ``k`` events in ``n`` independent rows (Clopper and Pearson 1934).

    By default ``low`` and ``high`` are *each* a one-sided bound at ``level``, as a certificate needs: 0 of 59 has an
    upper bound of 5 %, 0 of 299 of 1 %. ``two_sided=True`` gives the central interval instead. n = 0: undetermined.
    """
    check_level(level)
    if n < 0 or not 0 <= k <= n:
        raise WorkbenchError(f"clopper_pearson got k = {k} of n = {n}; expected 0 <= k <= n")
    if n == 0:
        return undetermined(np.nan, "no rows", level=level, unit="share")
    low, high = _beta_bounds(float(k), float(n), (1 - level) / 2 if two_sided else 1 - level)
    method = f"Clopper-Pearson, {'two-sided' if two_sided else 'one-sided bounds'}"
    return Effect(float(k / n), low, high, level, int(n), int(n), "share", method)


def proportion(flags: ArrayLike, groups: ArrayLike | None = None, level: float = 0.95) -> Effect:
    """The share of true ``flags`` [n] and a two-sided interval that holds when rows of one group go together.

    Clopper-Pearson at the effective sample size n/deff, deff from the between-group variance and widened to t
    (Korn and Graubard 1998). With no or only yes the effective size is the number of groups, so the interval is
    never of zero width. Without groups: the exact interval. One group: undetermined.
    """
    row = as_vector(flags, "flags")
    if not np.isin(row, (0.0, 1.0)).all():
        raise WorkbenchError(
            "flags hold numbers other than 0 and 1; expected true or false: compare with a threshold first"
        )
    if groups is None:
        return clopper_pearson(int(row.sum()), len(row), level, two_sided=True)
    codes, count = group_codes(groups, len(row))
    share, n = float(row.mean()), len(row)
    if count < 2:
        return undetermined(share, "one group only", level=check_level(level), n=n, n_groups=count, unit="share")
    size = _effective_size(row, codes, count, check_level(level))
    low, high = _beta_bounds(share * size, size, (1 - level) / 2)
    return Effect(share, low, high, level, n, count, "share", f"Korn-Graubard over groups, effective n = {size:.1f}")


def share_interval(share: float, size: float, level: float = 0.95) -> Effect:
    """The two-sided Clopper-Pearson interval of a share that is known only as a number, at an effective ``size``.

    ``size`` need not be whole; take the number of groups where rows of one group go together. Below 1: undetermined.
    """
    if not 0 <= share <= 1:
        raise WorkbenchError(f"share is {share}; expected a number between 0 and 1")
    if not size >= 1:
        return undetermined(share, f"effective size {size:g}", level=check_level(level), unit="share")
    low, high = _beta_bounds(share * size, size, (1 - check_level(level)) / 2)
    return Effect(float(share), low, high, level, round(size), round(size), "share", f"Clopper-Pearson at n = {size:g}")


def _effective_size(row: np.ndarray, codes: np.ndarray, count: int, level: float) -> float:
    """The number of independent rows that carry the same information, at most the real number."""
    share, n = row.mean(), len(row)
    if share in (0.0, 1.0):
        return float(count)
    residual = np.bincount(codes, row - share)
    variance = count / (count - 1) * (residual**2).sum() / n**2
    quantile = (1 + level) / 2
    widen = (stdtrit(n - 1, quantile) / stdtrit(count - 1, quantile)) ** 2
    size = n if variance == 0 else min(n, share * (1 - share) / variance)
    return float(size * widen)


def _beta_bounds(k: float, n: float, tail: float) -> tuple[float, float]:
    """Lower and upper bound leaving ``tail`` outside each; k and n may be effective (not whole) numbers."""
    low = 0.0 if k <= 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k >= n else float(betaincinv(k + 1, n - k, 1 - tail))
    return low, high
