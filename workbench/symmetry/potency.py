"""The potency ratio: the budget that each pole needs for the same gain."""

import numpy as np
from jaxtyping import Float
from scipy.optimize import isotonic_regression

from workbench.symmetry.bootstrap import bootstrap_effect
from workbench.types import Effect


def budget_for(gain: float, budgets: Float[np.ndarray, " dose"], curve: Float[np.ndarray, " dose"]) -> float:
    """The budget at which a dose–response curve reaches ``gain``; infinite where it never does (right-censored), 0
    where its smallest dose is already beyond it (left-censored: any smaller budget might do).

    The curve is made monotone first (isotonic regression) and read linearly in ln b.
    """
    order = np.argsort(budgets)
    x, y = np.log(np.asarray(budgets, dtype=np.float64)[order]), isotonic_regression(np.asarray(curve)[order]).x
    above = np.flatnonzero(y >= gain)
    if not len(above):
        return float("inf")
    first = int(above[0])
    if first == 0:
        return float(np.exp(x[0])) if np.isclose(y[0], gain) else 0.0
    share = (gain - y[first - 1]) / (y[first] - y[first - 1])
    return float(np.exp(x[first - 1] + share * (x[first] - x[first - 1])))


def log_potency(
    gain: float,
    budgets: Float[np.ndarray, " dose"],
    plus: Float[np.ndarray, " dose"],
    minus: Float[np.ndarray, " dose"],
) -> float:
    """ln ρ = ln[b₋(g)/b₊(g)]: above 0 the unaligned pole needs the larger budget (easier to align).

    Infinite where one pole is censored and the other is not, NaN where both are, in the same way.
    """
    one, other = budget_for(gain, budgets, plus), budget_for(gain, budgets, minus)
    if one == other and one in (0.0, float("inf")):
        return float("nan")
    with np.errstate(divide="ignore"):
        return float(np.log(other) - np.log(one))


def shared_gain(plus: Float[np.ndarray, " dose"], minus: Float[np.ndarray, " other"], share: float = 0.5) -> float:
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
    """ln ρ with the bootstrap's interval; without draws NaN as its bounds.

    Censored draws are infinite, and draws that cannot tell are NaN; where more than a tenth are, there is no interval.
    """
    gain = shared_gain(curves[0], curves[1])
    estimate = log_potency(gain, budgets, curves[0], curves[1])
    values = np.array([log_potency(gain, budgets, one, other) for one, other in drawn])
    if not np.isfinite(estimate) or not len(values):
        return Effect(estimate, float("nan"), float("nan"), n=n_concepts, n_groups=n_concepts, unit="ln budget")
    return bootstrap_effect(estimate, values, n_concepts, unit="ln budget")
