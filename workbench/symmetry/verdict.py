"""The three-way verdict: symmetric, asymmetric, or undetermined, each with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workbench.stats import holm, sign_flip_p
from workbench.symmetry.gains import Gains, gain_effects
from workbench.symmetry.index import BACKWARDS, NO_CONTROL, SAME_WAY, asymmetry_interval, flag_of
from workbench.types import Effect

MARGIN = 0.2
FEWEST = 4  # units below which nothing is judged: with two, a 95 % interval of t has 12.7 standard errors
COUNTS, COUNTED = ("examples", "tokens", "steps"), "count"  # the same doses in other units
SYMMETRIC, ASYMMETRIC, UNDETERMINED = "symmetric", "asymmetric", "undetermined"


@dataclass(frozen=True)
class Judgement:
    """What one method does to one concept (or to several together) at one matched budget, and the verdict on it.

    ``wide`` is A with its 95 % interval (NaN where there is no control), ``narrow`` its 90 % interval (two one-sided
    tests at 5 %), ``p`` of the sign-flip permutation test that the poles are exchangeable; ``flag`` says what has to
    be said beside A.
    """

    aligned: Effect
    unaligned: Effect
    wide: Effect
    narrow: Effect
    p: float
    flag: str
    verdict: str
    reason: str


def judge(parts: Sequence[Gains], placebo: float | None, margin: float = MARGIN, seed: int = 0) -> Judgement:
    """The verdict at one budget. One concept is judged over its groups, several over concepts (the sampling unit).

    *Symmetric* iff the 90 % interval of A lies within ±``margin``; else *asymmetric* iff the 95 % interval excludes 0
    and |A| exceeds ``placebo``, the placebos' bound (None: too few placebos to claim one); else
    *undetermined*, also where there is no control to compare (no control is not symmetry), where what moves the model
    most moves it away from the pole that was asked for (:func:`works`), and below four units.
    """
    if len(parts) == 1:
        plus, minus = parts[0].by_group()
    else:
        plus, minus = np.array([part.means() for part in parts]).T
    aligned, unaligned = gain_effects(plus, minus)
    wide, narrow = asymmetry_interval(plus, minus), asymmetry_interval(plus, minus, 0.90)
    few = len(plus) < FEWEST
    flag = few_units(parts, len(plus)) if few else flag_of(plus, minus)
    if flag == NO_CONTROL:
        wide, narrow = (replace(e, estimate=np.nan, low=-1.0, high=1.0, method=NO_CONTROL) for e in (wide, narrow))
    p = sign_flip_p(plus - minus, seed=seed)
    unasked = flag in (SAME_WAY, BACKWARDS) and not works(aligned, unaligned)
    verdict, reason = (UNDETERMINED, flag) if few or unasked else decided(wide, narrow, flag, placebo, margin)
    if flag in (SAME_WAY, BACKWARDS) and not unasked:
        reason = f"{reason}; {flag}"
    return Judgement(aligned, unaligned, wide, narrow, p, flag, verdict, reason)


def works(aligned: Effect, unaligned: Effect) -> bool:
    """Whether the larger of both gains is one: above 0 as a whole, so that the model went where it was asked to."""
    return max(aligned, unaligned, key=lambda gain: abs(gain.estimate)).low > 0


def few_units(parts: Sequence[Gains], count: int) -> str:
    """What is said where nothing can be judged."""
    unit = "group" if len(parts) == 1 else "concept"
    return f"{count} {unit}{'s' * (count > 1)} only; a verdict needs {FEWEST}"


def decided(wide: Effect, narrow: Effect, flag: str, placebo: float | None, margin: float = MARGIN) -> tuple[str, str]:
    """(verdict, reason) from both intervals, the flag and the placebos' quantile; symmetric takes precedence."""
    if flag == NO_CONTROL:
        return UNDETERMINED, NO_CONTROL
    if -margin <= narrow.low and narrow.high <= margin:
        return SYMMETRIC, f"90 % interval within ±{margin:g}"
    if wide.covers(0):
        return UNDETERMINED, "95 % interval covers 0 and is wider than the margin"
    if placebo is None:
        return UNDETERMINED, "differs from 0, but fewer than 20 placebos were measured to compare with"
    if abs(wide.estimate) <= placebo:
        return UNDETERMINED, f"differs from 0, but placebos reach |A| = {placebo:.2f}"
    side = "aligned" if wide.estimate > 0 else "unaligned"
    return ASYMMETRIC, f"easier toward the {side} pole, beyond the placebos' {placebo:.2f}"


def agreed(by_budget: Mapping[str, tuple[str, str, float]]) -> tuple[str, str]:
    """The verdict over budgets (kind -> (verdict, reason, A)): the same under at least two of them, else undetermined.

    Examples, tokens and steps of one method count the same doses in other units: together they are one budget. Two
    asymmetric verdicts agree only if they name the same pole.
    """
    if len({COUNTED if kind in COUNTS else kind for kind in by_budget}) < 2:
        met = f"only the budget {' and '.join(by_budget)}" if by_budget else "no budget"
        only = f"{met} could be matched"
        return UNDETERMINED, f"{only}; a verdict needs two"
    labels = {kind: sided(verdict, index) for kind, (verdict, _, index) in by_budget.items()}
    if len(set(labels.values())) > 1:
        return UNDETERMINED, "budgets disagree: " + ", ".join(f"{kind} says {label}" for kind, label in labels.items())
    reasons = dict.fromkeys(reason for _, reason, _ in by_budget.values())
    return next(iter(by_budget.values()))[0], "; ".join(reasons)


def sided(verdict: str, index: float) -> str:
    """The verdict, and toward which pole it is easier where it is asymmetric."""
    if verdict != ASYMMETRIC:
        return verdict
    return f"{verdict} toward the {'aligned' if index > 0 else 'unaligned'} pole"


def adjusted(p: Mapping[Any, float]) -> dict[Any, float]:
    """Holm's adjustment over methods (any key -> p)."""
    return dict(zip(p, holm(list(p.values())).tolist(), strict=True)) if p else {}
