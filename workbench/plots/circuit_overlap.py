"""How far the circuits of both poles are the same edges, over sizes, between chance and a circuit with itself."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.palette import LIGHT
from workbench.plots.picture import axis, needs, picture


def circuit_overlap(curve: pd.DataFrame) -> Figure:
    """Intersection over union against the number of edges; ``curve`` as :func:`overlap_curve` gives it.

    The lower band is chance within kinds of edge. The upper band is one circuit against itself between halves of the
    groups, to be compared with the diamonds, the two circuits between such halves. Raises for missing columns.
    """
    needs(curve, "size", "iou", "chance_low", "chance_high", "across", "within_low", "within_high")
    sizes = curve["size"].tolist()
    bands = [("chance", "chance (95 %)", LIGHT["band_grey"], "dot", LIGHT["grey"]),
             ("within", "one circuit, two halves of the groups (95 %)", LIGHT["band_blue"], "dash", LIGHT["blue"])]
    traces = [
        {"type": "scatter", "mode": "lines", "name": label, "x": sizes + sizes[::-1], "fill": "toself",
         "y": curve[f"{name}_high"].tolist() + curve[f"{name}_low"].tolist()[::-1], "fillcolor": fill,
         "line": {"width": 1, "color": edge, "dash": dash}, "hoverinfo": "skip"}
        for name, label, fill, dash, edge in bands
    ]  # fmt: skip
    for name, label, symbol in (("across", "aligned against unaligned, two halves", "diamond-open"),
                                ("iou", "aligned against unaligned", "circle")):  # fmt: skip
        traces.append({
            "type": "scatter", "mode": "lines+markers", "name": label, "x": sizes, "y": curve[name].tolist(),
            "line": {"color": LIGHT["ink"], "width": 2.5 if name == "iou" else 1.2},
            "marker": {"symbol": symbol, "size": 9},
            "hovertemplate": "%{x} edges: %{y:.2f}<extra>" + label + "</extra>",
        })  # fmt: skip
    layout = {"xaxis": axis("edges in each circuit", type="log", tickvals=sizes), "height": 420,
              "yaxis": axis("intersection over union", range=[-0.02, 1.04]),
              "legend": {"y": -0.22, "yanchor": "top"}, "margin": {"t": 100, "b": 120}}  # fmt: skip
    see = "Diamonds below the blue band: the circuits differ by more than prompts do."
    return picture(traces, title="Are both poles steered through the same edges?", layout=layout, see=see)
