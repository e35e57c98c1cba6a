"""What every intervention needs: how much, per position, and the coordinate along the direction."""

from jaxtyping import Float
from torch import Tensor

from workbench.types import Direction, WorkbenchError


def at(
    h: Float[Tensor, "batch position d_model"], multiplier: Tensor, mask: Tensor
) -> Float[Tensor, "batch position 1"]:
    """The dose per position: the row's multiplier where ``mask``, 0 elsewhere, in h's dtype and on its device."""
    if mask.shape != h.shape[:2] or multiplier.shape != h.shape[:1]:
        raise WorkbenchError(
            f"intervention got multiplier {tuple(multiplier.shape)} and mask {tuple(mask.shape)} for activations "
            f"{tuple(h.shape)}; expected one multiplier per row and a mask of the first two axes"
        )
    return (multiplier.to(h)[:, None] * mask.to(h))[..., None]


def coordinate(
    h: Float[Tensor, "batch position d_model"], direction: Direction
) -> tuple[Float[Tensor, "batch position 1"], Float[Tensor, " d_model"]]:
    """(v·h, v) with v in h's dtype and on its device, of norm 1 to that precision."""
    exact = direction.vector.double()
    vector = (exact / exact.norm()).to(h)
    return (h @ vector)[..., None], vector
