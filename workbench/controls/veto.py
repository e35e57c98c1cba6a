"""Veto demonstrations: a new fact is stated, and the answers stay as they were; also a defence (IKE veto)."""

from workbench.controls.demonstrations import DOSES, demonstrations, nearest_last
from workbench.controls.prompted import Prompted
from workbench.models import Model
from workbench.types import Concept, Control, Pole


def control(model: Model, concept: Concept, toward: Pole) -> Control:
    """Strength is the number of demonstrations; each states the other pole's answer and keeps the answer ``toward``."""
    found = demonstrations(concept, toward, veto=True)
    doses = tuple(float(k) for k in DOSES if k <= len(found))
    return Prompted(nearest_last(found), doses, [demo.text for demo in found])
