"""Where a model's weights are: on one device, or split over several by a HuggingFace device map.

In a split model every block moves what it is given to its own device (accelerate sees to that). What leaves the blocks
is brought home, to the device of the embedding, where prompts, masks and readings are.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from workbench.types import WorkbenchError

Device = str | torch.device | Mapping[str, Any] | None


def is_map(device: Device) -> bool:
    """Whether ``device`` asks for a HuggingFace device map: "auto" and its like, or a mapping of modules to devices."""
    return isinstance(device, Mapping) or device in ("auto", "balanced", "balanced_low_0", "sequential")


def is_split(model: Any) -> bool:
    """Whether the model's blocks are on several devices."""
    places = getattr(model.bridge.original_model, "hf_device_map", None) or {}
    return len({str(place) for place in places.values()}) > 1


def home(model: Any, tensor: Tensor) -> Tensor:
    """The tensor on the device where prompts and readings are."""
    return tensor.to(model.device)


def beside(tensor: Tensor, module: torch.nn.Module) -> Tensor:
    """The tensor on the device of a module's weights."""
    return tensor.to(next(iter(module.parameters()), tensor).device)


def whole(model: Any, what: str) -> None:
    """A WorkbenchError where the model is split, for what mixes the weights or streams of several layers."""
    if is_split(model):
        raise WorkbenchError(f"{what} got {model.name}, whose blocks are on several devices; expected one: load it "
                             "without a device map, in a smaller dtype, or on a device with more memory")


def check_place(module: torch.nn.Module, name: str) -> None:
    """A WorkbenchError unless all weights are on devices: a device map may leave some in main memory or on disk."""
    places = {str(weight.device) for weight in module.parameters()}
    mapped = {str(place) for place in (getattr(module, "hf_device_map", None) or {}).values()}
    away = "meta" in places or len(places) > 1 and bool({"cpu", "disk"} & mapped)
    if away or len(places) > 1 and not mapped:
        raise WorkbenchError(f"weights of {name} are on {', '.join(sorted(places | mapped))}; expected one device, or "
                             "several by a device map that leaves none in main memory or on disk: use a smaller dtype, "
                             "or devices with more memory")
