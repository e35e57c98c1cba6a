"""Every prompt's own slope, sorted: the mean hides prompts that steering pushes the wrong way."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT
from workbench.plots.picture import ZERO, axis, needs, picture

CELL = ["concept", "prompt_type", "layer"]


def with_ranks(prompts: pd.DataFrame) -> pd.DataFrame:
    """The table sorted by slope within each cell, with ``rank`` from 1."""
    keys = [c for c in CELL if c in prompts]
    table = prompts.sort_values([*keys, "slope"], kind="stable")
    rank = table.groupby(keys, sort=False).cumcount() if keys else pd.Series(range(len(table)), index=table.index)
    return table.assign(rank=rank + 1)


def prompt_slopes(prompts: pd.DataFrame) -> Figure:
    """Slopes of one cell's prompts as sorted bars; anti-steerable ones in vermillion, the prompt in the hover box.

    ``prompts`` has slope (log-odds per unit of multiplier), anti, question, group, positive_answer, base, delta_plus.
    """
    needs(prompts, "slope", "anti", "question")
    rows = prompts if "rank" in prompts else with_ranks(prompts)
    traces = [
        bound(
            rows,
            {
                "x": "rank",
                "y": "slope",
                "customdata": (
                    "stack",
                    ("wrap", "question"),
                    ("wrap", "group"),
                    "positive_answer",
                    "base",
                    "delta_plus",
                ),
            },
            where={"anti": flag},
            type="bar",
            name=name,
            marker={"color": colour, "line": {"width": 0}},
            width=0.8,
            hovertemplate="<b>%{customdata[0]}</b><br>positive answer:%{customdata[2]}; group: %{customdata[1]}"
            "<br>slope %{y:.2f}, unsteered %{customdata[3]:.2f}, Δ(+1) %{customdata[4]:.2f} log-odds"
            "<extra></extra>",
        )
        for flag, name, colour in (
            (False, "steers as asked", LIGHT["blue"]),
            (True, "anti-steerable: Δ(1) < 0", LIGHT["vermillion"]),
        )
    ]
    layout = {
        "xaxis": axis("prompts, sorted by slope", zeroline=False, showgrid=False),
        "yaxis": axis("slope (log-odds per multiplier)"),
        "barmode": "overlay",
        "bargap": 0.1,
        "shapes": [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0, "line": ZERO}],
    }
    return picture(
        traces,
        title="Slope of every prompt",
        layout=layout,
        see="Vermillion bars are prompts that multiplier 1 pushes the wrong way; prompts without any effect "
        "fall on either side by chance, so compare their share with a half.",
    )
