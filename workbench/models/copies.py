"""A model's weights in a HuggingFace module of their own, to be trained there, and the way back to a model.

Wrapping changes a module in place, and some of the wrapped module's weights are copies that no pass reads. So training
happens on a module that was never wrapped, and the wrapping comes after.
"""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch

from workbench.models.batch import pad
from workbench.models.exclusive import exclusive
from workbench.models.loading import wrap
from workbench.models.model import Model
from workbench.models.placement import whole
from workbench.models.run import forward
from workbench.types import WorkbenchError

WRAPPER = "_original_component."
PROBE_TOKENS = 8


def copied_module(model: Model) -> Any:
    """A fresh, unwrapped HuggingFace module with the model's weights as they are now, in its dtype and place, in eval.

    It shares no tensor with the model. Hooks and turns are no part of a module. Its logits are compared with the
    model's: a WorkbenchError where they differ, for folded weights, and for a bridge without a HuggingFace module.
    """
    whole(model, "training")
    inner: Any = getattr(model.bridge, "original_model", None)
    if model.weights_mode != "raw" or not hasattr(inner, "set_attn_implementation"):
        raise WorkbenchError(
            f"{model.name} ({type(inner).__name__}, {model.weights_mode} weights) cannot be copied for training; "
            "expected raw weights of a HuggingFace module: load it from its folder"
        )
    # building a module draws random weights, which must not move anyone else's random numbers
    with torch.random.fork_rng(devices=[]):
        module = type(inner)(deepcopy(inner.config)).to(device=model.device, dtype=model.dtype).eval()
    found = {name.replace(WRAPPER, ""): weight for name, weight in inner.state_dict().items()}
    wanted = module.state_dict()
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise WorkbenchError(f"{model.name} lacks the weight {missing[0]!r} of a {type(inner).__name__}; load it anew")
    with exclusive(model), torch.no_grad():
        for name, weight in wanted.items():
            weight.copy_(found[name])
    _check(model, module)
    return module


def rewrapped(model: Model, module: Any, note: str) -> Model:
    """``module`` (wrapped in place, in the model's dtype) as a model like ``model``: its turns and hooks stay in force.

    ``note`` says everything that was changed, for the digest.
    """
    # adapters freeze what they stand on
    module = module.to(device=model.device, dtype=model.dtype).requires_grad_(True)
    bridge = wrap(module, model.name)
    # no other process can load these weights by the old name
    return replace(model.altered(note), bridge=bridge, source="")


def _check(model: Model, module: Any) -> None:
    ids = list(range(min(PROBE_TOKENS, model.n_vocab, model.context)))
    wanted = forward(replace(model, hooks=()), pad(model, [ids])).float()
    with torch.inference_mode():
        found = module(torch.tensor([ids], device=model.device), use_cache=False).logits.float()
    slack = 1e-3 if model.dtype in (torch.float32, torch.float64) else 5e-2
    off = float((found - wanted).abs().max())
    if not off <= slack * max(1.0, float(wanted.abs().max())):
        raise WorkbenchError(
            f"a copy of {model.name} for training answers otherwise (logits {off:.2g} apart); expected the same: "
            "weights that the module does not hold were changed, load the model anew"
        )
