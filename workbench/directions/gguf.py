"""Directions as GGUF control vectors, which llama.cpp (``--control-vector``) and repeng read.

The format: ``general.architecture`` is "controlvector", ``controlvector.model_hint`` names the architecture
("llama", "qwen2", ...), ``controlvector.layer_count`` counts the tensors, and the float32 tensor ``direction.<layer>``
is added to the output of that block, 0-based like :class:`~workbench.types.Site`. llama.cpp has no slot for block 0.
A vector is written at the length that multiplier 1.0 adds, so llama.cpp's scale 1.0 is our multiplier 1.0.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from workbench.store import temporary_in
from workbench.types import Direction, Site, WorkbenchError

ARCHITECTURE = "controlvector"
# Ours, ignored by other readers: method and source of every layer, as JSON.
_ABOUT = "workbench.directions"


def write_gguf(directions: Iterable[Direction], path: Path | str, model_hint: str) -> Path:
    """Write one direction per layer; atomic. ``model_hint`` is the model's type in its config ("llama").

    Raises WorkbenchError for a direction that is not at ``resid_post``, for block 0, and for two at one layer.
    """
    import gguf

    by_layer: dict[int, Direction] = {}
    for direction in directions:
        _check_writable(direction, by_layer)
        by_layer[direction.site.layer] = direction
    if not by_layer:
        raise WorkbenchError("no direction to write; expected at least one")
    about = {layer: {"method": d.method, "source": dict(d.source)} for layer, d in by_layer.items()}
    path = Path(path)
    with temporary_in(path.parent) as temporary:
        writer = gguf.GGUFWriter(temporary, ARCHITECTURE)
        writer.add_string(f"{ARCHITECTURE}.model_hint", model_hint)
        writer.add_uint32(f"{ARCHITECTURE}.layer_count", len(by_layer))
        writer.add_string(_ABOUT, json.dumps(about, default=str))
        for layer, direction in sorted(by_layer.items()):
            step = direction.vector.detach().cpu().double() * direction.gap
            writer.add_tensor(f"direction.{layer}", step.float().numpy())
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        os.replace(temporary, path)
    return path


def read_gguf(path: Path | str) -> list[Direction]:
    """The directions of a control-vector file by layer, at ``Site(layer)``; a vector's length becomes its gap."""
    import gguf

    try:
        reader = gguf.GGUFReader(path)
    except (OSError, ValueError, IndexError) as error:
        raise WorkbenchError(f"{path} is not a GGUF file ({error}); expected a control vector") from None
    fields = {name: field.contents() for name, field in reader.fields.items()}
    if fields.get("general.architecture") != ARCHITECTURE:
        raise WorkbenchError(f"{path} is a GGUF file of {fields.get('general.architecture')!r}; "
                             "expected a control vector")
    about = json.loads(fields.get(_ABOUT, "{}"))
    hint, directions = fields.get(f"{ARCHITECTURE}.model_hint", ""), []
    for tensor in reader.tensors:
        name, _, layer = tensor.name.partition(".")
        if name != "direction" or not layer.isdigit():
            continue
        vector = torch.from_numpy(np.array(tensor.data, dtype=np.float64).reshape(-1))
        norm = float(vector.norm())
        if norm == 0:  # a layer that other writers fill up with zeros adds nothing
            continue
        known = {"method": "gguf", "source": {"file": Path(path).name}} | about.get(layer, {})
        source = known["source"] | {"model_hint": hint}
        directions.append(Direction((vector / norm).float(), norm, Site(int(layer)), known["method"], source))
    return sorted(directions, key=lambda direction: direction.site)


def _check_writable(direction: Direction, written: dict[int, Direction]) -> None:
    site = direction.site
    if site.stream != "resid_post" or site.layer < 1:
        raise WorkbenchError(f"direction at {site} cannot be a control vector; "
                             "llama.cpp adds at resid_post of layers >= 1")
    if site.layer in written:
        raise WorkbenchError(f"two directions at {site}; a control vector holds one per layer: write two files")
