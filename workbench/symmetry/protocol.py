"""A versioned protocol: everything that decides the numbers of a symmetry study, but model, methods and concepts."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.concepts import data_root
from workbench.symmetry.placebo import NEEDED
from workbench.symmetry.responses import COSTS
from workbench.types import WorkbenchError, digest_of

KINDS = ("norm", "kl", "examples")
PROMPTS = {"items": "bare", "cue": "instruction"}
SIZES = ("fit", "items", "neutral", "choices")


@dataclass(frozen=True)
class Protocol:
    """A protocol as read from its TOML file; ``digest`` is that of the whole content, comments aside."""

    name: str
    digest: str
    seed: int
    shares: tuple[float, ...]
    sizes: Mapping[str, int]
    budgets: Mapping[str, tuple[float, ...]]
    caps: Mapping[str, float]
    margin: float
    placebos: int
    draws: int
    methods: tuple[str, ...]
    options: Mapping[str, Mapping[str, Any]]
    attacks: tuple[str, ...]


def load_protocol(name_or_path: str) -> Protocol:
    """A shipped protocol by name ("symmetry-v1"), or a TOML file of that form.

    WorkbenchError where the file is missing or broken, lacks a section, or holds a budget that cannot be spent.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = data_root() / "protocols" / f"{name_or_path}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        known = sorted(p.stem for p in (data_root() / "protocols").glob("*.toml"))
        raise WorkbenchError(
            f"protocol {name_or_path!r} is unknown; expected one of {', '.join(known)}, or a TOML file"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkbenchError(f"protocol {path.name} is no TOML: {error}") from None
    try:
        return _protocol(content)
    except (KeyError, TypeError, ValueError) as error:
        raise WorkbenchError(f"protocol {path.name} lacks or misspells {error}; compare with symmetry-v1") from None


def _protocol(content: Mapping[str, Any]) -> Protocol:
    budgets = {kind: _levels(kind, levels) for kind, levels in content["budgets"].items()}
    unknown = [kind for kind in budgets if kind not in KINDS]
    if unknown:
        raise WorkbenchError(f"budget {unknown[0]!r} is unknown; expected some of {', '.join(KINDS)}")
    inference = content["inference"]
    _said(content.get("prompts", {}), inference)
    return Protocol(
        name=content["name"],
        digest=digest_of(content),
        seed=int(content["seed"]),
        shares=tuple(float(share) for share in content["splits"]["shares"]),
        sizes={name: int(content["sizes"][name]) for name in SIZES},
        budgets=budgets,
        caps={name: float(content["caps"][name]) for name in COSTS},
        margin=float(inference["margin"]),
        placebos=int(inference.get("placebos", NEEDED)),
        draws=int(inference["draws"]),
        methods=tuple(content["methods"]["default"]),
        options=dict(content.get("options", {})),
        attacks=tuple(content.get("attacks", {}).get("ladder", ())),
    )


def _said(prompts: Mapping[str, Any], inference: Mapping[str, Any]) -> None:
    """Refuses what a protocol may say and no study does: a setting must not change a digest and nothing else."""
    for name, value in prompts.items():
        if PROMPTS.get(name) != value:
            known = ", ".join(f"{key} = {one!r}" for key, one in PROMPTS.items())
            raise WorkbenchError(f"prompts {name} = {value!r} cannot be asked for; expected {known}")
    if int(inference.get("placebos", NEEDED)) < NEEDED:
        raise WorkbenchError(
            f"{inference['placebos']} placebos cannot give a 95 % quantile; expected at least {NEEDED}"
        )


def _levels(kind: str, levels: Any) -> tuple[float, ...]:
    """Budgets, ascending; refuses any that cannot be spent."""
    found = [level for level in levels if isinstance(level, int | float) and np.isfinite(level) and level > 0]
    if len(found) != len(levels) or not found:
        raise WorkbenchError(f"budgets {kind} = {levels} cannot all be spent; expected positive numbers")
    return tuple(sorted(float(level) for level in found))
