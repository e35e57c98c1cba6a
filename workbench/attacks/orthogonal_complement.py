"""What the other extractors find outside the defended direction: their vectors without their part along it."""

from workbench.attacks.arena import Arena
from workbench.attacks.candidates import Candidate, orthogonal, own_direction, those_that_can
from workbench.attacks.extractors import WAYS, control, label
from workbench.types import Pole

TIER = "T1"


def attack(arena: Arena, toward: Pole) -> list[Candidate]:
    """A defence of one direction cannot see these; whether they still steer is the question."""
    unit = own_direction(arena, toward).vector
    ways = [(f"{label(*way, arena)}, orthogonal", way) for way in WAYS]
    return those_that_can(
        [(name, lambda w=way, n=name: orthogonal(control(w, arena, toward), unit, n)) for name, way in ways]
    )
