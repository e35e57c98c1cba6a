"""Intervals for a mean (t), for any smooth statistic (jackknife) and for any statistic (bootstrap), by group."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats
from scipy.special import ndtr, stdtrit

from workbench.stats.degenerate import as_vector, check_level, group_codes, undetermined
from workbench.types import Effect, WorkbenchError


def t_interval(values: ArrayLike, level: float = 0.95, unit: str = "", groups: ArrayLike | None = None) -> Effect:
    """The mean of ``values`` [n] and its Student-t interval.

    With ``groups`` [n]: the mean of the group means and the t interval over them, so that a large group
    counts once and its rows need not be independent. Fewer than two groups: undetermined.
    """
    row, level = as_vector(values), check_level(level)
    codes, count = group_codes(groups, len(row))
    means = np.bincount(codes, row) / np.bincount(codes)
    mean = float(means.mean())
    over = "values" if groups is None else "groups"
    if count < 2:
        return undetermined(mean, f"one of the {over} only", level=level, n=len(row), n_groups=count, unit=unit)
    half = stdtrit(count - 1, (1 + level) / 2) * means.std(ddof=1) / np.sqrt(count)
    return Effect(mean, float(mean - half), float(mean + half), level, len(row), count, unit, f"t over {over}")


def within(effect: Effect, low: float, high: float) -> Effect:
    """The effect with its interval cut where the quantity itself ends (a share at 0 and 1, a cosine at ±1).

    Cutting loses no coverage. The infinite ends of an undetermined effect stay: they say that nothing is known.
    """
    ends = {"low": max(low, effect.low), "high": min(high, effect.high)}
    return replace(effect, **{name: end for name, end in ends.items() if np.isfinite(getattr(effect, name))})


def jackknife_interval(  # noqa: PLR0913 - the fields of an effect
    estimate: float, left_out: ArrayLike, *, level: float = 0.95, n: int = 0, unit: str = "", clamp: float = np.inf
) -> Effect:
    """The interval of a smooth statistic from its ``left_out`` values [group], each computed without one group.

    Student t over the pseudo-values G·θ − (G−1)·θ₋g (Tukey 1958), centred on ``estimate`` itself. Fewer than two
    groups, or a left-out value that is not finite: undetermined.
    """
    left, level = np.asarray(left_out, dtype=np.float64), check_level(level)
    count = len(left)
    if count < 2 or not np.isfinite(left).all() or not np.isfinite(estimate):
        why = "one group only" if count < 2 else "the statistic is not defined without one of the groups"
        return undetermined(estimate, why, level=level, n=n, n_groups=count, unit=unit)
    error = np.sqrt((count - 1) / count * ((left - left.mean()) ** 2).sum())
    half = stdtrit(count - 1, (1 + level) / 2) * error
    low, high = max(-clamp, estimate - half), min(clamp, estimate + half)
    return Effect(float(estimate), float(low), float(high), level, int(n), count, unit, "jackknife t over groups")


def bootstrap_groups(  # noqa: PLR0913 - every argument is a setting of the bootstrap
    statistic: Callable[..., float],
    data: Any,
    groups: ArrayLike | None,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    unit: str = "",
) -> Effect:
    """Percentile bootstrap of ``statistic`` by resampling whole groups.

    ``data`` is a DataFrame (``statistic(frame)``) or a sequence of arrays of equal length (``statistic(*arrays)``).
    The percentiles are expanded for few groups (Hesterberg 2015, see :func:`expanded_tails`). Draws in which the
    statistic is not defined are left out and counted in ``method``; more than a tenth of them: undetermined.
    """
    take, n = _row_taker(data)
    codes, count = group_codes(groups, n)
    estimate = float(statistic(*take(np.arange(n))))
    level = check_level(level)
    if count < 2 or not np.isfinite(estimate):
        why = "one group only" if count < 2 else "the statistic is not defined"
        return undetermined(estimate, why, level=level, n=n, n_groups=count, unit=unit)
    rows = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])

    def resampled(picks: np.ndarray) -> float:
        return float(statistic(*take(np.concatenate([rows[int(g)] for g in picks]))))

    with warnings.catch_warnings():  # scipy warns of a degenerate draw; such draws are counted below instead
        warnings.simplefilter("ignore")
        drawn = scipy_stats.bootstrap(
            (np.arange(count),), resampled, n_resamples=draws, vectorized=False, method="percentile",
            rng=np.random.default_rng(seed),
        ).bootstrap_distribution  # fmt: skip
    tails = expanded_tails(count, level)
    return percentile_effect(estimate, drawn, tails, level=level, n=n, n_groups=count, unit=unit)


def expanded_tails(count: int, level: float) -> tuple[float, float]:
    """The two percentiles of a bootstrap over ``count`` groups, expanded to t width.

    A plain percentile interval is too narrow by √((G−1)/G) and by z against t; taking the percentiles
    Φ(±√(G/(G−1))·t) repairs both (Hesterberg 2015, "What teachers should know about the bootstrap"): a mean of 6 groups
    is covered in 92 % instead of 84 % of runs.
    """
    reach = np.sqrt(count / (count - 1)) * stdtrit(count - 1, (1 + level) / 2)
    return float(ndtr(-reach)), float(ndtr(reach))


def percentile_effect(  # noqa: PLR0913 - the fields of an effect
    estimate: float,
    drawn: np.ndarray,
    tails: tuple[float, float],
    *,
    level: float,
    n: int,
    n_groups: int,
    unit: str = "",
) -> Effect:
    """An effect from bootstrap draws; draws that are not finite are left out and counted in ``method``."""
    good = drawn[np.isfinite(drawn)]
    if len(good) < 0.9 * len(drawn):
        why = f"the statistic is not defined in {len(drawn) - len(good)} of {len(drawn)} draws"
        return undetermined(estimate, why, level=level, n=n, n_groups=n_groups, unit=unit)
    low, high = np.quantile(good, tails)
    missing = f", {len(drawn) - len(good)} draws not defined" if len(good) < len(drawn) else ""
    method = f"percentile bootstrap over groups, {len(drawn)} draws{missing}"
    return Effect(float(estimate), float(low), float(high), level, int(n), int(n_groups), unit, method)


def _row_taker(data: Any) -> tuple[Callable[[np.ndarray], Sequence[Any]], int]:
    """How to take rows of ``data`` (as the arguments of the statistic), and how many rows there are."""
    if hasattr(data, "iloc"):
        return lambda index: (data.iloc[index],), len(data)
    arrays = [np.asarray(part) for part in data]
    lengths = {len(part) for part in arrays if part.ndim}
    if len(lengths) != 1 or any(part.ndim == 0 for part in arrays):
        shapes = ", ".join(str(part.shape) for part in arrays)
        raise WorkbenchError(f"bootstrap data have shapes {shapes}; expected a DataFrame or arrays of one length")
    return lambda index: [part[index] for part in arrays], lengths.pop()
