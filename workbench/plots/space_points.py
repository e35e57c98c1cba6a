# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Examples in the plane, or the space, of the first principal components."""

from collections.abc import Sequence

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import POLES
from workbench.plots.picture import axis, needs, order, picture
from workbench.plots.words import plain

FILLED = {"aligned": "circle", "unaligned": "diamond"}
OPEN = {"aligned": "circle-open", "unaligned": "diamond-open"}


def space_points(points: pd.DataFrame, shares: Sequence[float] = (), dimensions: int = 2) -> Figure:
    """Points in pc1, pc2 (and pc3): poles by colour and mark, the steered condition hollow.

    ``points`` has pair, pole, condition, steered, question, slope and the components; ``shares`` are their shares of
    the variance. Each point's id is its pair.
    """
    names = [f"pc{k + 1}" for k in range(dimensions)]
    needs(points, "pair", "pole", "condition", "steered", *names)
    said = [f" ({s:.0%} of variance)" for s in shares] + [""] * dimensions
    titles = [f"component {k + 1}{said[k]}" for k in range(dimensions)]
    traces = []
    for condition in order(points["condition"]):
        for pole in (p for p in ("aligned", "unaligned") if p in set(points["pole"])):
            part = points[(points["condition"] == condition) & (points["pole"] == pole)]
            marks = OPEN if part["steered"].any() else FILLED
            size = 4 if dimensions == 3 else 7
            traces.append(
                bound(
                    part,
                    {
                        **dict(zip("xyz", names, strict=False)),
                        "ids": "pair",
                        "customdata": ("stack", ("wrap", "question"), "slope"),
                    },
                    type="scatter3d" if dimensions == 3 else "scatter",
                    mode="markers",
                    name=f"{plain(pole)}, {plain(condition)}",
                    marker={"color": POLES[pole], "symbol": marks[pole], "size": size, "opacity": 0.8},
                    hovertemplate="<b>%{customdata[0]}</b><br>slope of the prompt %{customdata[1]:.2f}"
                    "<extra>%{fullData.name}</extra>",
                )
            )
    flat = {"xaxis": axis(titles[0]), "yaxis": axis(titles[1]), "dragmode": "select"}
    deep = {"scene": {f"{a}axis": axis(t) for a, t in zip("xyz", titles, strict=False)}}
    return picture(
        traces,
        title="In the space of the first principal components",
        layout=deep if dimensions == 3 else flat,
        see="The components come from the fitted pairs, poles together: the largest need not be the concept's.",
    )
