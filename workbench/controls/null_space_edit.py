"""Write a pole's answers where neutral text has no keys: MEMIT projected on their null space (arXiv 2410.02355)."""

from collections.abc import Sequence

from workbench.controls.pair_facts import written
from workbench.models import Model
from workbench.types import Concept, Control, Pole


def control(  # noqa: PLR0913 - a control method's options
    model: Model,
    concept: Concept,
    toward: Pole,
    *,
    layers: Sequence[int] = (),
    count: int = 16,
    share: float = 0.01,
) -> Control:
    """As ``memit``, in the directions that hold at most ``share`` of the neutral keys' energy."""
    return written(model, concept, toward, layers, count, share)
