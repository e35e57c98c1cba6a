"""Ways to make a direction from the two classes of a contrast.

A method is a function ``(positive, negative) -> vector`` on float64 tensors [pair d_model] in pair order; only the
vector's line matters, :func:`workbench.directions.fit` sets length, sign and gap. To add one, write such a function
anywhere and name it ``"module:function"``.
"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from workbench.directions.actadd import actadd

Method = Callable[..., Float[Tensor, " d_model"]]
Class = Float[Tensor, "pair d_model"]


def mean_difference(positive: Class, negative: Class) -> Float[Tensor, " d_model"]:
    """Mean of the pair differences (contrastive activation addition, arXiv 2312.06681)."""
    return (positive - negative).mean(0)


def paired_pca(positive: Class, negative: Class) -> Float[Tensor, " d_model"]:
    """First principal component of the pairs, each centred at its midpoint (RepE's reading vector, arXiv 2310.01405).

    That is the first right singular vector of the *uncentred* differences: centring them would remove the mean
    difference, the very thing sought. The component has no sign of its own; :func:`workbench.directions.fit` takes
    the one with which the positive class lies above the negative.
    """
    return torch.linalg.svd(positive - negative, full_matrices=False).Vh[0]


def lda(positive: Class, negative: Class, shrinkage: float | None = None) -> Float[Tensor, " d_model"]:
    """Fisher's discriminant: the mean difference whitened by the pooled within-class covariance.

    The covariance S is shrunk to ((1 - s) S + s tr(S)/d I); ``shrinkage`` s is Ledoit and Wolf's unless given.
    With s > 0 and fewer examples than dimensions the system is solved in the examples' space (Woodbury), exactly.
    """
    from sklearn.covariance import ledoit_wolf_shrinkage

    delta = (positive.mean(0) - negative.mean(0)).numpy()
    rows = torch.cat([positive - positive.mean(0), negative - negative.mean(0)]).numpy()
    n, d = rows.shape
    s = float(ledoit_wolf_shrinkage(rows, assume_centered=True)) if shrinkage is None else shrinkage
    ridge, scale = s * float((rows**2).sum()) / (n * d), (1 - s) / n
    if scale == 0:
        return torch.from_numpy(delta)
    if n < d and ridge > 0:
        inner = np.eye(n) * (ridge / scale) + rows @ rows.T
        return torch.from_numpy((delta - rows.T @ np.linalg.solve(inner, rows @ delta)) / ridge)
    covariance = scale * rows.T @ rows + ridge * np.eye(d)
    return torch.from_numpy(np.linalg.lstsq(covariance, delta, rcond=None)[0])


def logistic(positive: Class, negative: Class, c: float = 0.01) -> Float[Tensor, " d_model"]:
    """Weight vector of L2-regularised logistic regression of the class on the activations.

    Activations are centred and divided by one number, their within-class root mean square, so that ``c`` (sklearn's
    inverse penalty) means the same at every layer while the line found stays one in activation space.
    """
    from sklearn.linear_model import LogisticRegression

    within = torch.cat([positive - positive.mean(0), negative - negative.mean(0)])
    spread = float(within.square().mean().sqrt()) or 1.0
    rows = torch.cat([positive, negative])
    rows = ((rows - rows.mean(0)) / spread).numpy()
    labels = np.repeat([1, 0], [len(positive), len(negative)])
    fitted = LogisticRegression(C=c, max_iter=2000).fit(rows, labels)
    return torch.from_numpy(fitted.coef_[0].copy())


METHODS: dict[str, Method] = {
    "mean_difference": mean_difference,
    "actadd": actadd,
    "paired_pca": paired_pca,
    "lda": lda,
    "logistic": logistic,
}
