"""Rank correlation of each predictor with the outcome: raw, for other concepts' vectors, and given confounders."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT
from workbench.plots.picture import ZERO, axis, needs, picture
from workbench.plots.words import short

ESTIMATES = (
    ("raw ρ", "rho", "low", "high", LIGHT["blue"], "circle", 0.24),
    (
        "with other concepts’ vectors (transplant)",
        "transplant_rho",
        "transplant_low",
        "transplant_high",
        LIGHT["purple"],
        "diamond",
        0.0,
    ),
    (
        "partial, given grasp, headroom and lean",
        "partial_rho",
        "partial_low",
        "partial_high",
        LIGHT["orange"],
        "square",
        -0.24,
    ),
)


def with_rows(correlations: pd.DataFrame) -> pd.DataFrame:
    """The table with ``row``: the height of each predictor in the picture, first predictor on top."""
    names = list(dict.fromkeys(correlations["predictor"]))
    return correlations.assign(row=[float(len(names) - 1 - names.index(p)) for p in correlations["predictor"]])


def correlation_forest(correlations: pd.DataFrame, predictors: list[str] | None = None) -> Figure:
    """Spearman's ρ with its 95 % interval, three estimates per predictor.

    ``correlations`` holds one outcome, prompt type and layer. ``predictors`` fixes the rows (default: as they come).
    """
    needs(correlations, "predictor", "rho", "low", "high")
    rows = correlations if "row" in correlations else with_rows(correlations)
    ranked = rows.drop_duplicates("predictor").sort_values("row", ascending=False)
    names = predictors or list(ranked["predictor"])
    traces = [
        bound(
            rows,
            {
                "x": rho,
                "y": ("+", "row", shift),
                "error_x.array": ("-", high, rho),
                "error_x.arrayminus": ("-", rho, low),
                "customdata": ("stack", low, high, "n"),
            },
            type="scatter",
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": mark, "size": 9},
            error_x={"color": colour, "thickness": 1.8, "width": 0},
            hovertemplate="ρ = %{x:.2f} [%{customdata[0]:.2f}, %{customdata[1]:.2f}], "
            "n = %{customdata[2]:.0f}<extra>%{fullData.name}</extra>",
        )
        for name, rho, low, high, colour, mark, shift in ESTIMATES
        if rho in rows
    ]
    layout = {
        "xaxis": axis("Spearman’s ρ with the outcome", range=[-1.05, 1.05], dtick=0.5),
        "yaxis": {
            "tickmode": "array",
            "tickvals": [len(names) - 1 - i for i in range(len(names))],
            "ticktext": [short(p) for p in names],
            "range": [-0.6, len(names) - 0.4],
            "zeroline": False,
        },
        "shapes": [
            {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "line": ZERO, "layer": "between"}
        ],
    }
    return picture(
        traces,
        title="What predicts the outcome, and whether it is the vector",
        layout=layout,
        see="A predictor of the vector’s own quality would keep its ρ in the partial correlation and lose it "
        "with vectors of other concepts; where transplant equals raw, it measures the behaviour.",
    )
