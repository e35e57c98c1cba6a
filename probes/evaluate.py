"""How well a probe reads on groups it has not seen, and how much of that is the probe rather than the model.

Folds are whole groups. The interval is a t interval over the folds' AUROCs. Selectivity (Hewitt & Liang 2019) is the
AUROC minus that of the same probe trained on control labels, which are drawn per group: a probe that memorises
groups reads those too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import rankdata

from workbench.stats import t_interval
from workbench.types import Activations, Effect, Probe, WorkbenchError


@dataclass(frozen=True)
class ProbeScore:
    """Held-out AUROC with its interval, the control's AUROC, and their difference."""

    auroc: Effect
    control: float
    selectivity: float


def take(acts: Activations, rows: np.ndarray, labels: Sequence[int] | None = None) -> Activations:
    """Some examples of ``acts``, with other labels if given (one per taken row)."""
    index = torch.from_numpy(np.asarray(rows))
    kept = tuple(labels) if labels is not None else tuple(acts.labels[i] for i in rows)
    return Activations(
        acts.values[index], acts.mask[index], kept, tuple(acts.groups[i] for i in rows), acts.site, acts.source
    )


def folds_of(groups: Sequence[str], folds: int, seed: int) -> np.ndarray:
    """A fold per example; a group is in one fold only."""
    names = sorted(set(groups))
    if len(names) < 2:
        raise WorkbenchError(f"probe got {len(names)} group; expected at least 2 to hold one out")
    order = np.random.default_rng(seed).permutation(len(names))
    fold = {names[k]: i % min(folds, len(names)) for i, k in enumerate(order)}
    return np.array([fold[g] for g in groups])


def control_labels(acts: Activations, seed: int) -> np.ndarray:
    """Labels that mean nothing: in a random half of the groups the classes change places."""
    names = sorted(set(acts.groups))
    rng = np.random.default_rng(seed)
    signs = dict(zip(names, rng.permutation(np.resize([1, -1], len(names))), strict=True))
    return np.array([label * signs[group] for label, group in zip(acts.labels, acts.groups, strict=True)])


def auroc(labels: np.ndarray, scores: np.ndarray) -> float:
    """The share of (+1, −1) pairs that the scores order rightly, ties counting half, from ranks (Mann-Whitney)."""
    above = rankdata(scores)[labels == 1]
    n, others = len(above), len(scores) - len(above)
    return float((above.sum() - n * (n + 1) / 2) / (n * others))


def heldout_auroc(probe: Probe, acts: Activations, labels: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """AUROC on every fold, by a probe fitted on the others."""
    out = []
    for k in np.unique(fold):
        train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        if len(set(labels[test])) < 2 or len(set(labels[train])) < 2:
            continue
        fitted = probe.fit(take(acts, train, labels[train].tolist()))
        out.append(auroc(labels[test], fitted.score(take(acts, test)).numpy()))
    return np.asarray(out)


def evaluate(probe: Probe, acts: Activations, folds: int = 5, seed: int = 0) -> ProbeScore:
    """Held-out AUROC by group, and selectivity against control labels.

    Raises WorkbenchError for a single group or a single class.
    """
    fold = folds_of(acts.groups, folds, seed)
    real = heldout_auroc(probe, acts, np.asarray(acts.labels), fold)
    if not len(real):
        raise WorkbenchError(f"no fold of {len(acts)} examples holds both classes; give more pairs per group")
    control = heldout_auroc(probe, acts, control_labels(acts, seed), fold)
    auroc = t_interval(real, unit="AUROC")
    # an AUROC cannot leave [0, 1]; with few folds the t interval can
    bounded = Effect(
        auroc.estimate,
        max(0.0, auroc.low),
        min(1.0, auroc.high),
        auroc.level,
        len(acts),
        len(set(acts.groups)),
        "AUROC",
        "t over group folds",
    )
    return ProbeScore(bounded, float(control.mean()), float(real.mean() - control.mean()))
