"""Gains of both poles over matched budgets, and the index over the same budgets."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT, POLES
from workbench.plots.picture import axis, needs, picture

MARKS = {"aligned": ("circle", "solid", "band_blue"), "unaligned": ("square", "dash", "band_orange")}


def band(curves: pd.DataFrame, value: str, fill: str, where: dict) -> list[dict]:
    """Two invisible edges with a fill between: an interval over budgets."""
    edge = {"type": "scatter", "mode": "lines", "line": {"width": 0, "color": fill}, "hoverinfo": "skip"}
    edge |= {"showlegend": False}
    return [
        bound(curves, {"x": "level", "y": f"{value}_low"}, where=where, **edge),
        bound(curves, {"x": "level", "y": f"{value}_high"}, where=where, fill="tonexty", fillcolor=fill, **edge),
    ]


def dose_response(curves: pd.DataFrame) -> Figure:
    """Gain toward each pole against the budget that both spend, with 95 % bands.

    ``curves`` holds one method, concept (or pool) and budget kind: pole, level, gain, gain_low, gain_high in log-odds.
    """
    needs(curves, "pole", "level", "gain", "gain_low", "gain_high")
    traces = []
    for pole, (mark, dash, fill) in MARKS.items():
        traces += band(curves, "gain", LIGHT[fill], {"pole": pole})
        traces.append(
            bound(
                curves,
                {"x": "level", "y": "gain", "customdata": ("stack", "gain_low", "gain_high", "nll_rise")},
                where={"pole": pole},
                type="scatter",
                mode="lines+markers",
                name=f"toward the {pole} pole",
                line={"color": POLES[pole], "dash": dash, "width": 2.5},
                marker={"symbol": mark, "size": 8, "color": POLES[pole]},
                hovertemplate="budget %{x}: %{y:.2f} [%{customdata[0]:.2f}, %{customdata[1]:.2f}], neutral NLL "
                "%{customdata[2]:+.1%}<extra>%{fullData.name}</extra>",
            )
        )
    layout = {
        "xaxis": axis("budget spent on each pole (norm: share; KL: nats per token; examples: number)", type="log"),
        "yaxis": axis("gain (log-odds)"),
    }
    return picture(
        traces,
        title="Gain of both poles at the same budget",
        layout=layout,
        see="Two curves that lie on each other are symmetric control; where one stays below, the same budget does "
        "less toward that pole. Below 0 the control pushes away from its own pole.",
    )


def index_by_dose(curves: pd.DataFrame) -> Figure:
    """A against the budget, down to small ones: every smooth model is symmetric there, A(b) = O(b)."""
    needs(curves, "pole", "level", "index", "index_low", "index_high")
    one = {"pole": "aligned"}
    line = bound(
        curves,
        {"x": "level", "y": "index", "customdata": ("stack", "index_low", "index_high")},
        where=one,
        type="scatter",
        mode="lines+markers",
        name="index A, 95 % band",
        line={"color": LIGHT["blue"], "width": 2.5},
        marker={"size": 8, "color": LIGHT["blue"]},
        hovertemplate="budget %{x}: A = %{y:.2f} [%{customdata[0]:.2f}, %{customdata[1]:.2f}]<extra></extra>",
    )
    layout = {
        "xaxis": axis("budget spent on each pole (norm: share; KL: nats per token; examples: number)", type="log"),
        "yaxis": axis("index A", range=[-1.05, 1.05]),
    }
    return picture(
        [*band(curves, "index", LIGHT["band_blue"], one), line],
        title="Index against dose",
        layout=layout,
        see="For plus and minus the same vector every smooth model must come to 0 on the left; what is left there is "
        "a kink, two different vectors, or noise. Asymmetry that grows to the right is curvature.",
    )
