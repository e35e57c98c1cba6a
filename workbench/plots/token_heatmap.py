# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""What a direction or a probe reads at every token and layer of one text."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import DIVERGING
from workbench.plots.picture import axis, needs, order, picture
from workbench.plots.words import plain

# so many characters of a token fit under its column
ROOM = 10


def visible(token: str) -> str:
    """A token with its line breaks and tabs made visible."""
    return token.replace("\n", "⏎").replace("\t", "⇥") or "∅"


def token_heatmap(readings: pd.DataFrame, unit: str = "κ") -> Figure:
    """Layer × token: colour is the value, a dot marks values that the controls reach too.

    ``readings`` has position, token, layer, value, low, high, outside (:func:`workbench.geometry.read_tokens`).
    """
    needs(readings, "position", "token", "layer", "value", "outside")
    rows = readings.assign(mark=["" if flag else "·" for flag in readings["outside"]])
    words = readings.drop_duplicates("position").sort_values("position")
    layers = order(readings["layer"])
    places = [str(p) for p in words["position"]]
    shown = [visible(token) for token in words["token"]]
    heat = bound(
        rows,
        {
            "z": ("grid", "value", "layer", "position"),
            "text": ("grid", "mark", "layer", "position"),
        },
        type="heatmap",
        x=list(range(len(places))),
        y=[str(v) for v in layers],
        meta={"rows": [str(v) for v in layers], "columns": places},
        customdata=[[plain(word) for word in shown]] * len(layers),
        zmid=0,
        colorscale=DIVERGING,
        xgap=1,
        ygap=1,
        texttemplate="%{text}",
        textfont={"size": 13},
        colorbar={"thickness": 12, "outlinewidth": 0, "title": {"text": plain(unit)}},
        hovertemplate="“%{customdata}”, layer %{y}: %{z:.2f}%{text}<extra></extra>",
    )
    ticks = [plain(word if len(word) <= ROOM else word[: ROOM - 1] + "…") for word in shown]
    layout = {
        "xaxis": axis("token", tickmode="array", tickvals=list(range(len(places))), ticktext=ticks, tickangle=-60,
                      tickfont={"size": 11}, showgrid=False, ticks=""),
        "yaxis": axis("layer (0-based)", type="category", categoryorder="array", showgrid=False,
                      categoryarray=[str(v) for v in layers]),
    }  # fmt: skip
    return picture(
        [heat],
        title="Layer by token",
        layout=layout,
        see="Dark columns are tokens that the direction reads at every depth; a dot is a value that random readers "
        "reach at that token too.",
    )
