"""Is control symmetric? Gains of both poles at matched budgets, their index, corrections, null and verdict.

=================  ==============================================================================
``gains``          :class:`Gains`: g⁺ and g⁻ of every item, in log-odds
``responses``      :class:`Response`: dose–response of both poles; gains at a budget
``index``          A, its Fieller interval, A_AUC, flags
``potency``        ln of the ratio of budgets for the same gain
``bootstrap``      two-level and paired: concepts, then groups, both arms together
``lean``           value at zero lean, headroom, matched lean
``placebo``        the null bound of \\|A\\|
``defended``       retention and selectivity of a defended model
``verdict``        symmetric, asymmetric or undetermined; over budgets; Holm
``overall``        one verdict over all methods on a model
``orthogonality``  capability cost of each pole at matched effect: independent axes or not
``readings``       log-odds of a concept's items under a model, and the mass off the options
``budgets``        norm, KL on neutral text, doses solved by a secant
``measure``        :func:`respond`: one method on one concept, both poles
``off_axis``       what a control does to the other concepts' propensities, and a random direction of its norm
=================  ==============================================================================
"""

from workbench.symmetry.bootstrap import bootstrap_effect, two_level
from workbench.symmetry.defended import Retention, retention
from workbench.symmetry.gains import Gains, gain_effects, gains
from workbench.symmetry.index import area_index, asymmetry, asymmetry_interval, fieller, flag_of
from workbench.symmetry.lean import LeanFit, at_zero_lean, headroom_normalised, matched_lean
from workbench.symmetry.orthogonality import CostJudgement, cost_differences, independence, judge_cost, matched_costs
from workbench.symmetry.overall import MethodVerdict, overall
from workbench.symmetry.placebo import placebo_bound, placebo_p
from workbench.symmetry.potency import budget_for, log_potency, potency_effect, shared_gain
from workbench.symmetry.responses import COSTS, Curve, Response, response_of
from workbench.symmetry.verdict import (
    ASYMMETRIC,
    SYMMETRIC,
    UNDETERMINED,
    Judgement,
    adjusted,
    agreed,
    decided,
    judge,
    sided,
)

__all__ = [
    "ASYMMETRIC", "COSTS", "CostJudgement", "Curve", "Gains", "Judgement", "LeanFit", "MethodVerdict",
    "Response", "Retention", "SYMMETRIC", "UNDETERMINED",
    "adjusted", "agreed", "area_index", "asymmetry", "asymmetry_interval", "at_zero_lean", "bootstrap_effect",
    "budget_for", "cost_differences", "decided", "fieller", "flag_of", "gain_effects", "gains",
    "headroom_normalised", "independence", "judge", "judge_cost", "log_potency", "matched_costs",
    "matched_lean", "overall", "placebo_bound", "placebo_p", "potency_effect", "response_of", "retention",
    "shared_gain", "sided", "two_level",
]  # fmt: skip
