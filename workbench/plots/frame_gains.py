"""Gains of both poles in every frame in which the items were asked, at the same dose."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT
from workbench.plots.picture import ZERO, axis, needs, picture

# pole -> colour, mark, thickness of the interval: told apart without colour as well, and where they lie on each other
POLES = {"aligned": (LIGHT["blue"], "circle", 5), "unaligned": (LIGHT["vermillion"], "diamond", 1.8)}


def frame_gains(frames: pd.DataFrame) -> Figure:
    """G₊ and G₋ per frame with 95 % intervals; ``frames`` has a row per frame of one method on one concept or pool.

    Columns: frame, verdict, index, gain_<pole> and kept_<pole>, with _low and _high of the gains. Log-odds.
    """
    ends = (f"gain_{pole}{end}" for pole in POLES for end in ("", "_low", "_high"))
    needs(frames, "frame", "index", "verdict", *ends)
    traces = [
        bound(
            frames,
            {
                "x": f"gain_{pole}",
                "y": "frame",
                "error_x.array": ("-", f"gain_{pole}_high", f"gain_{pole}"),
                "error_x.arrayminus": ("-", f"gain_{pole}", f"gain_{pole}_low"),
                "customdata": ("stack", "index", "verdict", f"kept_{pole}", "lean"),
            },
            type="scatter",
            mode="markers",
            name=f"toward {pole}",
            marker={"color": colour, "symbol": mark, "size": 10},
            error_x={"color": colour, "thickness": thick, "width": 0},
            hovertemplate="<b>%{y}</b><br>gain %{x:.2f}, %{customdata[2]:.0%} of that in the frame of the fit<br>"
            "A = %{customdata[0]:.2f}, %{customdata[1]} at this budget<br>uncontrolled %{customdata[3]:.2f}"
            "<extra>%{fullData.name}</extra>",
        )
        for pole, (colour, mark, thick) in POLES.items()
    ]
    line = {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "line": ZERO, "layer": "between"}
    layout = {
        "xaxis": axis("gain toward the pole asked for (log-odds)"),
        "yaxis": {"type": "category", "autorange": "reversed", "automargin": True},
        "shapes": [line],
    }
    return picture(
        traces,
        title="Does control carry over to other frames?",
        layout=layout,
        see="Each row asks the same items otherwise, under the same control. Circles and diamonds that lie together "
        "are symmetric control; both at 0 is control that does not carry over.",
    )
