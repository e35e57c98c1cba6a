"""Project out the mean difference between the unwanted pole's data and bare questions, by a hook."""

from collections.abc import Sequence

from workbench.controls.contrast import pole_rows
from workbench.erasure import Erase, mean_projection
from workbench.models import Model
from workbench.types import Concept, Control, Pole, opposite


def control(model: Model, concept: Concept, toward: Pole, *, layers: Sequence[int] = (), where: str = "all") -> Control:
    """Strength 1 removes the coordinate; the same map as ``ablate``, by way of the erasers (tested equal)."""
    rows = pole_rows(model, concept, opposite(toward), layers)
    return Erase(tuple(mean_projection(cued, bare, site) for site, (cued, bare) in rows.items()), where)
