"""Control of the trigger search: a cue behind as many random phrases, none of which is a trigger."""

from workbench.attacks.arena import Arena
from workbench.attacks.candidates import Candidate
from workbench.attacks.triggers import PHRASES, random_phrases, with_phrases
from workbench.types import Pole

TIER = "T0"


def attack(arena: Arena, toward: Pole) -> list[Candidate]:
    """What any phrase does: a defence that gives way to these is brittle, not triggered."""
    return with_phrases(arena, toward, random_phrases(len(PHRASES), arena.effort.seed))
