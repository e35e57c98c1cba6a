"""How alike directions are, and how many dimensions a matrix of differences fills."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import subspace_angles

from workbench.types import Direction, WorkbenchError

Differences = Float[np.ndarray, "pair d_model"]


def cosine(a: Float[np.ndarray, " d_model"], b: Float[np.ndarray, " d_model"]) -> float:
    """The cosine of two vectors; 0 where one of them is the zero vector."""
    scale = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / scale if scale > 0 else 0.0


def cosine_matrix(
    directions: Sequence[Direction] | Mapping[str, Direction],
) -> Float[np.ndarray, "direction direction"]:
    """Cosines of every direction with every other, in the order given.

    Raises WorkbenchError where directions come from different models or sites of different width.
    """
    members = list(directions.values()) if isinstance(directions, Mapping) else list(directions)
    widths = sorted({len(m.vector) for m in members})
    if len(widths) != 1:
        raise WorkbenchError(f"directions of width {widths}; expected one or more directions of one width")
    rows = np.stack([m.vector.detach().double().cpu().numpy() for m in members])
    return unit_rows(rows) @ unit_rows(rows).T


def principal_angles(
    a: Float[np.ndarray, "first d_model"], b: Float[np.ndarray, "second width"]
) -> Float[np.ndarray, " angle"]:
    """Angles (radians, smallest first) between the subspaces spanned by the *rows* of ``a`` and of ``b``."""
    if a.shape[1] != b.shape[1]:
        raise WorkbenchError(f"subspaces live in {a.shape[1]} and {b.shape[1]} dimensions; expected the same number")
    return np.sort(subspace_angles(np.asarray(a, dtype=np.float64).T, np.asarray(b, dtype=np.float64).T))


def effective_rank(differences: Differences) -> float:
    """exp of the entropy of the normalised squared singular values (uncentred): 1 for one line, d for a ball.

    The squares are shares of the total sum of squares, so it counts the dimensions that the differences fill.
    """
    shares = _spectrum(differences)
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def first_share(differences: Differences) -> float:
    """The share of the differences' total sum of squares that lies along their first singular vector."""
    return float(_spectrum(differences)[0])


def split_half_cosine(differences: Differences, first: Bool[np.ndarray, " pair"]) -> float:
    """The cosine of the mean differences of the two halves marked by ``first`` [pair]."""
    return cosine(differences[first].mean(0), differences[~first].mean(0))


def spearman_brown(r: float) -> float:
    """The reliability of the whole from the correlation of its halves, 2r/(1+r); meaningless (nan) at r = −1."""
    return float(2 * r / (1 + r)) if r > -1 else float("nan")


def subsample_stability(differences: Differences, size: int = 25, draws: int = 100, seed: int = 0) -> float:
    """Mean cosine of the mean differences of two *disjoint* random subsamples of ``size`` pairs.

    Overlapping subsamples agree by construction, so they are kept apart; below 2·size pairs the halves are used.
    nan for a single pair.
    """
    n = len(differences)
    size = min(size, n // 2)
    if size < 1:
        return float("nan")
    rng = np.random.default_rng(seed)
    order = np.argsort(rng.random((draws, n)), axis=1)
    gram = differences @ differences.T
    pick = np.zeros((2, draws, n))
    for half in range(2):
        np.put_along_axis(pick[half], order[:, half * size : (half + 1) * size], 1.0, axis=1)
    dots = [((pick[i] @ gram) * pick[j]).sum(1) for i, j in ((0, 1), (0, 0), (1, 1))]
    scale = np.sqrt(np.maximum(dots[1] * dots[2], 0))
    return float(np.divide(dots[0], scale, out=np.zeros(draws), where=scale > 0).mean())


def euclidean_similarity(differences: Differences) -> float:
    """−mean‖dᵢ − d̄‖ / mean‖dᵢ‖: 0 for equal differences, more negative the more they scatter (Tan et al. 2024)."""
    return float(-np.linalg.norm(differences - differences.mean(0), axis=1).mean() / _mean_norm(differences))


def norm_variance_similarity(differences: Differences) -> float:
    """−var‖dᵢ‖ / mean‖dᵢ‖ with the unbiased variance: 0 for differences of one length (Tan et al. 2024)."""
    return float(-np.linalg.norm(differences, axis=1).var(ddof=1) / _mean_norm(differences))


def unit_rows(rows: Float[np.ndarray, "row d_model"]) -> Float[np.ndarray, "row d_model"]:
    """Rows divided by their norm; a zero row stays zero, so that its cosine with anything is 0."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)


def _mean_norm(differences: np.ndarray) -> float:
    return float(np.linalg.norm(differences, axis=1).mean())


def _spectrum(differences: np.ndarray) -> np.ndarray:
    """Squared singular values as shares of their sum, largest first."""
    gram = differences @ differences.T if len(differences) < differences.shape[1] else differences.T @ differences
    squares = np.clip(np.linalg.eigvalsh(gram)[::-1], 0, None)
    if squares.sum() == 0:
        raise WorkbenchError(
            "all differences are zero; expected poles that differ at this site: read at a later layer or position"
        )
    return squares / squares.sum()
