"""Random search: directions drawn at every layer, both signs tried, the best one improved by random steps."""

import torch

from workbench.attacks.arena import Arena
from workbench.attacks.candidates import Candidate, adding
from workbench.types import Pole

TIER = "T1"
STEP = 0.7  # length of a random step against the unit vector it changes


def attack(arena: Arena, toward: Pole) -> list[Candidate]:
    """``draws`` directions, each with both signs, then as many steps from the best; the same draws for both poles."""
    random, layers = torch.Generator().manual_seed(arena.effort.seed), arena.layers
    found: list[tuple[float, int, torch.Tensor]] = []
    for draw in range(arena.effort.draws):
        vector, layer = unit(arena, random), layers[draw % len(layers)]
        found += [(tried(arena, sign * vector, layer, toward), layer, sign * vector) for sign in (1, -1)]
    best = max(found, key=lambda one: one[0])
    for _ in range(arena.effort.draws):
        vector = best[2] + STEP * unit(arena, random)
        vector = vector / vector.norm()
        best = max(best, (tried(arena, vector, best[1], toward), best[1], vector), key=lambda one: one[0])
    return [Candidate(f"random search, layer {best[1]}", adding(best[2], best[1], "random search"))]


def unit(arena: Arena, random: torch.Generator) -> torch.Tensor:
    """A direction uniform on the sphere."""
    drawn = torch.randn(arena.bare.d_model, generator=random, dtype=torch.float64)
    return drawn / drawn.norm()


def tried(arena: Arena, vector: torch.Tensor, layer: int, toward: Pole) -> float:
    """The gain of a direction at about the whole budget."""
    control = adding(vector, layer, "random search")
    return arena.gain(control, arena.strength(control, exact=False), toward)
