"""What a one-sided floor leaves of both poles' control, over the height at which it is set."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT, POLES
from workbench.plots.picture import ZERO, axis, needs, picture

# pole -> mark, dash, band: told apart without colour as well
MARKS = {"aligned": ("circle", "solid", "band_blue"), "unaligned": ("diamond", "dash", "band_orange")}
ENDS = ("", "_low", "_high")


def floor_trade_off(curve: pd.DataFrame) -> Figure:
    """R₊ and R₋ of the floor's own vector over τ, with 95 % bands.

    ``curve`` has a row per τ of one concept and budget: tau (activation units), quantile (of neutral text), and
    retained_<pole> and nll_rise with _low and _high. The lines at .2 and .8 are what ε-asymmetric control asks for.
    """
    needs(curve, "tau", "quantile", "nll_rise", *(f"retained_{pole}{end}" for pole in MARKS for end in ENDS))
    curve, traces = curve.sort_values("tau"), []
    for pole, (mark, dash, fill) in MARKS.items():
        name = f"retained_{pole}"
        edge = {"type": "scatter", "mode": "lines", "line": {"width": 0, "color": LIGHT[fill]}, "hoverinfo": "skip",
                "showlegend": False}  # fmt: skip
        traces.append(bound(curve, {"x": "tau", "y": f"{name}_low"}, **edge))
        traces.append(bound(curve, {"x": "tau", "y": f"{name}_high"}, fill="tonexty", fillcolor=LIGHT[fill], **edge))
        about = ("stack", f"{name}_low", f"{name}_high", "quantile", "nll_rise")
        traces.append(
            bound(
                curve,
                {"x": "tau", "y": name, "customdata": about},
                type="scatter",
                mode="lines+markers",
                name=f"{pole} control",
                line={"color": POLES[pole], "dash": dash, "width": 2.5},
                marker={"symbol": mark, "size": 9, "color": POLES[pole]},
                hovertemplate="τ = %{x:.2f} (quantile %{customdata[2]:.2f} of neutral text): %{y:.2f} "
                "[%{customdata[0]:.2f}, %{customdata[1]:.2f}], the floor's own cost %{customdata[3]:+.1%}"
                "<extra>%{fullData.name}</extra>",
            )
        )
    lines = [
        {"type": "line", "y0": at, "y1": at, "xref": "paper", "x0": 0, "x1": 1, "line": ZERO, "layer": "between"}
        for at in (0.2, 0.8)
    ]
    layout = {
        "xaxis": axis("floor τ under the coordinate along its vector (activation units)"),
        "yaxis": axis("share of control that is left", range=[-0.6, 1.6], dtick=0.4),
        "shapes": lines,
    }
    return picture(
        traces,
        title="The floor's trade-off",
        layout=layout,
        see="Against its own vector alone: a floor that is useful somewhere has the circles above the upper line and "
        "the diamonds below the lower one at the same τ. Where bands are wide nothing is said.",
    )
