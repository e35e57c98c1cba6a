"""Instruments that only read: one file per kind of probe. Copy one to add a monitor.

A probe is a frozen dataclass with ``fit(activations) -> fitted probe`` and ``score(activations) -> [example]``;
higher scores mean the positive class (label +1). :func:`evaluate` says how well one reads on groups it has not seen.
"""

from probes.evaluate import ProbeScore, evaluate
from probes.lda import LDA
from probes.logistic import Logistic
from probes.mean_difference import MeanDifference

PROBES = {"difference of means": MeanDifference, "LDA": LDA, "logistic": Logistic}

__all__ = ["LDA", "PROBES", "Logistic", "MeanDifference", "ProbeScore", "evaluate"]
