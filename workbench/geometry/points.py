"""Examples as points: on the difference-of-means line and in the plane of principal components, steered or not."""

import numpy as np
import pandas as pd
from jaxtyping import Float

from workbench.geometry.readers import Projection
from workbench.geometry.views import PcaView, last_rows
from workbench.types import Activations, WorkbenchError

NAMES = {1: "aligned", -1: "unaligned"}


def place(view: PcaView, acts: Activations) -> Float[np.ndarray, "example k"]:
    """Examples in the plane of ``view``, which may have been made from others."""
    rows = last_rows(acts)
    if rows.shape[1] != view.components.shape[1]:
        raise WorkbenchError(
            f"activations have width {rows.shape[1]}, the view {view.components.shape[1]}; expected the same site"
        )
    return (rows - view.centre) @ view.components.T


def point_table(acts: Activations, line: Projection, view: PcaView) -> pd.DataFrame:
    """pair, group, pole, kappa, pc1, pc2, … : a row per example of :func:`workbench.activations.extract`.

    ``line`` and ``view`` say where the line and the plane are; points are unbiased where both come from other groups.
    """
    pairs = list(acts.source.get("pairs", ()))
    if len(pairs) * 2 != len(acts):
        raise WorkbenchError(
            f"activations of {len(acts)} examples name {len(pairs)} pairs; expected those of workbench.extract"
        )
    toward = acts.source.get("toward", "aligned")
    names = NAMES if toward == "aligned" else {1: "unaligned", -1: "aligned"}
    table = pd.DataFrame({
        "pair": pairs * 2, "group": acts.groups, "pole": [names[label] for label in acts.labels],
        "kappa": line.score(acts).numpy(),
    })  # fmt: skip
    points = place(view, acts)
    return table.assign(**{f"pc{k + 1}": points[:, k] for k in range(points.shape[1])})
