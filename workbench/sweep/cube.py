"""A sweep on disk: the numbers as safetensors, the axes and the source as JSON beside them."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from workbench.types import Site, SweepCube, WorkbenchError


def save_cube(cube: SweepCube, path: str | Path) -> Path:
    """Writes ``path``.safetensors and ``path``.json, each aside and then renamed; returns the JSON's path.

    The JSON names the sha256 of the numbers, so that halves of two cubes are never read as one. Its source must be
    plain JSON.
    """
    from safetensors.numpy import save

    numbers, axes = _paths(path)
    data = save({"values": np.ascontiguousarray(cube.values, dtype=np.float64)})
    about = {
        "format": "workbench sweep 1", "prompts": cube.prompts, "groups": cube.groups,
        "sites": [{"layer": s.layer, "stream": s.stream, "head": s.head} for s in cube.sites],
        "directions": cube.directions, "multipliers": cube.multipliers, "source": dict(cube.source),
        "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
    text = json.dumps(about, ensure_ascii=False, indent=1)
    numbers.parent.mkdir(parents=True, exist_ok=True)
    _replace(numbers, lambda aside: aside.write_bytes(data))
    _replace(axes, lambda aside: aside.write_text(text, encoding="utf-8"))
    return axes


def load_cube(path: str | Path) -> SweepCube:
    """What :func:`save_cube` wrote; a WorkbenchError where a part is missing, damaged or of another cube."""
    from safetensors.numpy import load

    numbers, axes = _paths(path)
    for part in (numbers, axes):
        if not part.is_file():
            raise WorkbenchError(f"sweep {str(path)!r} lacks {part.name}; expected the two files that save_cube writes")
    try:
        about = json.loads(axes.read_text(encoding="utf-8"))
        data = numbers.read_bytes()
        whole = hashlib.sha256(data).hexdigest() == about["sha256"]
        sites = tuple(Site(**site) for site in about["sites"])
        named = [tuple(about[key]) for key in ("prompts", "groups", "directions", "multipliers")]
    except (ValueError, KeyError, TypeError) as error:
        raise WorkbenchError(f"{axes} is not a sweep of this workbench ({error}); run the sweep again") from error
    if not whole:
        raise WorkbenchError(f"{numbers} does not belong to {axes.name} (its sha256 differs); run the sweep again")
    prompts, groups, directions, multipliers = named
    return SweepCube(load(data)["values"], prompts, groups, sites, directions, multipliers, about["source"])


def _paths(path: str | Path) -> tuple[Path, Path]:
    base = Path(path)
    base = base.with_suffix("") if base.suffix in (".json", ".safetensors") else base
    return base.with_name(base.name + ".safetensors"), base.with_name(base.name + ".json")


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
