# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""What a control of one concept does to the others: steered concept × read concept, for one method and pole."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import DIVERGING
from workbench.plots.picture import axis, needs, order, picture
from workbench.plots.words import plain


def off_axis_matrix(shifts: pd.DataFrame, names: list[str] | None = None, reach: float | None = None) -> Figure:
    """Colour is the mean shift of the read concept, in log-odds of its aligned answer; × marks what chance does too.

    ``shifts`` holds steered, read, shift and mark for one method and pole. ``names`` fixes the order of concepts and
    ``reach`` the ends of the colours, so that poles and methods can be compared by eye.
    """
    needs(shifts, "steered", "read", "shift", "mark")
    names = names or order(pd.concat([shifts["steered"], shifts["read"]]))
    few, shown = len(names) <= 10, [plain(name) for name in names]
    ends = reach or float(shifts["shift"].abs().max()) or 1.0
    grids = {place: ("grid", column, "steered", "read") for place, column in (("z", "shift"), ("text", "mark"))}
    heat = bound(
        shifts,
        grids,
        type="heatmap",
        x=shown,
        y=shown,
        meta={"rows": [str(name) for name in names], "columns": [str(name) for name in names]},
        zmin=-ends,
        zmax=ends,
        colorscale=DIVERGING,
        xgap=1,
        ygap=1,
        texttemplate="%{z:.2f}%{text}" if few else "%{text}",
        textfont={"size": 12 if few else 9},
        hovertemplate="%{y} steered, %{x} read: %{z:.2f} log-odds %{text}<extra></extra>",
        colorbar={"thickness": 12, "outlinewidth": 0, "title": {"text": "log-odds"}},
    )
    places = {"type": "category", "categoryorder": "array", "categoryarray": shown, "showgrid": False, "ticks": "",
              "tickmode": "array", "tickvals": shown, "tickfont": {"size": 12 if few else 10}}  # fmt: skip
    read = "read concept (colour: change of the log-odds of its aligned answer)"
    return picture(
        [heat],
        title="Off the axis: what a control of one concept does to the others",
        layout={
            "xaxis": axis(read, **places, tickangle=-45 if few else -90),
            "yaxis": axis("steered concept", **places, autorange="reversed"),
        },
        see="The diagonal is the concept that was meant. Blue moves a concept toward its aligned answer, orange away "
        "from it; × marks a cell that does not exceed what chance does, or whose interval covers 0.",
    )
