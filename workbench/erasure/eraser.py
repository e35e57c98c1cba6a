"""An affine eraser and the two projections."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.types import Site, WorkbenchError


@dataclass(frozen=True)
class Eraser:
    """r(h) = h − left · right · (h − centre): a rank-k change of the stream at one site.

    ``centre`` is what stays where it is; zero for a linear projection.
    """

    left: Float[Tensor, "d_model rank"]
    right: Float[Tensor, "rank d_model"]
    centre: Float[Tensor, " d_model"]
    site: Site
    method: str

    def __call__(self, h: Float[Tensor, "*position d_model"]) -> Float[Tensor, "*position d_model"]:
        """The erased activations, in h's dtype and on its device."""
        return h - ((h - self.centre.to(h)) @ self.right.T.to(h)) @ self.left.T.to(h)

    @property
    def projection(self) -> Float[Tensor, "d_model d_model"]:
        """P = I − left · right, so that r(h) = centre + P (h − centre)."""
        return torch.eye(len(self.left), dtype=self.left.dtype) - self.left @ self.right


def mean_projection(
    positive: Float[Tensor, "row d_model"], negative: Float[Tensor, "other d_model"], site: Site
) -> Eraser:
    """Projects out the mean difference of two classes (directional ablation, arXiv 2406.11717): h − (v·h) v."""
    difference = positive.double().mean(0) - negative.double().mean(0)
    norm = float(difference.norm())
    if not 0 < norm < float("inf"):
        raise WorkbenchError(f"both classes have the same mean at {site}; read another site or other prompts")
    vector = (difference / norm)[:, None]
    return Eraser(vector, vector.T.clone(), torch.zeros_like(difference), site, "mean projection")


def subspace_projection(differences: Float[Tensor, "pair d_model"], rank: int, site: Site) -> Eraser:
    """Projects out the ``rank`` leading right singular vectors of the pair differences, uncentred."""
    rows = differences.double()
    if not 1 <= rank <= min(rows.shape):
        raise WorkbenchError(
            f"subspace of rank {rank} from {len(rows)} differences of width {rows.shape[1]}; "
            f"expected 1 to {min(rows.shape)}"
        )
    basis = torch.linalg.svd(rows, full_matrices=False).Vh[:rank]
    zero = torch.zeros(rows.shape[1], dtype=rows.dtype)
    return Eraser(basis.T.contiguous(), basis.clone(), zero, site, f"subspace of rank {rank}")
