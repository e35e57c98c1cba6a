"""Low-rank adapters (LoRA, arXiv 2106.09685) through peft: put into a module, read, merged."""

import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from workbench.training.trajectory import State
from workbench.types import WorkbenchError


def adapted(module: Any, rank: int, seed: int) -> Any:
    """Adapters W + 2 B A of a rank on every matrix inside the blocks of ``module``, in place; only they are trained.

    B is zero, so that nothing has changed yet; A is drawn with the seed. Returns peft's wrapper. Raises WorkbenchError
    for a rank below 1, or without peft.
    """
    if rank < 1:
        raise WorkbenchError(f"an adapter got rank {rank}; expected 1 or more")
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError:
        raise WorkbenchError("low-rank adapters need peft, which is not installed: pip install peft") from None
    from transformers.pytorch_utils import Conv1D

    turned = any(isinstance(part, Conv1D) for part in module.modules())
    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules="all-linear", lora_dropout=0.0, bias="none", fan_in_fan_out=turned
    )
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of peft's, about names of transformers
        torch.manual_seed(seed)
        return get_peft_model(module, config)


def merged(wrapper: Any) -> Any:
    """The module with its adapters added to its weights: as it was before, but for their values."""
    return wrapper.merge_and_unload()


def put(module: Any, state: State) -> Any:
    """``module`` (fresh) with the adapters of a state, unmerged. WorkbenchError where they do not fit."""
    rank = min((len(weight) for name, weight in state.items() if "lora_A" in name), default=0)
    wrapper = adapted(module, rank, 0)
    refill(module, state)
    return wrapper


def refill(module: Any, state: State) -> None:
    """Other values for adapters that are there. WorkbenchError where they do not fit."""
    places = {name: p for name, p in module.named_parameters() if p.requires_grad}
    if {n: p.shape for n, p in places.items()} != {n: w.shape for n, w in state.items()}:
        raise WorkbenchError("adapters do not fit this model; expected the one they were trained on, or its like")
    with torch.no_grad():
        for name, place in places.items():
            place.copy_(state[name])


def adapter_norms(module: Any, states: Mapping[int, State]) -> dict[int, float]:
    """:func:`adapter_norm` of every state, through a fresh module."""
    put(module, states[0])
    norms = {}
    for step, state in states.items():
        refill(module, state)
        norms[step] = adapter_norm(module)
    return norms


def adapter_norm(module: Any) -> float:
    """‖ΔW‖_F / ‖W‖_F over the adapted matrices together."""
    moved, whole = 0.0, 0.0
    for part in module.modules():
        if hasattr(part, "get_delta_weight"):
            for name in part.lora_A:
                moved += _square(part.get_delta_weight(name))
            whole += _square(part.get_base_layer().weight)
    return (moved / whole) ** 0.5


def _square(weight: Tensor) -> float:
    return float(weight.detach().double().square().sum())
