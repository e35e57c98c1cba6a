"""Change of propensity against multiplier for one cell, with every control direction's band."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import DIRECTIONS
from workbench.plots.picture import ZERO, axis, needs, picture
from workbench.plots.words import DIRECTION_NAMES


def band(curves: pd.DataFrame, direction: str, where: dict | None = None, **trace) -> list[dict]:
    """Two invisible edges with a fill between: the interval of a direction over the multipliers."""
    fill = DIRECTIONS[direction][1]
    edge = {
        "type": "scatter",
        "mode": "lines",
        "line": {"width": 0, "color": fill},
        "hoverinfo": "skip",
        "showlegend": False,
        "legendgroup": direction,
        **trace,
    }
    rule = {**(where or {}), "direction": direction}
    return [
        bound(curves, {"x": "multiplier", "y": "low"}, where=rule, **edge),
        bound(curves, {"x": "multiplier", "y": "high"}, where=rule, fill="tonexty", fillcolor=fill, **edge),
    ]


def propensity_curve(curves: pd.DataFrame) -> Figure:
    """Mean change of propensity with a band, for the own, random, shuffled-label and transplanted directions.

    ``curves`` holds one concept, prompt type and layer: direction, multiplier, mean, low, high, the change of the
    log-odds of the positive answer against no steering. The own band is a 95 % interval over groups; a control's band
    is the range over its draws.
    """
    needs(curves, "direction", "multiplier", "mean", "low", "high")
    traces = []
    for direction, (colour, _, dash) in DIRECTIONS.items():
        traces += band(curves, direction)
        traces.append(
            bound(
                curves,
                {"x": "multiplier", "y": "mean", "customdata": ("stack", "low", "high")},
                where={"direction": direction},
                type="scatter",
                mode="lines+markers",
                name=DIRECTION_NAMES[direction],
                legendgroup=direction,
                line={"color": colour, "dash": dash, "width": 3 if direction == "own" else 1.8},
                marker={"size": 6 if direction == "own" else 4, "color": colour},
                hovertemplate="multiplier %{x:.2f}: %{y:.2f} [%{customdata[0]:.2f}, %{customdata[1]:.2f}]"
                "<extra>%{fullData.name}</extra>",
            )
        )
    layout = {
        "xaxis": axis("multiplier (1 = the mean difference)", zeroline=False),
        "yaxis": axis("change of propensity Δ (log-odds)"),
        "shapes": [
            {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "line": ZERO, "layer": "between"}
        ],
    }
    return picture(
        traces,
        title="Propensity against multiplier",
        layout=layout,
        see="Steering works where the blue line leaves the grey and orange bands, upwards on the right and downwards "
        "on the left; the purple line shows what vectors of other concepts do.",
    )
