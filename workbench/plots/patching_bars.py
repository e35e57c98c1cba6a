# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""How much of a cue's effect comes back when one layer's activations are patched in."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT, SERIES
from workbench.plots.picture import axis, needs, order, picture
from workbench.plots.words import plain


def positions(rule: str) -> str:
    """A position rule in words: "last position", "all positions", "last 3 positions"."""
    kind, _, count = rule.partition(":")
    if kind == "last_k" and count:
        return f"last {plain(count)} positions"
    return f"{plain(rule)} position" + ("s" if rule == "all" else "")


def patching_bars(patching: pd.DataFrame, rules: list[str] | None = None) -> Figure:
    """Share restored per layer, one bar per position rule, with 95 % intervals; ``patching`` holds one concept."""
    needs(patching, "layer", "rule", "share")
    rules = rules or order(patching["rule"])
    traces = [
        bound(
            patching,
            {
                "x": "layer",
                "y": "share",
                "error_y.array": ("-", "high", "share"),
                "error_y.arrayminus": ("-", "share", "low"),
                "customdata": ("stack", "low", "high"),
            },
            where={"rule": rule},
            type="bar",
            name=positions(rule),
            marker={"color": SERIES[i % len(SERIES)], "line": {"width": 0}},
            error_y={"color": LIGHT["ink"], "thickness": 1.2, "width": 3},
            hovertemplate="layer %{x}: %{y:.2f} [%{customdata[0]:.2f}, %{customdata[1]:.2f}]"
            "<extra>%{fullData.name}</extra>",
        )
        for i, rule in enumerate(rules)
    ]
    layout = {
        "barmode": "group",
        "bargap": 0.25,
        "xaxis": axis("layer (0-based)", type="category", showgrid=False),
        "yaxis": axis("effect restored (share)"),
    }
    return picture(
        traces,
        title="Where the cue acts",
        layout=layout,
        see="Steer where the bars are tall: a layer or position that restores nothing cannot be expected to "
        "steer, however well a probe reads it.",
    )
