# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Differences between twins, one point per concept and training seed."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.picture import ZERO, axis, needs, order, picture
from workbench.plots.replication_forest import MARKS
from workbench.plots.words import plain


def twin_scatter(differences: pd.DataFrame, x: str = "knob_eval", y: str = "odd_matched") -> Figure:
    """The difference in ``x`` against the difference in ``y``, first minus second model, a mark per training seed.

    ``differences`` holds one comparison, labelling and layer: seed, concept, kind and the two columns.
    """
    needs(differences, "seed", "concept", "kind", x, y)
    choice = {"x": x, "y": y}
    traces = [
        bound(
            differences,
            {"x": "@x", "y": "@y", "customdata": ("stack", "concept", "kind")},
            where={"seed": seed},
            choice=choice,
            type="scatter",
            mode="markers",
            name=f"seed {plain(seed)}",
            marker={"color": colour, "symbol": mark, "size": 8, "opacity": 0.85},
            hovertemplate="<b>%{customdata[0]}</b> (%{customdata[1]})<br>x %{x:.3f}<br>y %{y:.3f}"
            "<extra>%{fullData.name}</extra>",
        )
        for seed, (colour, mark) in zip(order(differences["seed"]), MARKS * 3, strict=False)
    ]
    across = {"type": "line", "line": ZERO, "layer": "between"}
    layout = {
        "xaxis": axis("", zeroline=False),
        "yaxis": axis("", zeroline=False),
        "shapes": [
            {"xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0, **across},
            {"yref": "paper", "y0": 0, "y1": 1, "x0": 0, "x1": 0, **across},
        ],
        "meta": {"bind": {"xaxis.title.text": ("label", "@x"), "yaxis.title.text": ("label", "@y")}},
    }
    return picture(
        traces,
        title="Difference between twins",
        choice=choice,
        layout=layout,
        see="A cause shows as points that climb (or fall) together, whatever their mark; marks that part company are "
        "the work of a training seed.",
    )
