# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The effect at each concept's recommended setting, and how often it backfires."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT
from workbench.plots.picture import ZERO, axis, needs, picture
from workbench.plots.words import plain


def with_states(recommendation: pd.DataFrame) -> pd.DataFrame:
    """``state``: "reliable" or "unreliable", from the column ``reliable`` where there is one."""
    flags = recommendation["reliable"] if "reliable" in recommendation else [True] * len(recommendation)
    return recommendation.assign(state=["reliable" if flag else "unreliable" for flag in flags])


def side(rows: pd.DataFrame, value: str, state: str, xaxis: str) -> dict:
    """The points of one column and state: filled where the setting is reliable, grey and hollow where it is not."""
    known = state == "reliable"
    colour, mark = (LIGHT["blue"], "circle") if value == "effect" else (LIGHT["vermillion"], "square")
    colour, mark = (colour, mark) if known else (LIGHT["grey"], f"{mark}-open")
    return bound(
        rows,
        {
            "x": value,
            "y": "concept",
            "error_x.array": ("-", f"{value}_high", value),
            "error_x.arrayminus": ("-", value, f"{value}_low"),
            "customdata": ("stack", ("wrap", "title"), "prompt_type", "layer", "multiplier"),
        },
        where={"state": state},
        type="scatter",
        mode="markers",
        name="reliable setting" if known else "no reliable setting: the best that was found",
        legendgroup=state,
        showlegend=value == "effect"
        and bool((rows["state"] == state).any())
        and not (rows["state"] == "reliable").all(),
        xaxis=xaxis,
        yaxis="y",
        marker={"color": colour, "symbol": mark, "size": 8, "line": {"width": 1.5, "color": colour}},
        error_x={"color": colour, "thickness": 1.6, "width": 0},
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}, layer %{customdata[2]}, multiplier "
        "%{customdata[3]:.2f}<br>" + value + " %{x:.2f}<extra></extra>",
    )


def recommendation_forest(recommendation: pd.DataFrame) -> Figure:
    """Two columns with 95 % intervals: effect (log-odds) and share of prompts that backfire, sorted by effect."""
    needs(recommendation, "concept", "effect", "backfire")
    rows = with_states(recommendation).sort_values("effect", na_position="first")
    traces = [
        side(rows, value, state, xaxis)
        for state in ("unreliable", "reliable")
        for value, xaxis in (("effect", "x"), ("backfire", "x2"))
    ]
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": ZERO, "layer": "between"}
    layout = {
        "xaxis": axis("effect (log-odds)", domain=[0, 0.62], zeroline=False),
        "xaxis2": axis(
            "backfires (share)", domain=[0.68, 1], range=[-0.02, 1.02], anchor="y", tickformat=".0%", nticks=4
        ),
        "yaxis": {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [plain(c) for c in rows["concept"]],
            "dtick": 1,
            "tickfont": {"size": 11},
        },
        "shapes": [{**line, "x0": 0, "x1": 0}, {**line, "xref": "x2", "x0": 0.5, "x1": 0.5}],
    }
    return picture(
        traces,
        title="Effect and backfire at the recommended setting",
        layout=layout,
        see="Trust a setting whose effect is clear of zero (left) and whose backfire share is clear of a half "
        "(right), which is what doing nothing would give.",
    )
