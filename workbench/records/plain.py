"""Values as any JSON reader can open them, and back."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.types import Effect, WorkbenchError


def plain(value: Any, where: str = "record") -> Any:
    """The JSON form of a value: every part of it text, a finite number, a list or an object.

    An :class:`Effect` becomes ``{"$effect": {...}}`` and NaN and the infinities ``{"$float": "nan"}``, so that any
    JSON reader can open the file. Raises WorkbenchError for what has no such form.
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float) and not np.isfinite(value):
        return {"$float": str(value)}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Effect):
        return {"$effect": {k: plain(v, where) for k, v in vars(value).items()}}
    if isinstance(value, Mapping):
        return {str(k): plain(v, f"{where}.{k}") for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v, f"{where}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise WorkbenchError(f"{where} holds a {type(value).__name__}; expected numbers, text, Effect, lists or dicts")


def unplain(value: Any) -> Any:
    """Undo :func:`plain` (tuples come back as lists)."""
    if isinstance(value, list):
        return [unplain(v) for v in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"$float"}:
        return float(value["$float"])
    if set(value) == {"$effect"}:
        return Effect(**unplain(value["$effect"]))
    return {k: unplain(v) for k, v in value.items()}
