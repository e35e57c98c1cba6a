"""The two-level paired bootstrap: concepts, then the groups within them, both arms together."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from workbench.stats.intervals import expanded_tails, percentile_effect
from workbench.types import Effect, WorkbenchError

Arms = Float[np.ndarray, "group arm"]


def two_level(
    concepts: Sequence[Float[np.ndarray, "_ *arm"]], draws: int = 2000, seed: int = 0
) -> Float[np.ndarray, "draw *arm"]:
    """Means over concepts of means over groups, in resamples of concepts and of groups within each drawn concept.

    Every concept brings its group means [group, arm, …] (arms: poles, doses); all arms of a group are drawn together.
    With one concept only its groups are resampled.
    """
    if not concepts or any(len(part) == 0 for part in concepts):
        raise WorkbenchError(f"{len(concepts)} concepts came to resample; expected at least one, each with a group")
    sizes = np.array([len(part) for part in concepts])
    padded = np.zeros((len(concepts), sizes.max(), *concepts[0].shape[1:]))
    for row, part in zip(padded, concepts, strict=True):
        row[: len(part)] = part
    rng = np.random.default_rng(seed)
    count = len(concepts)
    chosen = rng.integers(count, size=(draws, count)) if count > 1 else np.zeros((draws, 1), dtype=int)
    size = sizes[chosen]
    pick = (rng.random((draws, count, sizes.max())) * size[..., None]).astype(int)
    used = np.arange(sizes.max()) < size[..., None]
    weight = (used / size[..., None]).reshape(*used.shape, *[1] * (padded.ndim - 2))
    return (padded[chosen[..., None], pick] * weight).sum(2).mean(1)


def bootstrap_effect(
    estimate: float, drawn: Float[np.ndarray, " draw"], n_concepts: int, *, level: float = 0.95, unit: str = ""
) -> Effect:
    """An effect from bootstrap draws; the percentiles are expanded for few concepts (Hesterberg 2015)."""
    tails = expanded_tails(max(2, n_concepts), level)
    return percentile_effect(estimate, drawn, tails, level=level, n=n_concepts, n_groups=n_concepts, unit=unit)
