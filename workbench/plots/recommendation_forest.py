"""The effect at each concept's recommended setting, and how often it backfires."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT
from workbench.plots.picture import ZERO, axis, needs, picture
from workbench.plots.words import plain


def recommendation_forest(recommendation: pd.DataFrame) -> Figure:
    """Two columns with 95 % intervals: effect (log-odds) and share of prompts that backfire, sorted by effect."""
    needs(recommendation, "concept", "effect", "backfire")
    rows = recommendation.sort_values("effect")
    hover = ("stack", ("wrap", "title"), "prompt_type", "layer", "multiplier")
    traces = [
        bound(
            rows,
            {
                "x": value,
                "y": "concept",
                "error_x.array": ("-", f"{value}_high", value),
                "error_x.arrayminus": ("-", value, f"{value}_low"),
                "customdata": hover,
            },
            type="scatter",
            mode="markers",
            name=name,
            xaxis=xaxis,
            yaxis="y",
            showlegend=False,
            marker={"color": colour, "symbol": mark, "size": 8},
            error_x={"color": colour, "thickness": 1.6, "width": 0},
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}, layer %{customdata[2]}, multiplier "
            "%{customdata[3]:.2f}<br>" + name + " %{x:.2f}<extra></extra>",
        )
        for value, name, colour, mark, xaxis in (
            ("effect", "effect", LIGHT["blue"], "circle", "x"),
            ("backfire", "backfires", LIGHT["vermillion"], "square", "x2"),
        )
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
