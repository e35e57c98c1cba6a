"""Scores of a sweep: each prompt's curve as numbers, sets with their intervals, spurious factors, judges."""

from workbench.evaluation.curves import (
    curvature,
    deltas,
    flip_multiplier,
    monotone_range,
    odd_even,
    rank_slopes,
    slopes,
)
from workbench.evaluation.judges import agreement, judged, refusal_keywords
from workbench.evaluation.matching import matching_share, p_matching
from workbench.evaluation.prompts import slope_table
from workbench.evaluation.spurious import spurious_variance
from workbench.evaluation.steerability import anti_steerable, mean_effect, slope_bound, steerability
from workbench.evaluation.table import prompt_covariates, prompt_table

__all__ = [
    "agreement", "anti_steerable", "curvature", "deltas", "flip_multiplier", "judged",
    "matching_share", "mean_effect", "monotone_range", "odd_even", "p_matching", "prompt_covariates", "prompt_table",
    "rank_slopes", "refusal_keywords", "slope_bound", "slope_table", "slopes", "spurious_variance", "steerability",
]  # fmt: skip
