"""Intervals, correlations and decisions. Everything returns an :class:`~workbench.types.Effect` and is seeded.

The unit of resampling is the *group* (template, topic or concept), never the single row, wherever groups are given.
"""

from workbench.stats.correlation import RankDraws, partial_spearman, rank_correlation, rank_draws, spearman
from workbench.stats.decisions import holm, sign_flip_p, tost
from workbench.stats.degenerate import undetermined
from workbench.stats.intervals import bootstrap_groups, jackknife_interval, t_interval, within
from workbench.stats.proportions import clopper_pearson, proportion, share_interval

__all__ = [
    "RankDraws",
    "bootstrap_groups",
    "clopper_pearson",
    "holm",
    "jackknife_interval",
    "partial_spearman",
    "proportion",
    "rank_correlation",
    "rank_draws",
    "share_interval",
    "sign_flip_p",
    "spearman",
    "t_interval",
    "tost",
    "undetermined",
    "within",
]
