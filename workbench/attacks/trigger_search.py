"""Trigger search: a cue behind each phrase of a declared set; finds a trigger only if it is one of them."""

from workbench.attacks.arena import Arena
from workbench.attacks.candidates import Candidate
from workbench.attacks.triggers import PHRASES, with_phrases
from workbench.types import Pole

TIER = "T0"


def attack(arena: Arena, toward: Pole) -> list[Candidate]:
    """One candidate per declared phrase; hold it against ``random_phrases``, which has as many."""
    return with_phrases(arena, toward, PHRASES)
