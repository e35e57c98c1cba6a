# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Layer × prompt type: where a direction is strong, and where it is no better than a random one."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import DIVERGING
from workbench.plots.picture import axis, needs, order, picture
from workbench.plots.words import plain

MEAN = "mean over concepts"


def with_mean(cells: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The mean over concepts on top of the cells, and ``mark``: " ×" where random directions reach the cell.

    The mean carries the mark where they do so for half of the concepts or more.
    """
    at, numbers = ["prompt_type", "layer"], [c for c in columns if c in cells]
    flags = cells["beats_random"] if "beats_random" in cells else pd.Series(True, index=cells.index)
    reached = cells.assign(reached=~flags.astype(bool))
    mean = reached.groupby(at, sort=False)[[*numbers, "reached"]].mean().reset_index()
    shown = pd.concat([mean.assign(concept=MEAN), reached], ignore_index=True)
    shown["mark"] = ["" if share < 0.5 else " ×" for share in shown["reached"].astype(float)]
    return shown[["concept", *at, *numbers, "mark"]]


def layer_heatmap(cells: pd.DataFrame, z: str = "odd") -> Figure:
    """Colour and number are the quantity ``z`` of one concept (or the mean); × marks cells that random ones reach."""
    needs(cells, "prompt_type", "layer", z)
    types, layers = order(cells["prompt_type"]), order(cells["layer"])
    choice = {"z": z}
    shown = [plain(v) for v in types]
    places = {"rows": [str(v) for v in layers], "columns": [str(v) for v in types]}
    traces = [
        bound(
            cells,
            {"z": ("grid", "@z", "layer", "prompt_type"), "text": ("grid", "mark", "layer", "prompt_type")},
            choice=choice,
            type="heatmap",
            x=shown,
            y=places["rows"],
            meta=places,
            xgap=2,
            ygap=2,
            colorscale=DIVERGING,
            zmid=0,
            texttemplate="%{z:.2f}%{text}",
            textfont={"size": 13, "weight": 600},
            colorbar={"thickness": 12, "outlinewidth": 0},
            hovertemplate="%{x}, layer %{y}: %{z:.3f}%{text}<extra></extra>",
        )
    ]
    layout = {
        "meta": {"bind": {"xaxis.title.text": ("label", "@z", "colour and number: ")}},
        "xaxis": axis("", type="category", categoryorder="array", categoryarray=shown, showgrid=False),
        "yaxis": axis(
            "layer (0-based)", type="category", categoryorder="array", showgrid=False, categoryarray=places["rows"]
        ),
    }
    return picture(
        traces,
        title="Layer × prompt type",
        layout=layout,
        choice=choice,
        see="A useful direction has dark blue cells next to one another; × marks a cell that random directions of the "
        "same norm reach too (in the mean: for half of the concepts or more); a lone dark cell is likely luck.",
    )
