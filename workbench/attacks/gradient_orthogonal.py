"""The optimised vector at the defence's layer, held orthogonal to the defended direction."""

from workbench.attacks.arena import Arena
from workbench.attacks.ascent import ascend
from workbench.attacks.candidates import Candidate, adding, own_direction
from workbench.types import Pole

TIER = "T1"


def attack(arena: Arena, toward: Pole) -> list[Candidate]:
    """What a defence of one direction cannot see, found by gradient."""
    axis = own_direction(arena, toward).vector
    vector = ascend(arena, toward, arena.home, axis=axis)
    return [Candidate(f"orthogonal gradient, layer {arena.home}", adding(vector, arena.home, "orthogonal gradient"))]
