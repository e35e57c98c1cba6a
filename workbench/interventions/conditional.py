"""Conditional: another intervention behind a gate."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from workbench.types import Direction, Intervention


@dataclass(frozen=True)
class Conditional:
    """h' = h + g(h) · (inner(h) − h), with the gate g = σ(``sharp`` · (u·h − ``threshold``)) per position.

    ``gate`` is the direction u that is read; ``threshold`` is in activation units. ``sharp = inf`` (default)
    is a hard step, open where u·h > threshold. Gated steering after CAST (arXiv 2409.05907).
    """

    inner: Intervention
    gate: Direction
    threshold: float = 0.0
    sharp: float = math.inf

    def opening(self, h: Float[Tensor, "batch position d_model"]) -> Float[Tensor, "batch position 1"]:
        """How far the gate is open, in [0, 1]."""
        over = (h @ self.gate.vector.to(h) - self.threshold)[..., None]
        return (over > 0).to(h) if math.isinf(self.sharp) else torch.sigmoid(self.sharp * over)

    def __call__(
        self,
        h: Float[Tensor, "batch position d_model"],
        direction: Direction,
        multiplier: Float[Tensor, " batch"],
        mask: Bool[Tensor, "batch position"],
    ) -> Float[Tensor, "batch position d_model"]:
        return h + self.opening(h) * (self.inner(h, direction, multiplier, mask) - h)
