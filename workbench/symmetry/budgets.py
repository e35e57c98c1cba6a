"""Doses for a budget: a secant on the logarithms of strength and of what it spends."""

from collections.abc import Callable

import numpy as np

from workbench.types import WorkbenchError

TOLERANCE = 0.05
STEPS = 10
FACTOR = 16.0  # the furthest a step may go


def solve_strength(
    spent: Callable[[float], float], target: float, start: float = 1.0, limit: float = np.inf, order: float = 1.0
) -> tuple[float, float] | None:
    """(strength, what it spends) with ``spent(strength)`` within 5 % of ``target``; None where ``limit`` is too little.

    ``spent`` grows from 0 at strength 0, roughly like strength to the power ``order`` (a norm: 1, a KL: 2): the first
    step uses that, the later ones the secant of ln spent on ln strength. Raises WorkbenchError for a target that is
    not positive.
    """
    if not (target > 0 and np.isfinite(target)):
        raise WorkbenchError(f"budget {target} cannot be spent; expected a positive number")
    goal, points = np.log(target), []
    x, slope = np.log(min(start, limit)), order
    for _ in range(STEPS):
        got = spent(float(np.exp(x)))
        y = np.log(got) if got > 0 else -np.inf
        if abs(np.expm1(y - goal)) <= TOLERANCE:
            return float(np.exp(x)), float(got)
        if y < goal and np.exp(x) >= limit * (1 - 1e-9):
            return None
        points.append((x, y))
        slope = _slope(points, slope, order)
        step = np.log(FACTOR) if not np.isfinite(y) else (goal - y) / slope
        x = min(x + float(np.clip(step, -np.log(FACTOR), np.log(FACTOR))), np.log(limit))
    return None


def _slope(points: list[tuple[float, float]], last: float, order: float) -> float:
    """The secant through the last two points, or the expected order where it says nothing."""
    if len(points) < 2:
        return order
    (x0, y0), (x1, y1) = points[-2:]
    if not np.isfinite(y0) or not np.isfinite(y1) or abs(x1 - x0) < 1e-9:
        return last
    return float(np.clip((y1 - y0) / (x1 - x0), order / 4, order * 4))
