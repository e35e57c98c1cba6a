"""Constrained fine-tuning: facts written by gradient steps on MLP output matrices that may not move far."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.editing.facts import Rewrite, batch_nll
from workbench.editing.memory import Edit, check_layers, weights
from workbench.models import Hook, Model, encode, exclusive
from workbench.types import WorkbenchError


@dataclass(frozen=True)
class Tuning:
    """At most ``steps`` Adam steps at ``rate``, every entry of Δ within ``radius`` root mean squares of its W.

    Stops once the mean NLL per token of the targets is below ``stop``.
    """

    steps: int = 25
    rate: float = 5e-3
    radius: float = 0.5
    stop: float = 0.05

    def __post_init__(self):
        if self.steps < 1 or self.rate <= 0 or self.radius <= 0:
            raise WorkbenchError(f"tuning got steps {self.steps}, rate {self.rate}, radius {self.radius}; expected > 0")


def tuned(model: Model, rewrites: Sequence[Rewrite], layers: Sequence[int], tuning: Tuning | None = None) -> Edit:
    """Fine-tuning of W of some layers on prompt → target with an ℓ∞ bound (FT-L of arXiv 2012.00363 and 2202.05262).

    Only Δ gets gradients: the model's weights are not touched, and the result is an edit like any other. The bound is
    a projection after every step.
    """
    chosen, tuning = check_layers(model, layers), tuning or Tuning()
    if not rewrites:
        raise WorkbenchError("tuned got no rewrites; expected at least one")
    batch = encode(model, [r.prompt for r in rewrites], [r.target for r in rewrites])
    old = {layer: weights(model, layer) for layer in chosen}
    bounds = {layer: tuning.radius * float(weight.square().mean().sqrt()) for layer, weight in old.items()}
    deltas = {layer: torch.zeros_like(weight, dtype=model.dtype, device=model.device, requires_grad=True)
              for layer, weight in old.items()}  # fmt: skip
    adam = torch.optim.Adam(list(deltas.values()), lr=tuning.rate)
    hooks = [hook for layer, delta in deltas.items() for hook in _through(layer, delta)]
    taken = 0
    for _ in range(tuning.steps):
        with exclusive(model):
            loss = batch_nll(model, batch, hooks, True).mean()
            if float(loss.detach()) < tuning.stop:
                break
            for delta, gradient in zip(deltas.values(), torch.autograd.grad(loss, list(deltas.values())), strict=True):
                delta.grad = gradient
        adam.step()
        taken += 1
        with torch.no_grad():
            for layer, delta in deltas.items():
                delta.clamp_(-bounds[layer], bounds[layer])
    return Edit({layer: delta.detach().double().cpu() for layer, delta in deltas.items()}, "constrained tuning", taken)


def _through(layer: int, delta: Float[Tensor, "d_model d_mlp"]) -> list[Hook]:
    """Hooks under which the layer's MLP writes (W + Δ) k: one keeps the key, one adds Δ k."""
    keys: list[Tensor] = []

    def keep(activation: Tensor, hook: Any) -> Tensor:
        keys[:] = [activation]
        return activation

    def add(activation: Tensor, hook: Any) -> Tensor:
        return activation + keys[0] @ delta.T

    return [(f"blocks.{layer}.mlp.out.hook_in", keep), (f"blocks.{layer}.mlp.out.hook_out", add)]
