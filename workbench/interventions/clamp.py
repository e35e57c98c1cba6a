"""Clamp: set the coordinate along the direction, on both sides or on one (floor, ceiling)."""

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

from workbench.interventions.dose import at, coordinate
from workbench.types import Direction, WorkbenchError


@dataclass(frozen=True)
class Clamp:
    """h' = h + λ (τ − v·h) v: λ = 1 sets the coordinate v·h to ``target`` τ (activation units), λ = ½ halfway.

    ``side="floor"`` acts only where v·h < τ (h + λ relu(τ − v·h) v, a one-sided defence), ``"ceiling"`` only
    where v·h > τ. The gap plays no part.
    """

    target: float
    side: str = "both"

    def __post_init__(self):
        if self.side not in ("both", "floor", "ceiling"):
            raise WorkbenchError(f"Clamp side {self.side!r} is unknown; expected 'both', 'floor' or 'ceiling'")

    def __call__(
        self,
        h: Float[Tensor, "batch position d_model"],
        direction: Direction,
        multiplier: Float[Tensor, " batch"],
        mask: Bool[Tensor, "batch position"],
    ) -> Float[Tensor, "batch position d_model"]:
        along, vector = coordinate(h, direction)
        missing = self.target - along
        if self.side == "floor":
            missing = missing.clamp(min=0)
        elif self.side == "ceiling":
            missing = missing.clamp(max=0)
        return h + at(h, multiplier, mask) * missing * vector
