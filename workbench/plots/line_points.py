# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Every example as a point on the difference-of-means line: in-sample, held out, and steered."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT, POLES
from workbench.plots.picture import axis, needs, order, picture
from workbench.plots.words import plain

MARKS = {"aligned": "circle", "unaligned": "diamond"}
# rows of the picture, a pole's points just above or below the middle of their row
LIFT = {"aligned": 0.18, "unaligned": -0.18}


def spread(count: int) -> list[float]:
    """Fixed offsets that keep points of a row apart: the same for the same points, no random numbers."""
    return [0.13 * (2 * ((i * 0.618034) % 1.0) - 1) for i in range(count)]


def line_points(points: pd.DataFrame) -> Figure:
    """κ of every example, a row per condition, poles told apart by colour, mark and height.

    ``points`` has pair, pole, condition, kappa, question, slope; each point's id is its pair.
    """
    needs(points, "pair", "pole", "condition", "kappa")
    rows = order(points["condition"])
    traces = []
    # a trace per condition: plotly draws points of one trace that share an id once
    for k, condition in enumerate(rows):
        for pole in (p for p in MARKS if p in set(points["pole"])):
            part = points[(points["pole"] == pole) & (points["condition"] == condition)]
            traces.append(
                bound(
                    part.assign(height=[k + LIFT[pole] + s for s in spread(len(part))]),
                    {
                        "x": "kappa",
                        "y": "height",
                        "ids": "pair",
                        "customdata": ("stack", ("wrap", "question"), "condition", "slope"),
                    },
                    type="scatter",
                    mode="markers",
                    name=f"{plain(pole)} prompts",
                    legendgroup=pole,
                    showlegend=k == 0,
                    marker={"color": POLES[pole], "symbol": MARKS[pole], "size": 7, "opacity": 0.75},
                    selected={"marker": {"opacity": 1}},
                    unselected={"marker": {"opacity": 0.25}},
                    hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}: κ %{x:.2f}, slope of the prompt "
                    "%{customdata[2]:.2f}<extra>%{fullData.name}</extra>",
                )
            )
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "layer": "between",
            "line": {"color": LIGHT["zero"], "width": 1, "dash": "dot"}}  # fmt: skip
    layout = {
        "xaxis": axis("projection κ (class means of the fitted pairs at ±1)", zeroline=False),
        "yaxis": {"tickmode": "array", "tickvals": list(range(len(rows))), "ticktext": [plain(r) for r in rows],
                  "showgrid": False, "zeroline": False, "range": [len(rows) - 0.5, -0.5]},
        "shapes": [{**line, "x0": v, "x1": v} for v in (-1, 1)],
        "dragmode": "select",
    }  # fmt: skip
    return picture(
        traces,
        title="On the difference-of-means line",
        layout=layout,
        see="The fitted pairs stand apart by construction; believe the held-out row. Steering should slide it whole.",
    )
