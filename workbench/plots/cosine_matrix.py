# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Cosines between the vectors of concepts, or of prompt types, as a matrix in a clustered order."""

import numpy as np
import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import DIVERGING
from workbench.plots.picture import needs, order, picture
from workbench.plots.words import plain


def mirrored(cosines: pd.DataFrame) -> pd.DataFrame:
    """The table with both (a, b) and (b, a), and the diagonal."""
    rest = [c for c in cosines if c not in ("a", "b", "cosine")]
    names = list(dict.fromkeys([*cosines["a"], *cosines["b"]]))
    keys = cosines[rest].drop_duplicates()
    one = keys.merge(pd.DataFrame({"a": names, "b": names, "cosine": 1.0}), how="cross")
    table = pd.concat([cosines, cosines.rename(columns={"a": "b", "b": "a"}), one], ignore_index=True)
    return table.drop_duplicates([*rest, "a", "b"], ignore_index=True)


def clustered(cosines: pd.DataFrame) -> list[str]:
    """Names so ordered that similar vectors stand together: average linkage on 1 − cosine, averaged over the table.

    One order for all prompt types and layers, so that matrices can be compared by eye.
    """
    names = list(dict.fromkeys([*cosines["a"], *cosines["b"]]))
    if len(names) < 3:
        return names
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    mean = mirrored(cosines).groupby(["a", "b"])["cosine"].mean().unstack().reindex(index=names, columns=names)
    distance = 1 - np.nan_to_num(mean.to_numpy(copy=True), nan=0.0)
    np.fill_diagonal(distance, 0)
    distance = np.clip((distance + distance.T) / 2, 0, None)
    tree = linkage(squareform(distance, checks=False), method="average", optimal_ordering=True)
    return [names[i] for i in leaves_list(tree)]


def cosine_matrix(cosines: pd.DataFrame, names: list[str] | None = None, between: str = "concepts") -> Figure:
    """Matrix of cosines for one choice of the rest; ``cosines`` has a, b, cosine. ``names`` fixes the order."""
    needs(cosines, "a", "b", "cosine")
    names = names or (clustered(cosines) if between == "concepts" else order(cosines["a"]))
    few = len(names) <= 10
    shown = [plain(n) for n in names]
    heat = bound(
        mirrored(cosines),
        {"z": ("grid", "cosine", "a", "b")},
        type="heatmap",
        x=shown,
        y=shown,
        meta={"rows": [str(n) for n in names], "columns": [str(n) for n in names]},
        zmin=-1,
        zmax=1,
        colorscale=DIVERGING,
        xgap=1,
        ygap=1,
        texttemplate="%{z:.2f}" if few else "",
        textfont={"size": 13, "weight": 600},
        hovertemplate="%{y} · %{x}: %{z:.2f}<extra></extra>",
        colorbar={"thickness": 12, "outlinewidth": 0},
    )
    names_axis = {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": shown,
        "showgrid": False,
        "ticks": "",
        "tickmode": "array",
        "tickvals": shown,
    }
    small = {"tickfont": {"size": 12 if few else 11}}
    layout = {
        "xaxis": {**names_axis, **small, "title": {"text": "colour: cosine"}, "tickangle": -45 if few else -90},
        "yaxis": {**names_axis, **small, "autorange": "reversed"},
    }
    see = {
        "concepts": "Blue blocks are concepts that share one direction: they are not independent evidence, and "
        "steering one steers the others.",
        "prompt types": "Pale cells are prompt types that yield different vectors for the same concept (published "
        "range 0.07 to 0.86): “the” direction depends on how it was asked for.",
        "layers": "A dark block along the diagonal is a stretch of layers that carry one direction on; where it ends, "
        "a vector of one layer means something else at the next.",
    }
    return picture([heat], title=f"Cosines between {between}", see=see[between], layout=layout)
