"""Rotate: turn the activation toward the direction, keeping its norm."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from workbench.interventions.dose import at, coordinate
from workbench.types import Direction


@dataclass(frozen=True)
class Rotate:
    """Turns h by λ · ``angle`` degrees toward v, in the plane of h and v; the norm of h is kept.

    The elevation φ of h over the hyperplane orthogonal to v becomes φ + λ·angle, held within ±90°: a dose
    never carries h past v. An activation exactly on ±v has no such plane and is left alone. After the idea of
    angular steering (arXiv 2510.26243), which turns in one fixed plane. The gap plays no part.
    """

    angle: float = 15.0

    def __call__(
        self,
        h: Float[Tensor, "batch position d_model"],
        direction: Direction,
        multiplier: Float[Tensor, " batch"],
        mask: Bool[Tensor, "batch position"],
    ) -> Float[Tensor, "batch position d_model"]:
        along, vector = coordinate(h, direction)
        rest = h - along * vector
        breadth, norm = rest.norm(dim=-1, keepdim=True), h.norm(dim=-1, keepdim=True)
        elevation = torch.atan2(along, breadth)
        turned = (elevation + at(h, multiplier, mask) * math.radians(self.angle)).clamp(-math.pi / 2, math.pi / 2)
        plane = breadth > 1e-6 * norm
        rotated = norm * (turned.sin() * vector + turned.cos() * rest / breadth.clamp(min=1e-30))
        return torch.where(plane & (turned != elevation), rotated, h)
