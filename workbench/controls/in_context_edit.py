"""Edit in context: demonstrations of new facts whose answers follow them (IKE, arXiv 2305.12740)."""

from workbench.controls.demonstrations import DOSES, demonstrations, nearest_last
from workbench.controls.prompted import Prompted
from workbench.models import Model
from workbench.types import Concept, Control, Pole


def control(model: Model, concept: Concept, toward: Pole) -> Control:
    """Strength is the number of demonstrations, copy : update : retain = 4 : 12 : 16, nearest last.

    Unlike in the paper no new fact stands before the question itself: questions that are scored are none of the facts
    that were edited, so that what carries over is measured, and not what is repeated.
    """
    found = demonstrations(concept, toward)
    doses = tuple(float(k) for k in DOSES if k <= len(found))
    return Prompted(nearest_last(found), doses, [demo.text for demo in found])
