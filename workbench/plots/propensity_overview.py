"""Every concept's propensity curve at once: small multiples with the band of random directions."""

from math import ceil

import pandas as pd
from plotly.graph_objects import Figure

from .binding import bound
from .palette import DIRECTIONS
from .picture import needs, order, picture
from .propensity_curve import band
from .words import DIRECTION_NAMES, plain

GAP_X, GAP_Y = 0.012, 0.40


def placed(index: int, columns: int, rows: int) -> tuple[list[float], list[float]]:
    """Domains of a small multiple: even columns, rows from the top with room for a heading (``GAP_Y`` of a row)."""
    wide, tall = (1 + GAP_X) / columns, 1 / rows
    left, top = (index % columns) * wide, 1 - (index // columns) * tall
    return [left, min(left + wide - GAP_X, 1.0)], [max(top - tall, 0.0), top - GAP_Y * tall]


def panel(curves: pd.DataFrame, concept: str, index: int) -> list[dict]:
    """The traces of one small multiple: random band, shuffled line, own band and line."""
    axes = {"xaxis": f"x{index + 1}", "yaxis": f"y{index + 1}"}
    rule = {"concept": concept}
    traces = band(curves, "random", rule, **axes) + band(curves, "own", rule, **axes)
    for direction in ("shuffled", "own"):
        colour, _, dash = DIRECTIONS[direction]
        traces.append(bound(
            curves, {"x": "multiplier", "y": "mean", "customdata": ("stack", "low", "high")},
            where={**rule, "direction": direction}, type="scatter", mode="lines", name=DIRECTION_NAMES[direction],
            legendgroup=direction, showlegend=index == 0, line={"color": colour, "dash": dash, "width": 2}, **axes,
            hovertemplate=f"<b>{plain(concept)}</b><br>multiplier %{{x:.2f}}: %{{y:.2f}} "
                          f"[%{{customdata[0]:.2f}}, %{{customdata[1]:.2f}}]<extra>{DIRECTION_NAMES[direction]}</extra>"))
    if index == 0:
        traces[1].update(name=DIRECTION_NAMES["random"] + " (95 % band)", showlegend=True)
    return traces


def propensity_overview(curves: pd.DataFrame, columns: int = 7) -> Figure:
    """One little curve per concept on a common scale; ``curves`` holds one prompt type and layer."""
    needs(curves, "concept", "direction", "multiplier", "mean", "low", "high")
    concepts = order(curves["concept"])
    columns = max(1, min(columns, len(concepts)))
    rows = max(1, ceil(len(concepts) / columns))
    traces, layout = [], {"annotations": [], "meta": {"multiples": {"n": len(concepts), "columns": columns}}}
    for index, concept in enumerate(concepts):
        traces += panel(curves, concept, index)
        across, up = placed(index, columns, rows)
        number = "" if index == 0 else str(index + 1)
        matched = {} if index == 0 else {"matches": "x"}, {} if index == 0 else {"matches": "y"}
        layout[f"xaxis{number}"] = {"domain": across, "anchor": f"y{index + 1}", "tickvals": [-1, 0, 1], **matched[0],
                                    "tickfont": {"size": 10}, "zeroline": True, "automargin": False}
        layout[f"yaxis{number}"] = {"domain": up, "anchor": f"x{index + 1}", "nticks": 4, "zeroline": True, **matched[1],
                                    "tickfont": {"size": 10}, "showticklabels": index % columns == 0, "automargin": False}
        layout["annotations"].append({
            "text": plain(concept), "xref": "paper", "yref": "paper", "x": across[0], "y": up[1], "xanchor": "left",
            "yanchor": "bottom", "showarrow": False, "font": {"size": 11}})
    return picture(traces, title="Propensity of every concept", layout=layout,
                   see="Each little picture is one concept: log-odds of the positive answer (vertical) against multiplier "
                       "(horizontal), all on one scale; look for blue lines that stay inside the grey band.")
