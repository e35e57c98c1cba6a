# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Projections onto the difference-of-means line, before and after steering."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT, POLES
from workbench.plots.picture import axis, needs, order, picture
from workbench.plots.words import plain


def coloured(found: list) -> dict[str, str]:
    """Colour of each pole found: the positive (or aligned) one first and blue."""
    known = {pole: colour for pole, colour in POLES.items() if pole in found}
    return known | {str(pole): LIGHT["grey"] for pole in found if pole not in POLES}


def projections(table: pd.DataFrame) -> Figure:
    """Histograms of κ by pole, unsteered (above) and steered (below), on one axis.

    ``table`` holds one cell: pole, kappa, kappa_steered. κ puts the class means at ±1; steering by λ moves it by 2λ.
    """
    needs(table, "pole", "kappa", "kappa_steered")
    traces = [
        bound(
            table,
            {"x": column},
            where={"pole": pole},
            type="histogram",
            name=f"{plain(pole)} prompts",
            legendgroup=pole,
            showlegend=column == "kappa",
            bingroup="kappa",
            nbinsx=40,
            xaxis="x",
            yaxis=yaxis,
            marker={"color": colour, "line": {"width": 0}},
            opacity=0.6,
            hovertemplate="κ in %{x}: %{y} prompts<extra>%{fullData.name}</extra>",
        )
        for column, yaxis in (("kappa", "y"), ("kappa_steered", "y2"))
        for pole, colour in coloured(order(table["pole"])).items()
    ]
    line = {
        "type": "line",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "layer": "between",
        "line": {"color": LIGHT["zero"], "width": 1, "dash": "dot"},
    }
    tag = {
        "xref": "paper",
        "x": 0.995,
        "xanchor": "right",
        "yref": "paper",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12, "color": LIGHT["soft"]},
    }
    layout = {
        "barmode": "overlay",
        "xaxis": axis("projection κ (class means at ±1)", anchor="y2", zeroline=False),
        "yaxis": axis("prompts", domain=[0.54, 1]),
        "yaxis2": axis("prompts", domain=[0, 0.46], anchor="x"),
        "shapes": [{**line, "x0": v, "x1": v} for v in (-1, 1)],
        "annotations": [{**tag, "y": 1, "text": "not steered"}, {**tag, "y": 0.46, "text": "steered"}],
    }
    return picture(
        traces,
        title="Projections onto the difference-of-means line",
        layout=layout,
        see="Two humps that stand apart mean that the direction separates the poles; steering should slide both "
        "to the right without making them wider.",
    )
