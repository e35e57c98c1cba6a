"""What a defence leaves of each pole's control under every attack, in the order of the ladder."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT
from workbench.plots.picture import ZERO, axis, needs, picture

# pole -> colour, mark: told apart without colour as well
POLES = {"aligned": (LIGHT["blue"], "circle"), "unaligned": (LIGHT["vermillion"], "diamond")}


def retention_ladder(rungs: pd.DataFrame) -> Figure:
    """R₊ and R₋ per attack with 95 % intervals; ``rungs`` has a row per attack of one concept, in the ladder's order.

    Columns: attack, tier, and retained_<pole> with _low and _high. The lines at .2 and .8 are what ε-asymmetric control
    asks for.
    """
    needs(rungs, "attack", *(f"retained_{pole}{end}" for pole in POLES for end in ("", "_low", "_high")))
    traces = [
        bound(
            rungs,
            {
                "x": f"retained_{pole}",
                "y": "attack",
                "error_x.array": ("-", f"retained_{pole}_high", f"retained_{pole}"),
                "error_x.arrayminus": ("-", f"retained_{pole}", f"retained_{pole}_low"),
                "customdata": ("stack", "tier", f"gain_{pole}_bare", f"gain_{pole}_defended", f"label_{pole}"),
            },
            type="scatter",
            mode="markers",
            name=f"{pole} control",
            marker={"color": colour, "symbol": mark, "size": 10},
            error_x={"color": colour, "thickness": 1.8, "width": 0},
            hovertemplate="<b>%{y}</b> (%{customdata[0]})<br>retained %{x:.2f}<br>gain %{customdata[1]:.2f} without, "
            "%{customdata[2]:.2f} with the defence<br>%{customdata[3]}<extra>%{fullData.name}</extra>",
        )
        for pole, (colour, mark) in POLES.items()
    ]
    lines = [
        {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": ZERO, "layer": "between"}
        for at in (0.2, 0.8)
    ]
    layout = {
        "xaxis": axis("share of control that is left (1: the defence does nothing)", range=[-0.6, 1.6], dtick=0.4),
        "yaxis": {"type": "category", "autorange": "reversed"},
        "shapes": lines,
    }
    return picture(
        traces,
        title="The attack ladder",
        layout=layout,
        see="A defence that works leaves the circles right of the right line and every diamond left of the left line; "
        "one diamond to the right is an attack that gets through.",
    )
