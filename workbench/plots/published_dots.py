"""Published numbers beside ours."""

import re

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT
from workbench.plots.picture import axis, needs, picture
from workbench.plots.words import short, wrapped


def with_heights(published: pd.DataFrame) -> pd.DataFrame:
    """The table with ``row``: the first quantity on top."""
    return published.assign(row=[float(len(published) - 1 - i) for i in range(len(published))])


def named(quantity: str) -> str:
    """A quantity with the labels of its columns: "ρ of d_prime with effect" as a reader says it; others stay."""
    between = re.fullmatch(r"ρ of (\w+) with (\w+)", str(quantity))
    return f"ρ of {short(between[1])} with {short(between[2])}" if between else str(quantity)


def published_dots(published: pd.DataFrame) -> Figure:
    """The published value as a diamond, ours as a dot with its 95 % interval; one row per quantity."""
    needs(published, "quantity", "published", "here")
    rows = (published if "row" in published else with_heights(published)).sort_values("row")
    hover = ("stack", ("wrap", "quantity"), ("wrap", "note"))
    traces = [
        bound(
            rows,
            {
                "x": "here",
                "y": "row",
                "error_x.array": ("-", "high", "here"),
                "error_x.arrayminus": ("-", "here", "low"),
                "customdata": hover,
            },
            type="scatter",
            mode="markers",
            name="here, with 95 % interval",
            marker={"color": LIGHT["blue"], "size": 10},
            error_x={"color": LIGHT["blue"], "thickness": 1.8, "width": 0},
            hovertemplate="<b>%{customdata[0]}</b><br>here %{x:.2f}<br>%{customdata[1]}<extra></extra>",
        ),
        bound(
            rows,
            {"x": "published", "y": "row", "customdata": hover},
            type="scatter",
            mode="markers",
            name="published",
            marker={"color": LIGHT["vermillion"], "symbol": "diamond-open", "size": 10, "line": {"width": 2}},
            hovertemplate="<b>%{customdata[0]}</b><br>published %{x:.2f}<br>%{customdata[1]}<extra></extra>",
        ),
    ]
    layout = {
        "xaxis": axis("value, in the quantity’s own unit"),
        "yaxis": {
            "tickmode": "array",
            "tickvals": list(range(len(rows))),
            "zeroline": False,
            "ticktext": [wrapped(named(q), 30) for q in rows["quantity"]],
            "range": [-0.5, len(rows) - 0.5],
        },
    }
    return picture(
        traces,
        title="Published numbers beside ours",
        layout=layout,
        see="A diamond inside our interval is agreement; another model and other sets can also explain a difference.",
    )
