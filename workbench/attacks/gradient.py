"""A shared vector optimised by gradient through the defended model, at every layer."""

from workbench.attacks.arena import Arena
from workbench.attacks.ascent import ascend
from workbench.attacks.candidates import Candidate, adding, those_that_can
from workbench.types import Pole

TIER = "T1"


def attack(arena: Arena, toward: Pole) -> list[Candidate]:
    """Needs the gradients of the defended model for its search, and only an added vector to be carried out."""
    return those_that_can([
        (f"gradient, layer {layer}", lambda at=layer: adding(ascend(arena, toward, at), at, "gradient"))
        for layer in arena.layers
    ])  # fmt: skip
