"""What each pole gains against what it costs elsewhere."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.dose_response import MARKS
from workbench.plots.palette import LIGHT, POLES
from workbench.plots.picture import axis, needs, picture

CAP = 0.05


def cost_frontier(curves: pd.DataFrame, x: str = "nll_rise", cap: float = CAP) -> Figure:
    """Gain of each pole against a cost elsewhere, one point per budget.

    ``curves`` holds one method, concept (or pool) and budget kind: pole, level, gain and the cost ``x``: nll_rise
    (relative rise of the NLL on neutral text), choice_drop or incoherent (shares). ``cap``: where budgets end.
    """
    needs(curves, "pole", "level", "gain", x)
    choice = {"x": x}
    traces = [
        bound(
            curves,
            {
                "x": "@x",
                "y": "gain",
                "error_y.array": ("-", "gain_high", "gain"),
                "error_y.arrayminus": ("-", "gain", "gain_low"),
                "customdata": ("stack", "level"),
            },
            where={"pole": pole},
            choice=choice,
            type="scatter",
            mode="lines+markers",
            name=f"toward the {pole} pole",
            line={"color": POLES[pole], "dash": dash, "width": 2},
            marker={"symbol": mark, "size": 8, "color": POLES[pole]},
            error_y={"color": POLES[pole], "thickness": 1.2, "width": 0},
            hovertemplate="budget %{customdata[0]}: gain %{y:.2f}, cost %{x:+.1%}<extra>%{fullData.name}</extra>",
        )
        for pole, (mark, dash, _) in MARKS.items()
    ]
    line = {"color": LIGHT["zero"], "width": 1.5, "dash": "dot"}
    layout = {
        "xaxis": axis("", tickformat="~%"),
        "yaxis": axis("gain (log-odds)"),
        "shapes": [{"type": "line", "x0": cap, "x1": cap, "yref": "paper", "y0": 0, "y1": 1, "line": line}],
        "meta": {"bind": {"xaxis.title.text": ("label", "@x")}},
    }
    return picture(
        traces,
        title="Gain against cost",
        choice=choice,
        layout=layout,
        see="The higher a curve at the same cost, the cheaper that pole is to reach; right of the dotted line a budget "
        "no longer counts, because it damages the model.",
    )
