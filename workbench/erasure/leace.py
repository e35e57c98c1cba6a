"""LEACE: the smallest affine change after which no linear classifier beats the constant (arXiv 2306.03819)."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workbench.erasure.eraser import Eraser
from workbench.types import Site, WorkbenchError


def leace(
    rows: Float[Tensor, "row d_model"],
    labels: Int[Tensor, " row"] | Sequence[int],
    site: Site,
    *,
    affine: bool = True,
    shrinkage: bool = True,
) -> Eraser:
    """LEACE of the classes ``labels`` (0, 1, …; two or more) on activations, in float64, by the authors' package.

    Two classes count as one 0/1 column, more as one-hot columns. Afterwards the covariance of the erased rows with
    the labels is 0 on these rows. ``shrinkage`` regularises the covariance of the activations.
    """
    from concept_erasure import LeaceEraser

    classes = torch.as_tensor(labels)
    count = int(classes.max()) + 1
    if len(classes) != len(rows) or len(classes.unique()) < 2:
        raise WorkbenchError(
            f"LEACE got {len(rows)} rows with {len(classes)} labels of {len(classes.unique())} "
            "classes; expected one label per row and at least two classes"
        )
    z = classes.double() if count == 2 else torch.nn.functional.one_hot(classes.long()).double()
    fitted = LeaceEraser.fit(rows.double(), z, affine=affine, shrinkage=shrinkage)
    centre = torch.zeros(rows.shape[1], dtype=torch.float64) if fitted.bias is None else fitted.bias
    return Eraser(fitted.proj_left, fitted.proj_right, centre, site, "LEACE")
