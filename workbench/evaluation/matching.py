"""The probability of the matching answer, CAA's figure."""

import numpy as np
from jaxtyping import Float

from workbench.evaluation.curves import Row, units
from workbench.stats import t_interval
from workbench.types import Effect, WorkbenchError


def p_matching(
    match: Row, nonmatch: Row, groups: Row | None = None, level: float = 0.95
) -> Effect:
    """Mean of p(match) / (p(match) + p(nonmatch)) over items (CAA, arXiv 2312.06681), from probabilities [item]."""
    yes, no = np.asarray(match, dtype=np.float64), np.asarray(nonmatch, dtype=np.float64)
    if yes.shape != no.shape or (yes < 0).any() or (no < 0).any() or (yes + no <= 0).any():
        raise WorkbenchError(
            f"p_matching got {yes.size} and {no.size} numbers; expected probabilities, one each per item and not both 0"
        )
    return t_interval(yes / (yes + no), level=level, unit="probability", groups=units(groups))


def matching_share(propensity: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """p(match) / (p(match) + p(nonmatch)) from log-odds: the logistic function, without overflow."""
    from scipy.special import expit

    return expit(np.asarray(propensity, dtype=np.float64))
