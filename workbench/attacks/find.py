"""Attacks by name: a file of this folder, a control method, or any function as ``module:function``."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.attacks.arena import Arena
from workbench.attacks.candidates import Candidate
from workbench.controls import find_method, method_names
from workbench.types import Pole, WorkbenchError

Search = Callable[[Arena, Pole], Sequence[Candidate]]
# access that an attack needs: T0 a prompt, T1 an added vector, T2 a rank-r edit, T3 fine-tuning, T4 the weights
TIERS = ("T0", "T1", "T2", "T3", "T4")
PROMPTS = ("instruction", "persona", "few_shot", "in_context_edit", "veto")
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
    ``TIER``, or T1. WorkbenchError for an unknown name.
    """
    if name in attack_names():
        module = importlib.import_module(f"{__package__}.{name}")
        return Attack(name, module.TIER, module.attack)
    if name in method_names():
        return Attack(name, "T0" if name in PROMPTS else "T1", by_method(name))
    path, colon, function = name.partition(":")
    if not colon:
        known = ", ".join([*attack_names(), *method_names()])
        raise WorkbenchError(f"attack {name!r} is unknown; expected one of {known}, or module:function")
    try:
        module = importlib.import_module(path)
        return Attack(name, getattr(module, "TIER", "T1"), getattr(module, function))
    except (ImportError, AttributeError) as error:
        raise WorkbenchError(f"attack {name!r} cannot be loaded: {error}; expected module:function") from None


def by_method(name: str) -> Search:
    """The attack that is one control method."""
    method = find_method(name)
    return lambda arena, toward: [Candidate(name, method(arena.model, arena.fit, toward))]
