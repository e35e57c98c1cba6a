# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Every concept's curve at once: small multiples with the band of random directions."""

from math import ceil

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import DIRECTIONS
from workbench.plots.picture import needs, order, picture
from workbench.plots.propensity_curve import band
from workbench.plots.words import DIRECTION_NAMES, plain

# shares of a column and of a row that stay free: between columns, above for the heading, below for the ticks
GAP, HEADING, TICKS = 0.07, 0.17, 0.19


def placed(index: int, columns: int, rows: int) -> tuple[list[float], list[float]]:
    """Domains of a small multiple, from the upper left; the free share of a column lies on its left."""
    wide, tall = 1 / columns, 1 / rows
    left, top = (index % columns) * wide, 1 - (index // columns) * tall
    across = [left + (GAP * wide if index % columns else 0.0), left + wide]
    return across, [max(top - tall * (1 - TICKS), 0.0), top - HEADING * tall]


def panel(curves: pd.DataFrame, concept: str, index: int) -> list[dict]:
    """The traces of one small multiple: random band, shuffled line, own band and line."""
    axes = {"xaxis": f"x{index + 1}", "yaxis": f"y{index + 1}"}
    rule = {"concept": concept}
    traces = band(curves, "random", rule, **axes) + band(curves, "own", rule, **axes)
    for direction in ("shuffled", "own"):
        colour, _, dash = DIRECTIONS[direction]
        traces.append(
            bound(
                curves,
                {"x": "multiplier", "y": "mean", "customdata": ("stack", "low", "high", "concept")},
                where={**rule, "direction": direction},
                type="scatter",
                mode="lines",
                name=DIRECTION_NAMES[direction],
                legendgroup=direction,
                showlegend=index == 0,
                line={"color": colour, "dash": dash, "width": 2},
                **axes,
                hovertemplate="<b>%{customdata[2]}</b><br>multiplier %{x:.2f}: %{y:.2f} "
                "[%{customdata[0]:.2f}, %{customdata[1]:.2f}]<extra>%{fullData.name}</extra>",
            )
        )
    if index == 0:
        traces[1].update(name=DIRECTION_NAMES["random"] + " (range)", showlegend=True)
    return traces


def propensity_overview(curves: pd.DataFrame, columns: int = 7) -> Figure:
    """One little curve per concept; ``curves`` holds one prompt type and layer."""
    needs(curves, "concept", "direction", "multiplier", "mean", "low", "high")
    concepts = order(curves["concept"])
    columns = max(1, min(columns, len(concepts)))
    rows = max(1, ceil(len(concepts) / columns))
    traces: list[dict] = []
    layout: dict = {
        "annotations": [],
        "meta": {"multiples": {"n": len(concepts), "columns": columns, "gap": GAP, "heading": HEADING, "ticks": TICKS,
                               # what print, which has no sentence below the title, writes once for all
                               "axes": ["multiplier (1 = the mean difference)", "change of propensity Δ (log-odds)"]}},
    }
    small = {"tickfont": {"size": 10}, "automargin": False}
    for index, concept in enumerate(concepts):
        traces += panel(curves, concept, index)
        across, up = placed(index, columns, rows)
        number = "" if index == 0 else str(index + 1)
        layout[f"xaxis{number}"] = {
            "domain": across,
            "anchor": f"y{index + 1}",
            "tickvals": [-1, 0, 1],
            **small,
            "zeroline": True,
            **({"matches": "x"} if index else {}),
        }
        layout[f"yaxis{number}"] = {
            "domain": up,
            "anchor": f"x{index + 1}",
            "nticks": 5,
            "showticklabels": index % columns == 0,
            **small,
            **({"matches": "y"} if index else {}),
        }
        layout["annotations"].append(
            {
                "text": plain(concept),
                "xref": "paper",
                "yref": "paper",
                "x": across[0],
                "y": up[1],
                "xanchor": "left",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 11},
            }
        )
    return picture(
        traces,
        title="Propensity of every concept",
        layout=layout,
        see="Each little picture is one concept: change of propensity (log-odds, vertical) against multiplier "
        "(horizontal), all on one scale; look for blue lines that stay inside the grey band: they do not steer.",
    )
