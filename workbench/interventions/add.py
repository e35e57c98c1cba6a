"""Add: the classic steering vector."""

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

from workbench.interventions.dose import at
from workbench.types import Direction


@dataclass(frozen=True)
class Add:
    """h' = h + λ · gap · v at the masked positions.

    With a mean difference, λ = 1 adds exactly the mean-difference vector (CAA, arXiv 2312.06681).
    """

    def __call__(
        self,
        h: Float[Tensor, "batch position d_model"],
        direction: Direction,
        multiplier: Float[Tensor, " batch"],
        mask: Bool[Tensor, "batch position"],
    ) -> Float[Tensor, "batch position d_model"]:
        return h + at(h, multiplier, mask) * direction.step.to(h)
