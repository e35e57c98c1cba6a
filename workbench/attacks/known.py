"""The original vector: the mean difference of the undefended model, at the defence's own layer."""

from workbench.attacks.arena import Arena
from workbench.attacks.candidates import Candidate, own_direction
from workbench.interventions import Add, Steer
from workbench.types import Pole

TIER = "T1"


def attack(arena: Arena, toward: Pole) -> list[Candidate]:
    """What the defence was made against."""
    return [Candidate(f"mean difference, layer {arena.home}", Steer(Add(), own_direction(arena, toward)))]
