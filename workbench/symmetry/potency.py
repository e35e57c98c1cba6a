"""The potency ratio: the budget that each pole needs for the same gain."""

import numpy as np
from jaxtyping import Float
from scipy.optimize import isotonic_regression

from workbench.symmetry.bootstrap import bootstrap_effect
from workbench.types import Effect


def budget_for(gain: float, budgets: Float[np.ndarray, " dose"], curve: Float[np.ndarray, " dose"]) -> float:
    """The budget at which a dose–response curve reaches ``gain``; infinite where it never does (right-censored).

    The curve is made monotone first (isotonic regression) and read linearly in ln b; a gain below the first dose's
    is put at that dose.
    """
    order = np.argsort(budgets)
    x, y = np.log(np.asarray(budgets, dtype=np.float64)[order]), isotonic_regression(np.asarray(curve)[order]).x
    above = np.flatnonzero(y >= gain)
    if not len(above):
        return float("inf")
    first = int(above[0])
    if first == 0 or y[first] == y[first - 1]:
        return float(np.exp(x[first]))
    share = (gain - y[first - 1]) / (y[first] - y[first - 1])
    return float(np.exp(x[first - 1] + share * (x[first] - x[first - 1])))


def log_potency(
    gain: float,
    budgets: Float[np.ndarray, " dose"],
    plus: Float[np.ndarray, " dose"],
    minus: Float[np.ndarray, " dose"],
) -> float:
    """ln ρ = ln[b₋(g)/b₊(g)]: above 0 the unaligned pole needs the larger budget (easier to align).

    Infinite where only one pole reaches the gain, NaN where neither does.
    """
    one, other = budget_for(gain, budgets, plus), budget_for(gain, budgets, minus)
    if np.isinf(one) and np.isinf(other):
        return float("nan")
    return float(np.log(other) - np.log(one))


def shared_gain(plus: Float[np.ndarray, " dose"], minus: Float[np.ndarray, " dose"], share: float = 0.5) -> float:
    """The gain to compare budgets at: ``share`` of the smaller of the two poles' largest gains, so that both reach it.

    Falls back to ``share`` of the larger one where one pole gains nothing.
    """
    tops = sorted((float(np.max(plus)), float(np.max(minus))))
    return share * (tops[0] if tops[0] > 0 else tops[1])


def potency_effect(
    budgets: Float[np.ndarray, " dose"],
    curves: Float[np.ndarray, "2 dose"],
    drawn: Float[np.ndarray, "draw 2 dose"],
    n_concepts: int,
) -> Effect:
    """ln ρ with the bootstrap's interval. Censored draws are infinite; more than a tenth of them: no interval."""
    gain = shared_gain(curves[0], curves[1])
    estimate = log_potency(gain, budgets, curves[0], curves[1])
    values = np.array([log_potency(gain, budgets, one, other) for one, other in drawn])
    return bootstrap_effect(estimate, values, n_concepts, unit="ln budget")
