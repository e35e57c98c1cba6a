"""Other ways to make a vector at the defence's layer: one pole alone, LDA, a reading vector, a cue, one pair."""

from typing import Any

from workbench.attacks.arena import Arena
from workbench.attacks.candidates import Candidate, those_that_can
from workbench.controls import find_method
from workbench.types import Pole

TIER = "T1"
WAYS = (("add", "instruction"), ("add_pole", ""), ("negate", ""), ("lda", ""), ("reading_vector", ""), ("actadd", ""))


def attack(arena: Arena, toward: Pole) -> list[Candidate]:
    """Each fitted on the defended model; ways that the concept has no data for are left out."""
    return those_that_can([(label(*way, arena), lambda w=way: control(w, arena, toward)) for way in WAYS])


def label(method: str, prompts: str, arena: Arena) -> str:
    """As "lda, layer 1"."""
    return f"{method}{' of ' + prompts if prompts else ''}, layer {arena.home}"


def control(way: tuple[str, str], arena: Arena, toward: Pole) -> Any:
    """The control method of one way at the defence's layer."""
    method, prompts = way
    options = {"prompt_type": prompts} if prompts else {}
    return find_method(method)(arena.model, arena.fit, toward, layers=[arena.home], **options)
