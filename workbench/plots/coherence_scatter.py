# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Does coherence go with reliability? One point per cell (concept × prompt type × layer)."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import kind_marks
from workbench.plots.picture import ZERO, axis, needs, order, picture
from workbench.plots.words import plain


def coherence_scatter(cells: pd.DataFrame, x: str = "c_heldout", y: str = "odd") -> Figure:
    """Predictor ``x`` against outcome ``y`` with the intervals of both where the table has them.

    ``cells`` has concept, title, kind, prompt_type, layer and the two columns; each kind has its own colour and mark.
    """
    needs(cells, "concept", "kind", x, y)
    choice = {"x": x, "y": y}
    traces = [
        bound(
            cells,
            {
                "x": "@x",
                "y": "@y",
                "error_x.array": ("-", "@x_high", "@x"),
                "error_x.arrayminus": ("-", "@x", "@x_low"),
                "error_y.array": ("-", "@y_high", "@y"),
                "error_y.arrayminus": ("-", "@y", "@y_low"),
                "customdata": (
                    "stack",
                    ("wrap", "title"),
                    "prompt_type",
                    "layer",
                    "@x_low",
                    "@x_high",
                    "@y_low",
                    "@y_high",
                ),
            },
            where={"kind": kind},
            choice=choice,
            type="scatter",
            mode="markers",
            name=plain(kind),
            marker={"color": colour, "symbol": mark, "size": 8, "opacity": 0.85},
            error_x={"color": colour, "thickness": 1, "width": 0},
            error_y={"color": colour, "thickness": 1, "width": 0},
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}, layer %{customdata[2]}"
            "<br>x %{x:.3f} [%{customdata[3]:.3f}, %{customdata[4]:.3f}]"
            "<br>y %{y:.3f} [%{customdata[5]:.3f}, %{customdata[6]:.3f}]<extra></extra>",
        )
        for kind, (colour, mark) in kind_marks(order(cells["kind"])).items()
    ]
    layout = {
        "xaxis": axis(""),
        "yaxis": axis("", zeroline=True),
        "shapes": [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0, "line": ZERO, "layer": "between"}
        ],
        "meta": {"bind": {"xaxis.title.text": ("label", "@x"), "yaxis.title.text": ("label", "@y")}},
    }
    return picture(
        traces,
        title="Coherence against reliability",
        choice=choice,
        layout=layout,
        see="If coherence predicted reliability, the points would climb from left to right and leave the zero "
        "line; bars are 95 % intervals.",
    )
