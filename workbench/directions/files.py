"""Directions on disk, and directions from dictionaries (sparse autoencoders) that others trained."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from workbench.store import temporary_in
from workbench.types import Direction, Site, WorkbenchError

FORMAT = "workbench direction 1"
# Decoder matrices by the names in use, and whether a feature is a row of them (a torch Linear holds columns).
_DECODERS = {"W_dec": True, "decoder.weight": False, "decoder": True, "dictionary": True}


def save(direction: Direction, path: Path | str) -> Path:
    """Write one direction as safetensors; gap, site, method and source go into the file's metadata. Atomic."""
    path = Path(path)
    about = {"gap": direction.gap, "site": asdict(direction.site), "method": direction.method,
             "source": dict(direction.source)}
    try:
        metadata = {"format": FORMAT, "direction": json.dumps(about)}
    except TypeError as error:
        raise WorkbenchError(f"source of the direction cannot be written as JSON ({error}); "
                             "keep to text, numbers and lists") from None
    with temporary_in(path.parent) as temporary:
        save_file({"vector": direction.vector.detach().cpu().contiguous()}, temporary, metadata)
        os.replace(temporary, path)
    return path


def load(path: Path | str, model_digest: str | None = None) -> Direction:
    """Read what :func:`save` wrote. With ``model_digest`` a direction of another model is refused."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            vector = file.get_tensor("vector")
        if metadata.get("format") != FORMAT:
            raise WorkbenchError(f"format is {metadata.get('format')!r}")
        about = json.loads(metadata["direction"])
        direction = Direction(vector, about["gap"], Site(**about["site"]), about["method"], about["source"])
    except (OSError, SafetensorError, KeyError, ValueError, TypeError, WorkbenchError) as error:
        reason = str(error).splitlines()[0]
        raise WorkbenchError(f"{path} is not a direction file ({reason}); expected one written by save") from None
    check_model(direction, model_digest, str(path))
    return direction


def check_model(direction: Direction, model_digest: str | None, what: str = "direction") -> None:
    """Raise WorkbenchError unless ``direction`` was fitted on the model of that digest (None: any will do)."""
    own = direction.source.get("model")
    if model_digest is not None and own != model_digest:
        raise WorkbenchError(f"{what} was fitted on model {own}, expected model {model_digest}; fit it on this model, "
                             "or load it without model_digest to transplant it knowingly")


def from_dictionary(path: Path | str, feature: int | str, site: Site, *, tensor: str | None = None,
                    gap: float | None = None) -> Direction:
    """A feature of a dictionary, or a named vector, from a .safetensors or .npz file.

    ``feature`` is a number in the decoder matrix, or the name of a one-axis tensor. The decoder is ``tensor``, else
    "W_dec", "decoder.weight" (a torch Linear: features are columns), "decoder" or "dictionary", else the only
    two-axis tensor of the file. ``gap`` is what multiplier 1.0 adds; by default the length the vector has in the file.
    """
    path = Path(path)
    tensors = _tensors(path)
    if isinstance(feature, str):
        name, vector = feature, tensors.get(feature)
        if vector is None or vector.ndim != 1:
            named = ", ".join(k for k, v in tensors.items() if v.ndim == 1) or "none"
            raise WorkbenchError(f"{path} has no vector named {feature!r}; one-axis tensors there: {named}")
    else:
        name, decoder = _decoder(tensors, tensor, path)
        if not 0 <= feature < len(decoder):
            raise WorkbenchError(f"feature {feature} is not in {name} of {path}; it has {len(decoder)}, counted from 0")
        vector = decoder[feature]
    norm = float(vector.double().norm())
    if not 0 < norm < float("inf"):
        raise WorkbenchError(f"{name} {feature} of {path} has norm {norm:g}; choose a feature that is alive")
    source = {"file": path.name, "tensor": name, "feature": feature}
    return Direction((vector.double() / norm).float(), norm if gap is None else gap, site, "dictionary", source)


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                return {k: torch.from_numpy(arrays[k]) for k in arrays.files if arrays[k].dtype.kind == "f"}
        with safe_open(path, framework="pt") as file:
            return {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118 (the file is no mapping)
    except (OSError, ValueError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise WorkbenchError(f"{path} cannot be read ({reason}); expected a .safetensors or .npz dictionary") from None


def _decoder(tensors: dict[str, Tensor], name: str | None, path: Path) -> tuple[str, Any]:
    matrices = [k for k, v in tensors.items() if v.ndim == 2]
    found = [k for k in ([name] if name else _DECODERS) if k in matrices] or ([] if name else matrices)
    if len(found) != 1 and not (found and found[0] in _DECODERS):
        raise WorkbenchError(f"{path} has no clear decoder matrix; name one with tensor= (two-axis tensors there: "
                             f"{', '.join(matrices) or 'none'})")
    chosen = found[0]
    return chosen, tensors[chosen] if _DECODERS.get(chosen, True) else tensors[chosen].T
