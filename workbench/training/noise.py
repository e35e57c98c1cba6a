"""Stochastic depth by token: while training, an MLP's output is left out at a random share of the positions.

Ordinary stochastic depth (Huang et al. 2016) leaves out a whole block for a whole example. Here each position of each
MLP is drawn by itself, with a share per layer. What an early MLP computes at the last token is then unreliable, so
that a computation on two variables there is learned in later MLPs, and the variables reach them side by side: a
sign read off a cue stays a variable that can be steered instead of vanishing into the answer in the first block.
Nothing is left out at inference, and kept outputs are divided by the share kept, so that their mean is the same.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn

from workbench.types import WorkbenchError


def mlps(model: nn.Module) -> list[nn.Module]:
    """The MLP of every block of a HuggingFace causal LM, from the first to the last."""
    return [module for name, module in model.named_modules() if name.rpartition(".")[2] == "mlp"]


def attentions(model: nn.Module) -> list[nn.Module]:
    """The attention of every block of a HuggingFace causal LM, from the first to the last."""
    return [module for name, module in model.named_modules() if name.rpartition(".")[2] in ("attn", "self_attn")]


@contextmanager
def token_drop(model: nn.Module, shares: Sequence[float], part: Literal["mlp", "attention"] = "mlp") -> Iterator[None]:
    """Leave out what a part gives [batch, position, d_model] at a share of the positions, in training mode only.

    Args:
        shares: one share in [0, 1) per layer; empty for none.
        part: of every block; default the MLP.

    Raises WorkbenchError where there are not as many shares as layers, or a share is outside [0, 1).
    """
    found, name = (mlps(model), "MLP") if part == "mlp" else (attentions(model), "attention")
    if shares and len(shares) != len(found):
        raise WorkbenchError(f"{len(shares)} {name} drop shares for {len(found)} layers; give one share per layer")
    if any(not 0 <= share < 1 for share in shares):
        raise WorkbenchError(f"{name} drop shares {list(shares)} are out of range; expected each in [0, 1)")
    handles = [module.register_forward_hook(_dropping(share)) for module, share in zip(found, shares, strict=False)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _dropping(share: float):
    def drop(module: nn.Module, inputs: tuple, output: Tensor | tuple) -> Tensor | tuple:
        if not module.training or not share:
            return output
        given = output[0] if isinstance(output, tuple) else output  # attention gives its pattern too
        kept = torch.rand(given.shape[:2], device=given.device) >= share
        left = given * (kept / (1 - share)).to(given.dtype)[..., None]
        return (left, *output[1:]) if isinstance(output, tuple) else left

    return drop
