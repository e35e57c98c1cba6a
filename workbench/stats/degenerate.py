"""The one answer for input that cannot carry an interval, and the checks every statistic shares."""

import numpy as np
from numpy.typing import ArrayLike

from workbench.types import Effect, WorkbenchError


def undetermined(
    estimate: float, why: str, *, level: float = 0.95, n: int = 0, n_groups: int = 0, unit: str = ""
) -> Effect:
    """An effect whose interval is the whole line: fewer than two groups, or a statistic that is not defined.

    It covers every value, so no verdict built on intervals can be reached from it. ``method`` says why.
    """
    return Effect(float(estimate), -np.inf, np.inf, level, int(n), int(n_groups), unit, f"undetermined: {why}")


def as_vector(values: ArrayLike, name: str = "values") -> np.ndarray:
    """``values`` as float64 [n]; WorkbenchError when they are not one finite row of numbers."""
    row = np.asarray(values, dtype=np.float64)
    if row.ndim != 1 or row.size == 0:
        raise WorkbenchError(f"{name} have shape {row.shape}; expected one non-empty row of numbers")
    bad = int((~np.isfinite(row)).sum())
    if bad:
        raise WorkbenchError(f"{bad} of {row.size} {name} are not finite; expected numbers: drop or repair them first")
    return row


def group_codes(groups: ArrayLike | None, n: int) -> tuple[np.ndarray, int]:
    """Group numbers [n], 0-based, and how many groups there are; without groups every row is its own."""
    if groups is None:
        return np.arange(n), n
    names = np.asarray(groups)
    if names.shape != (n,):
        raise WorkbenchError(f"groups have shape {names.shape} for {n} rows; expected one group name per row")
    unique, codes = np.unique(names, return_inverse=True)
    return codes, len(unique)


def check_level(level: float) -> float:
    """``level`` itself; WorkbenchError unless it lies strictly between 0 and 1."""
    if not 0 < level < 1:
        raise WorkbenchError(f"level is {level}; expected a share between 0 and 1, such as 0.95")
    return float(level)
