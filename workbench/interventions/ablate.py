"""Ablate: remove the coordinate along the direction."""

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

from workbench.interventions.dose import at, coordinate
from workbench.types import Direction


@dataclass(frozen=True)
class Ablate:
    """h' = h − λ (v·h) v: λ = 1 projects the direction out, λ = 2 reflects, λ < 0 amplifies.

    Directional ablation (arXiv 2406.11717). The gap plays no part. To ablate to a mean instead of to zero
    use :class:`workbench.interventions.Clamp` with that mean as target.
    """

    def __call__(
        self,
        h: Float[Tensor, "batch position d_model"],
        direction: Direction,
        multiplier: Float[Tensor, " batch"],
        mask: Bool[Tensor, "batch position"],
    ) -> Float[Tensor, "batch position d_model"]:
        along, vector = coordinate(h, direction)
        return h - at(h, multiplier, mask) * along * vector
