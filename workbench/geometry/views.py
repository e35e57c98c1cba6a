"""Activations as pictures need them: positions along a direction's line, and a plane of principal components."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from workbench.types import Activations, Direction, WorkbenchError


@dataclass(frozen=True)
class PcaView:
    """``points`` [example k] in the plane of the first components [k d_model]; ``shares`` [k] of the variance."""

    points: Float[np.ndarray, "example k"]
    components: Float[np.ndarray, "k d_model"]
    shares: Float[np.ndarray, " k"]
    centre: Float[np.ndarray, " d_model"]


def project_line(acts: Activations, direction: Direction) -> Float[np.ndarray, " example"]:
    """κ of every example along ``direction``: 2 (a − μ)·û / gap, μ the midpoint of the class means of ``acts``.

    For the mean difference of the same activations the class means lie at ±1; a steering multiplier λ moves every
    example by 2λ. Without two labelled classes μ is the mean of all.
    """
    if direction.gap == 0:
        raise WorkbenchError(
            f"direction {direction.method!r} has gap 0; expected a gap to scale κ by: fit it on two poles"
        )
    values, vector = last_rows(acts), direction.vector.detach().double().cpu().numpy()
    if values.shape[1] != len(vector):
        raise WorkbenchError(
            f"activations have width {values.shape[1]}, the direction {len(vector)}; expected the same site"
        )
    labels = np.asarray(acts.labels)
    classes = [values[labels == sign].mean(0) for sign in (1, -1) if (labels == sign).any()]
    middle = sum(classes) / 2 if len(classes) == 2 else values.mean(0)
    return 2 * (values - middle) @ vector / direction.gap


def pca_view(acts: Activations, k: int = 2) -> PcaView:
    """The first ``k`` principal components of the examples (centred), each signed so that +1 lies up its axis."""
    values = last_rows(acts)
    if not 1 <= k <= min(values.shape[0] - 1, values.shape[1]):
        limit = min(values.shape[0] - 1, values.shape[1])
        raise WorkbenchError(f"{k} components of {values.shape[0]} examples × {values.shape[1]}; expected 1 to {limit}")
    centre = values.mean(0)
    _, spectrum, components = np.linalg.svd(values - centre, full_matrices=False)
    total = float((spectrum**2).sum())
    points = (values - centre) @ components[:k].T
    signs = np.sign(np.asarray(acts.labels, dtype=np.float64) @ points)
    signs[signs == 0] = 1.0
    shares = spectrum[:k] ** 2 / total if total > 0 else np.zeros(k)
    return PcaView(points * signs, components[:k] * signs[:, None], shares, centre)


def last_rows(acts: Activations) -> Float[np.ndarray, "example d_model"]:
    """The last real position of every example as float64."""
    return acts.last().detach().double().cpu().numpy()
