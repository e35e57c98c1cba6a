"""What a name in a study's settings stands for: code of others, or weights in a folder, which change under one name."""

import hashlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def stands_for(value: Any) -> list[str]:
    """Digests of what the strings in a value name: the source of ``module:function``, the safetensors of a folder.

    Empty where they name nothing of the kind (a method of the package, a concept, a hub name): those are known by
    their name, or have a digest of their own.
    """
    if isinstance(value, Mapping):
        return [found for key in sorted(value) for found in stands_for(value[key])]
    if isinstance(value, list | tuple):
        return [found for one in value for found in stands_for(one)]
    if not isinstance(value, str):
        return []
    files = [path for path in (source_of(value), *weights_in(value)) if path is not None]
    return [hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in files]


def source_of(name: str) -> Path | None:
    """The file of the module in ``module:function``; None for any other name, and for a module that is not there."""
    module, colon, _ = name.partition(":")
    try:
        spec = find_spec(module) if colon and module else None
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec is not None and spec.origin and Path(spec.origin).is_file() else None


def weights_in(name: str) -> list[Path]:
    """The safetensors of a folder, in order of name."""
    try:
        return sorted(Path(name).glob("*.safetensors")) if name and Path(name).is_dir() else []
    except (OSError, ValueError):  # no path at all
        return []
