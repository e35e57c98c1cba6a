"""Which figures of a direction predict that steering works, what to recommend, and how to say it honestly.

The input is a table of *cells*, one row per concept × prompt type × layer, with the columns of a study of reliability.
"""

from workbench.reliability.correlations import COVARIATES, POOLED, POOLED_WITHIN, correlate
from workbench.reliability.recommendation import recommend
from workbench.reliability.replication import agreement, replication
from workbench.reliability.verdicts import (
    backfire_verdict,
    coherence_verdict,
    correlation_verdict,
    inert_verdict,
    steering_verdict,
)

__all__ = [
    "COVARIATES",
    "POOLED",
    "POOLED_WITHIN",
    "agreement",
    "backfire_verdict",
    "coherence_verdict",
    "correlate",
    "correlation_verdict",
    "inert_verdict",
    "recommend",
    "replication",
    "steering_verdict",
]
