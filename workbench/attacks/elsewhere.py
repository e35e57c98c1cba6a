"""Other sites: the mean difference at every layer, everywhere or at the end of the prompt only."""

from workbench.attacks.arena import Arena
from workbench.attacks.candidates import Candidate, those_that_can
from workbench.controls import find_method
from workbench.types import Pole

TIER = "T1"
PLACES = ("all", "after_prompt")


def attack(arena: Arena, toward: Pole) -> list[Candidate]:
    """Fitted on the defended model, at every place but the defence's own."""
    add = find_method("add")
    places = [(layer, where) for layer in arena.layers for where in PLACES if (layer, where) != (arena.home, "all")]
    return those_that_can([
        (f"mean difference, layer {layer}, {where}",
         lambda at=(layer, where): add(arena.model, arena.fit, toward, layers=[at[0]], where=at[1]))
        for layer, where in places
    ])  # fmt: skip
