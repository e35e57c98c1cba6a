"""What both poles gained at a matched dose, in log-odds of the aligned answer."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from workbench.stats import t_interval
from workbench.types import Effect, WorkbenchError

UNIT = "log-odds"


@dataclass(frozen=True)
class Gains:
    """Gains of the items of one concept: ``aligned`` g⁺ = y(+, b) − y(0), ``unaligned`` g⁻ = y(0) − y(−, b).

    y is the log-odds of the aligned answer, never a probability: effects that are symmetric in log-odds around a
    leaning baseline read −.4 in probabilities. Both are positive where the control does what it was asked to.
    ``groups`` (template or topic of every item) is the unit of resampling within the concept.
    """

    aligned: Float[np.ndarray, " item"]
    unaligned: Float[np.ndarray, " item"]
    groups: tuple[str, ...]
    concept: str = ""

    def __post_init__(self):
        sizes = {len(self.aligned), len(self.unaligned), len(self.groups)}
        if len(sizes) != 1 or not len(self.aligned):
            raise WorkbenchError(
                f"gains of {self.concept or 'a concept'} hold {len(self.aligned)} aligned and {len(self.unaligned)} "
                f"unaligned numbers for {len(self.groups)} groups; expected one of each per item"
            )
        if not (np.isfinite(self.aligned).all() and np.isfinite(self.unaligned).all()):
            raise WorkbenchError(f"gains of {self.concept or 'a concept'} are not all finite; drop such items first")

    def by_group(self) -> tuple[Float[np.ndarray, " group"], Float[np.ndarray, " group"]]:
        """Means over the items of each group, groups in order of name."""
        _, codes = np.unique(np.asarray(self.groups), return_inverse=True)
        size = np.bincount(codes)
        return np.bincount(codes, self.aligned) / size, np.bincount(codes, self.unaligned) / size

    def means(self) -> tuple[float, float]:
        """(G₊, G₋) of the concept: means over its groups."""
        plus, minus = self.by_group()
        return float(plus.mean()), float(minus.mean())

    def swapped(self) -> "Gains":
        """The same measurement with the names of the poles exchanged: y changes its sign, and the arms their place."""
        return Gains(self.unaligned, self.aligned, self.groups, self.concept)


def gains(base: ArrayLike, toward_aligned: ArrayLike, toward_unaligned: ArrayLike, groups, concept: str = "") -> Gains:
    """Gains from log-odds [item] of the aligned answer: without control, controlled toward each pole."""
    y0, plus, minus = (np.asarray(y, dtype=np.float64) for y in (base, toward_aligned, toward_unaligned))
    return Gains(plus - y0, y0 - minus, tuple(map(str, groups)), concept)


def gain_effects(plus: ArrayLike, minus: ArrayLike, level: float = 0.95) -> tuple[Effect, Effect]:
    """(G₊, G₋) with t intervals over their units [unit]: groups of one concept, or concepts."""
    return t_interval(plus, level, UNIT), t_interval(minus, level, UNIT)
