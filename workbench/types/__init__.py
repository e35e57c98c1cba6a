"""The nouns every module speaks, and three protocols. Imports nothing of ours."""

from workbench.types.cube import SweepCube
from workbench.types.nouns import (
    POLES,
    STREAMS,
    Activations,
    Card,
    Concept,
    Direction,
    Effect,
    Example,
    Pair,
    Pole,
    Readout,
    Site,
    WorkbenchError,
    digest_of,
    opposite,
)
from workbench.types.protocols import Control, Intervention, Probe

__all__ = [
    "Activations",
    "Card",
    "Concept",
    "Control",
    "Direction",
    "Effect",
    "Example",
    "Intervention",
    "POLES",
    "Pair",
    "Pole",
    "Probe",
    "Readout",
    "STREAMS",
    "Site",
    "SweepCube",
    "WorkbenchError",
    "digest_of",
    "opposite",
]
