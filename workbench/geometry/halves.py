"""Halves of the groups, with the same share of every label in both."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from workbench.types import WorkbenchError

Names = Sequence | np.ndarray


def split_groups(groups: Names, labels: Names | None = None, seed: int = 0) -> Bool[np.ndarray, " pair"]:
    """True [pair] for the half that directions are fitted on, False for the half that they are read on.

    Whole groups [pair] go to one side. With ``labels`` [pair] (which answer is the positive one, e.g. Yes or No) the
    two halves hold as nearly as possible equal numbers of each: halves that differ in label differ in the
    direction of the answer token, and a list that alternates Yes and No, cut into even and odd, gave d′ = −4.5
    where the truth was +1.6. Largest groups are dealt first, each to the side that it evens out; ties at random.
    Raises WorkbenchError for fewer than two groups.
    """
    names, codes = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 2:
        raise WorkbenchError(f"{len(names)} group; expected at least two to split by group: name more groups")
    counts = _label_counts(codes, len(names), labels)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(names))
    order = order[np.argsort(-np.abs(counts[order]).max(1), kind="stable")]
    first, balance = np.zeros(len(names), dtype=bool), np.zeros(counts.shape[1])
    for group in order:
        side = np.abs(balance + counts[group]).sum() - np.abs(balance - counts[group]).sum()
        first[group] = side < 0 or (side == 0 and bool(rng.integers(2)))
        balance += counts[group] if first[group] else -counts[group]
    if first.all() or not first.any():
        first[order[-1]] = not first[order[-1]]
    return first[codes]


def label_imbalance(first: Bool[np.ndarray, " pair"], labels: Names) -> float:
    """The largest difference of any label's share between the two halves; 1 is the alternating-list trap."""
    table = np.asarray(labels)
    return max(abs(float((table[first] == v).mean() - (table[~first] == v).mean())) for v in np.unique(table))


def _label_counts(codes: np.ndarray, count: int, labels: Names | None) -> np.ndarray:
    """Rows of each label per group [group label], the last column the size of the group."""
    sizes = np.bincount(codes, minlength=count).astype(float)[:, None]
    if labels is None:
        return sizes
    if len(labels) != len(codes):
        raise WorkbenchError(f"{len(labels)} labels for {len(codes)} pairs; expected one label per pair")
    values, kinds = np.unique(np.asarray(labels), return_inverse=True)
    table = np.zeros((count, len(values)))
    np.add.at(table, (codes, kinds), 1.0)
    return np.hstack([table, sizes])
