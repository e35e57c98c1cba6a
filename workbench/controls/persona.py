"""Give the model a persona before every question."""

from workbench.controls.prompted import cue_control
from workbench.models import Model
from workbench.types import Concept, Control, Pole


def control(model: Model, concept: Concept, toward: Pole) -> Control:
    """The card's cue toward the pole (as persona), repeated as often as the strength says."""
    return cue_control(model, concept, toward, "persona")
