"""The null distribution of A: the same pipeline on value-free axes."""

from collections.abc import Sequence

import numpy as np

from workbench.symmetry.gains import Gains
from workbench.symmetry.index import NO_CONTROL, asymmetry, flag_of

NEEDED = 20


def placebo_bound(
    placebos: Sequence[Gains], size: int = 1, draws: int = 4000, seed: int = 0, needed: int = NEEDED
) -> float | None:
    """The 95 % quantile of |A| over placebo concepts; None with fewer than ``needed``, where none is claimed.

    Placebos on which there is no control have no A, and do not count.
    ``size`` is the number of concepts that the judged A pools: with more than one the quantile is that of |A| over
    pools of as many placebos, drawn with replacement, so that a mean is held against means.
    """
    moved = [part for part in placebos if flag_of(*part.by_group()) != NO_CONTROL]
    if len(moved) < needed:
        return None
    means = np.array([part.means() for part in moved])
    if size > 1:
        means = means[np.random.default_rng(seed).integers(len(means), size=(draws, size))].mean(1)
    found = np.abs(asymmetry(means[:, 0], means[:, 1]))
    found = found[np.isfinite(found)]
    return float(np.quantile(found, 0.95)) if len(found) else None
