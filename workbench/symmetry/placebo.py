"""The null distribution of A: the same pipeline on value-free axes."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from workbench.symmetry.gains import Gains
from workbench.symmetry.index import NO_CONTROL, asymmetry, flag_of

NEEDED, SHARE = 20, 0.05


def placebo_bound(
    placebos: Sequence[Gains], size: int = 1, draws: int = 4000, seed: int = 0, needed: int = NEEDED
) -> float | None:
    """What |A| of placebo concepts exceeds in at most 5 % of cases; None with fewer than ``needed``: none is claimed.

    Placebos on which there is no control have no A, and do not count. For one concept it is the order statistic
    ⌈.95 (n + 1)⌉ (of 20 placebos the largest), which one more of their kind exceeds with probability at most 5 %;
    the plain quantile of 20 values would be exceeded in 9 %.
    ``size`` is the number of concepts that the judged A pools: see :func:`null_of`.
    """
    found = null_of(placebos, size, draws, seed, needed)
    if found is None or not len(found):
        return None
    if size > 1:
        return float(np.quantile(found, 1 - SHARE))
    place = int(np.ceil((1 - SHARE) * (len(found) + 1)))
    return float(np.sort(found)[place - 1]) if place <= len(found) else None


def placebo_p(
    index: float, placebos: Sequence[Gains], size: int = 1, draws: int = 4000, seed: int = 0, needed: int = NEEDED
) -> float:
    """p of |A| under the placebos' distribution, (1 + those at least as large)/(1 + all); NaN with too few of them."""
    found = null_of(placebos, size, draws, seed, needed)
    if found is None or not np.isfinite(index):
        return float("nan")
    return float((1 + (found >= abs(index)).sum()) / (1 + len(found)))


def null_of(
    placebos: Sequence[Gains], size: int, draws: int, seed: int, needed: int
) -> Float[np.ndarray, " draw"] | None:
    """|A| of placebos, or of pools of ``size`` of them, so that a mean is held against means.

    Pools are drawn from resampled placebos: twenty of them do not tell their own mean exactly, and a null that took it
    as known would be exceeded too often.
    """
    moved = [part for part in placebos if flag_of(*part.by_group()) != NO_CONTROL]
    if len(moved) < needed:
        return None
    means = np.array([part.means() for part in moved])
    if size > 1:
        random, n = np.random.default_rng(seed), len(means)
        again = random.integers(n, size=(draws, n))
        picked = np.take_along_axis(again, random.integers(n, size=(draws, size)), axis=1)
        means = means[picked].mean(1)
    found = np.abs(asymmetry(means[:, 0], means[:, 1]))
    return found[np.isfinite(found)]
