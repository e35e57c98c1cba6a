"""The plan of a benchmark: which methods run on which concepts of which organisms, and how long that takes."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from workbench.concepts import data_root, list_concepts
from workbench.types import WorkbenchError, digest_of

WEIGHTS = ("config.json", "model.safetensors")
EXTRA = ("background", "off_axis", "frames")  # seconds that are not a method's


@dataclass(frozen=True)
class Part:
    """One rectangle of the benchmark: methods × concepts on each of some organisms.

    No ``concepts``: all of the organism's own world, or all shipped value and placebo sets. ``items``, ``off_axis`` and
    ``frames`` are the symmetry study's settings (``frames`` None: its default).
    """

    name: str
    organisms: tuple[str, ...]
    methods: tuple[str, ...]
    concepts: tuple[str, ...] = ()
    items: int = 0
    off_axis: int = 6
    frames: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Plan:
    """A plan as read from its TOML file; ``digest`` is that of the whole content, comments aside.

    ``seconds`` are CPU seconds of one cell by method, and of the parts of a cell that are no method's.
    """

    name: str
    digest: str
    protocol: str
    minutes: float
    processes: int
    parts: tuple[Part, ...]
    seconds: Mapping[str, float]

    def jobs(self, parts: tuple[str, ...] = (), organisms: tuple[str, ...] = ()) -> list[tuple[str, Part]]:
        """(organism, part) in order; all, or those of the named parts and organisms (WorkbenchError for an unknown)."""
        self._known("part", parts, [part.name for part in self.parts])
        self._known("organism", organisms, [name for part in self.parts for name in part.organisms])
        return [
            (name, part) for part in self.parts if not parts or part.name in parts
            for name in part.organisms if not organisms or name in organisms
        ]  # fmt: skip

    def _known(self, what: str, asked: tuple[str, ...], there: list[str]) -> None:
        strange = next((name for name in asked if name not in there), None)
        if strange is not None:
            known = ", ".join(dict.fromkeys(there))
            raise WorkbenchError(f"{what} {strange!r} is not in the plan {self.name}; expected some of {known}")

    def cost(self, organism: str, part: Part) -> float:
        """CPU seconds of a part on one core, before anything is cached; a method without a figure costs as the dearest.

        The figures are of one organism and one machine: an estimate to choose sizes by, not a promise.
        """
        dearest = max(seconds for name, seconds in self.seconds.items() if name not in EXTRA)
        each = self.seconds.get("background", 0.0) + sum(self.seconds.get(name, dearest) for name in part.methods)
        each += len(part.methods) * self.seconds.get("off_axis", 0.0) * bool(part.off_axis)
        asked = part.frames is None or len(part.frames) > 0
        each += len(part.methods) * self.seconds.get("frames", 0.0) * asked
        return each * (len(part.concepts) or count_concepts(organism))


def load_plan(name_or_path: str) -> Plan:
    """A shipped plan by name ("symmetry-v1"), or a TOML file of that form.

    WorkbenchError where the file is missing or broken, or a part lacks organisms or methods or has an unknown key.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = data_root() / "benchmarks" / f"{name_or_path}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        known = ", ".join(sorted(p.stem for p in (data_root() / "benchmarks").glob("*.toml")))
        raise WorkbenchError(f"plan {name_or_path!r} is unknown; expected one of {known}, or a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkbenchError(f"plan {path.name} is no TOML: {error}") from None
    try:
        return _plan(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WorkbenchError(f"plan {path.name} lacks or misspells {error}; compare with symmetry-v1") from None


def _plan(content: Mapping[str, Any]) -> Plan:
    seconds = {name: float(value) for name, value in content["seconds"].items()}
    if not any(name not in EXTRA and value > 0 for name, value in seconds.items()):
        raise WorkbenchError(f"plan {content['name']} gives no method's seconds; expected some, as [seconds] add = 7")
    return Plan(
        name=content["name"],
        digest=digest_of(content),
        protocol=content["protocol"],
        minutes=float(content["minutes"]),
        processes=int(content["processes"]),
        parts=tuple(_part(name, values) for name, values in content["parts"].items()),
        seconds=seconds,
    )


def _part(name: str, values: Mapping[str, Any]) -> Part:
    known = [field.name for field in fields(Part) if field.name != "name"]
    strange = next((key for key in values if key not in known), None)
    if strange is not None:
        raise WorkbenchError(f"part {name!r} has the key {strange!r}; expected some of {', '.join(known)}")
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    for key in ("organisms", "methods"):
        if not given.get(key):
            raise WorkbenchError(f"part {name!r} names no {key}; expected a list of at least one")
    return Part(name, **given)


def folder_of(organism: str) -> Path:
    """The folder of an organism: a built-in one by name, or a folder by its path."""
    path = Path(organism)
    return path if path.is_dir() else data_root() / "organisms" / organism


def without_weights(organism: str) -> str:
    """Why an organism cannot be measured, in one line; empty where it has weights."""
    folder = folder_of(organism)
    if all((folder / name).exists() for name in WEIGHTS):
        return ""
    if (folder / "recipe.toml").exists():
        return f"no weights yet; train them: workbench train-organism {organism}"
    return f"no such organism: expected a built-in one, or a folder with {' and '.join(WEIGHTS)}"


def count_concepts(organism: str) -> int:
    """How many concepts an organism is measured on where none is named."""
    world = folder_of(organism) / "world.toml"
    if world.exists():
        return len(read(world)["axes"])
    recipe = folder_of(organism) / "recipe.toml"
    if recipe.exists() and read(recipe).get("data", {}).get("world") == "microworld":
        return sum(len(read(data_root() / "microworld" / f"{kind}.toml")) for kind in ("values", "placebos"))
    return len(list_concepts("value")) + len(list_concepts("placebo"))


def read(path: Path) -> dict[str, Any]:
    """The content of a TOML file of ours."""
    return tomllib.loads(path.read_text(encoding="utf-8"))
