"""Attacks by name: a file of this folder, a control method, or any function as ``module:function``."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.attacks.access import TIERS, tier_of
from workbench.attacks.arena import Arena
from workbench.attacks.candidates import Candidate, those_that_can
from workbench.controls import find_method, method_names
from workbench.controls.find import method_name, trains
from workbench.types import Pole, WorkbenchError

Search = Callable[[Arena, Pole], Sequence[Candidate]]
RATES = (1.0, 10.0)  # times a training's own rate: what holds at one rate need not hold at ten times it
# in order of what the attacker needs, then of how hard it tries
LADDER = ("instruction", "few_shot", "in_context_edit", "random_phrases", "trigger_search", "known", "recomputed",
          "extractors", "elsewhere", "orthogonal_complement", "random_search", "gradient",
          "gradient_orthogonal")  # fmt: skip


@dataclass(frozen=True)
class Attack:
    """A named attack: the access it needs (``tier``) and the function that offers candidates for a pole."""

    name: str
    tier: str
    search: Search


def attack_names() -> tuple[str, ...]:
    """The attacks of this folder."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return tuple(f.stem for f in files if "\ndef attack(" in f.read_text(encoding="utf-8"))


def find_attack(name: str) -> Attack:
    """An attack by name; a control method becomes the attack that fits it on the defended model.

    A function ``module:function`` has the signature ``(arena, toward) -> candidates``; its tier is its module's
    ``TIER``, or T1; the ladder raises either where more access was used. WorkbenchError for an unknown name.
    """
    if name in attack_names():
        module = importlib.import_module(f"{__package__}.{name}")
        return Attack(name, module.TIER, module.attack)
    if method_name(name) in method_names():
        return Attack(method_name(name), tier_of(name), by_method(method_name(name)))
    path, colon, function = name.partition(":")
    if not colon:
        known = ", ".join([*attack_names(), *method_names()])
        raise WorkbenchError(f"attack {name!r} is unknown; expected one of {known}, or module:function")
    try:
        module = importlib.import_module(path)
        search, tier = getattr(module, function), getattr(module, "TIER", "T1")
    except (ImportError, AttributeError) as error:
        raise WorkbenchError(f"attack {name!r} cannot be loaded: {error}; expected module:function") from None
    if tier not in TIERS:
        raise WorkbenchError(f"attack {name!r} says TIER = {tier!r}; expected one of {', '.join(TIERS)}")
    return Attack(name, tier, search)


def by_method(name: str) -> Search:
    """The attack that is one control method; a training is tried at each of :data:`RATES` times its own rate."""
    method = find_method(name)
    own = getattr(importlib.import_module(method.__module__), "DEFAULTS", {}).get("rate", 0.0)
    if not (trains(name) and own):
        return lambda arena, toward: [Candidate(name, method(arena.model, arena.fit, toward))]

    def attack(arena: Arena, toward: Pole) -> list[Candidate]:
        return those_that_can([
            (f"{name}, rate {own * times:g}",
             lambda rate=own * times: method(arena.model, arena.fit, toward, rate=rate, seed=arena.effort.seed))
            for times in RATES
        ])  # fmt: skip

    return attack
