"""Project out the leading subspace of what the unwanted pole's cue changes, by a hook."""

from collections.abc import Sequence

from workbench.controls.contrast import pole_rows
from workbench.erasure import Erase, subspace_projection
from workbench.models import Model
from workbench.types import Concept, Control, Pole, opposite


def control(
    model: Model,
    concept: Concept,
    toward: Pole,
    *,
    layers: Sequence[int] = (),
    rank: int = 3,
    where: str = "all",
) -> Control:
    """The ``rank`` first right singular vectors of (cued − bare), question by question."""
    rows = pole_rows(model, concept, opposite(toward), layers)
    erasers = tuple(subspace_projection(cued - bare, rank, site) for site, (cued, bare) in rows.items())
    return Erase(erasers, where)
