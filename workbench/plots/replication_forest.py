# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""One correlation per line, one mark per run, and the mean over runs."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT
from workbench.plots.picture import ZERO, axis, needs, order, picture
from workbench.plots.words import plain, wrapped

MARKS = (
    (LIGHT["blue"], "circle"),
    (LIGHT["vermillion"], "square"),
    (LIGHT["green"], "diamond"),
    (LIGHT["purple"], "triangle-up"),
    (LIGHT["orange"], "cross"),
    (LIGHT["sky"], "x"),
)


def with_lines(table: pd.DataFrame) -> pd.DataFrame:
    """The table with ``row``: the height of each scope, first on top, each run a little lower than the one before."""
    scopes, runs = list(dict.fromkeys(table["scope"])), list(dict.fromkeys(table["run"]))
    step = 0.7 / max(1, len(runs) - 1)
    heights = [
        len(scopes) - 1 - scopes.index(scope) + 0.35 - step * runs.index(run)
        for scope, run in zip(table["scope"], table["run"], strict=True)
    ]
    return table.assign(row=heights)


def replication_forest(table: pd.DataFrame, mean: str = "mean over runs") -> Figure:
    """Spearman's ρ of every run with its 95 % interval, and the mean over runs in black.

    ``table`` holds one predictor, outcome and estimate: scope, run, rho, low, high, row (:func:`with_lines`).
    """
    needs(table, "scope", "run", "rho", "low", "high", "row")
    scopes = list(dict.fromkeys(table["scope"]))
    runs = [r for r in order(table["run"]) if r != mean]
    marks = {run: MARKS[i % len(MARKS)] for i, run in enumerate(runs)} | {mean: (LIGHT["ink"], "diamond-tall")}
    traces = [
        bound(
            table,
            {
                "x": "rho",
                "y": "row",
                "error_x.array": ("-", "high", "rho"),
                "error_x.arrayminus": ("-", "rho", "low"),
                "customdata": ("stack", "low", "high", "scope"),
            },
            where={"run": run},
            type="scatter",
            mode="markers",
            name=plain(run),
            marker={"color": colour, "symbol": mark, "size": 11 if run == mean else 8},
            error_x={"color": colour, "thickness": 1.8, "width": 0},
            hovertemplate="<b>%{customdata[2]}</b><br>ρ = %{x:.2f} [%{customdata[0]:.2f}, %{customdata[1]:.2f}]"
            "<extra>%{fullData.name}</extra>",
        )
        for run, (colour, mark) in marks.items()
        if (table["run"] == run).any()
    ]
    layout = {
        "xaxis": axis("Spearman’s ρ", range=[-1.05, 1.05], dtick=0.5),
        "yaxis": {
            "tickmode": "array",
            "tickvals": [len(scopes) - 1 - i for i in range(len(scopes))],
            "ticktext": [wrapped(s, 24) for s in scopes],
            "range": [-0.6, len(scopes) - 0.4],
            "zeroline": False,
        },
        "shapes": [
            {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "line": ZERO, "layer": "between"}
        ],
    }
    return picture(
        traces,
        title="What holds in every run",
        layout=layout,
        see="A finding about the training keeps its side of zero in every run; where runs lie on both sides, a single "
        "run’s interval said nothing about the next.",
    )
