"""Edit in context: demonstrations of new facts whose answers follow them (IKE, arXiv 2305.12740)."""

from workbench.controls.demonstrations import DOSES, demonstrations, nearest_last
from workbench.controls.prompted import Prompted
from workbench.models import Model
from workbench.types import Concept, Control, Pole


def control(model: Model, concept: Concept, toward: Pole) -> Control:
    """Strength is the number of demonstrations, copy : update : retain = 4 : 12 : 16, nearest last."""
    found = demonstrations(concept, toward)
    doses = tuple(float(k) for k in DOSES if k <= len(found))
    return Prompted(nearest_last(found), doses, [demo.text for demo in found])
