"""Tests that end in a decision: Holm's correction, the sign-flip test, equivalence."""

import numpy as np
from numpy.typing import ArrayLike

from workbench.stats.degenerate import as_vector
from workbench.stats.intervals import t_interval
from workbench.types import Effect, WorkbenchError


def holm(p: ArrayLike) -> np.ndarray:
    """Holm-adjusted p-values [m], in the order given (family-wise error; Holm 1979)."""
    row = as_vector(p, "p-values")
    if row.min() < 0 or row.max() > 1:
        raise WorkbenchError(f"p-values reach from {row.min():g} to {row.max():g}; expected numbers between 0 and 1")
    order = np.argsort(row, kind="stable")
    stepped = np.maximum.accumulate(row[order] * np.arange(len(row), 0, -1))
    adjusted = np.empty_like(row)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def sign_flip_p(values: ArrayLike, draws: int = 10_000, seed: int = 0) -> float:
    """Two-sided p-value that the mean of ``values`` [n] is 0, by flipping signs.

    Valid when each value is symmetric around 0 under the null. All 2ⁿ flips where they are no more than ``draws``;
    otherwise random flips and p = (1 + hits) / (1 + draws), which is never 0.
    """
    row = as_vector(values)
    n = len(row)
    exact = n < 63 and 2**n <= draws
    if exact:
        signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    else:
        signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(draws, n))
    # Sums are rounded differently in different orders; a tie with the observed sum has to count as a hit.
    hits = int((np.abs(signs @ row) >= abs(row.sum()) - 1e-12 * np.abs(row).sum()).sum())
    return hits / 2**n if exact else (1 + hits) / (1 + draws)


def tost(
    values: ArrayLike, margin: float, level: float = 0.9, unit: str = "", groups: ArrayLike | None = None
) -> tuple[bool, Effect]:
    """Are ``values`` [n] equivalent to 0: does the ``level`` interval of their mean lie inside ±``margin``?

    Two one-sided tests at (1 − level)/2 each, so 0.9 is the test at 5 % (Schuirmann 1987).
    """
    if not margin > 0:
        raise WorkbenchError(f"equivalence margin is {margin}; expected a positive number")
    effect = t_interval(values, level, unit, groups)
    return bool(-margin < effect.low and effect.high < margin), effect
