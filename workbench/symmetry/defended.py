"""What a defence leaves of each pole's control: retention and selectivity."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.stats import undetermined
from workbench.symmetry.bootstrap import bootstrap_effect, two_level
from workbench.symmetry.gains import Gains
from workbench.symmetry.verdict import FEWEST
from workbench.types import Effect, WorkbenchError

ABOVE = 0.975  # share of draws in which a bare gain has to be above 0


@dataclass(frozen=True)
class Retention:
    """R_s = G′_s/G_s of both poles at the same budget, and ``selectivity`` R₊ − R₋: 0 is mere stiffness.

    For a defended model the budget's KL is measured from the defended model itself.
    """

    aligned: Effect
    unaligned: Effect
    selectivity: Effect


def retention(bare: Sequence[Gains], defended: Sequence[Gains], draws: int = 2000, seed: int = 0) -> Retention:
    """Retention with the paired two-level bootstrap: concepts, then groups, both models and poles together.

    ``bare`` and ``defended`` hold the same concepts with the same items. A gain that is not above 0 on the bare model
    (in 97.5 % of the draws) has nothing to retain: NaN, with an undetermined interval. Below four units (concepts, or
    the groups of one) there is no interval: a bootstrap cannot leave the range of what it draws.
    """
    if [part.concept for part in bare] != [part.concept for part in defended] or not bare:
        raise WorkbenchError(f"{len(bare)} bare and {len(defended)} defended gains came; expected the same concepts")
    arrays = [np.stack([*one.by_group(), *other.by_group()], axis=1) for one, other in zip(bare, defended, strict=True)]
    units = len(arrays) if len(arrays) > 1 else len(arrays[0])
    mean, drawn = np.mean([part.mean(0) for part in arrays], axis=0), two_level(arrays, draws, seed)
    # a bare gain that is not above 0 in the draws means that there was nothing to retain
    gone = (drawn[:, :2] > 0).mean(0) < ABOVE
    with np.errstate(divide="ignore", invalid="ignore"):
        kept, each = mean[2:] / mean[:2], drawn[:, 2:] / drawn[:, :2]
    kept[gone], each[:, gone] = np.nan, np.nan
    values = [(kept[0], each[:, 0], "retention"), (kept[1], each[:, 1], "retention"),
              (kept[0] - kept[1], each[:, 0] - each[:, 1], "selectivity")]  # fmt: skip
    if units < FEWEST:
        why = f"{units} units only"
        return Retention(*(undetermined(float(v), why, n=units, n_groups=units, unit=unit) for v, _, unit in values))
    return Retention(*(bootstrap_effect(float(v), spread, units, unit=unit) for v, spread, unit in values))
