"""The same recipe once more, on the defended model: the mean difference as its own activations have it."""

from workbench.attacks.arena import Arena
from workbench.attacks.candidates import Candidate
from workbench.controls.contrast import directions
from workbench.interventions import Add, Steer
from workbench.types import Pole

TIER = "T1"


def attack(arena: Arena, toward: Pole) -> list[Candidate]:
    """Fitted behind the defence, added before it."""
    found = directions(arena.model, arena.fit, toward, layers=[arena.home])
    return [Candidate(f"mean difference of the defended model, layer {arena.home}", Steer(Add(), found))]
