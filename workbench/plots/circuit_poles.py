# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""One vector toward both poles: two circuits side by side, and their difference."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.circuit_layout import axes_of, boxes, line, places
from workbench.plots.palette import LIGHT, POLES
from workbench.plots.picture import axis, needs, picture
from workbench.types import WorkbenchError

PANELS = ("aligned", "unaligned", "difference")
TITLES = {"aligned": "toward aligned", "unaligned": "toward unaligned", "difference": "difference, aligned − unaligned"}
GAP = 0.05
# name in the legend, colour, dash; the pole's own colour where there is none
LOOKS = {
    "both": ("among the largest toward both poles", None, "solid"),
    "one": ("toward this pole only", None, "dash"),
    "against": ("pushes against its pole", LIGHT["grey"], "dot"),
    "more aligned": ("difference: more toward aligned", POLES["aligned"], "solid"),
    "more unaligned": ("difference: more toward unaligned", POLES["unaligned"], "dash"),
}


def circuit_poles(edges: pd.DataFrame, top: int = 25, panels: Sequence[str] = PANELS) -> Figure:
    """The ``top`` edges of each circuit and of their difference; ``edges`` as :meth:`PoleCircuits.edges` gives them.

    All panels have the same nodes in the same places and one scale of widths. Solid edges are among the largest of both
    circuits, dashed ones of one only, dotted ones push against their pole. In the difference, edges whose interval
    covers 0 are faint. Raises WorkbenchError for a table without rows or columns, or an unknown panel.
    """
    needs(edges, "sender", "receiver", *PANELS, "low", "high")
    if edges.empty or not panels or not set(panels) <= set(PANELS):
        raise WorkbenchError(f"{len(edges)} edges and panels {', '.join(panels)} came; expected at least one edge and "
                             f"panels of {', '.join(PANELS)}")  # fmt: skip
    shown = {name: _largest(edges, name, top) for name in PANELS}
    at = places(pd.concat(shown.values())[["sender", "receiver"]].to_numpy().tolist())
    widest = float(max(abs(shown[name][name]).max() for name in PANELS)) or 1.0
    both = set(shown["aligned"].index) & set(shown["unaligned"].index)
    traces, annotations, layout, seen = [], [], {}, set()
    for k, name in enumerate(panels):
        number = "" if k == 0 else str(k + 1)
        for index, row in shown[name].iterrows():
            kind, faint = _kind(name, row, index in both), name == "difference" and row["low"] < 0 < row["high"]
            label, colour, dash = LOOKS[kind]
            traces.append(line(
                row["sender"], row["receiver"], at, abs(row[name]) / widest, opacity=0.3 if faint else 1.0,
                line={"color": colour or POLES[name], "dash": dash}, xaxis=f"x{number}", yaxis=f"y{number}",
                showlegend=False, text=_said(row),
            ))  # fmt: skip
            seen.add(kind)
        annotations += [*boxes(at, number), *([_heading(name, k, len(panels))] if len(panels) > 1 else [])]
        layout |= _axes(at, k, len(panels), number)
    traces += _legend([kind for kind in LOOKS if kind in seen])
    layout |= {"annotations": annotations, "legend": {"y": -0.06, "yanchor": "top"}, "height": 560,
               "margin": {"t": 124, "b": 70}}  # fmt: skip
    see = (f"The {min(top, len(edges))} edges that matter most toward each pole, of {len(edges)} that the vector "
           f"changes; {len(both)} are the same. The widest is {widest:.2f} nats; effects go upward; faint: the "
           "interval covers 0.")  # fmt: skip
    title = "Through what a vector acts toward either pole" if len(panels) > 1 else f"Circuit {TITLES[panels[0]]}"
    return picture(traces, title=title, layout=layout, see=see)


def _largest(edges: pd.DataFrame, column: str, top: int) -> pd.DataFrame:
    return edges.reindex(edges[column].abs().sort_values(ascending=False, kind="stable").index).head(top)


def _kind(panel: str, row: Any, shared: bool) -> str:
    if panel == "difference":
        return "more aligned" if row[panel] > 0 else "more unaligned"
    return "against" if row[panel] < 0 else "both" if shared else "one"


def _said(row: Any) -> str:
    return (f"{row['sender']} → {row['receiver']}<br>toward aligned {row['aligned']:+.3f}, toward unaligned "
            f"{row['unaligned']:+.3f} nats<br>difference {row['difference']:+.3f} [{row['low']:+.3f}, "
            f"{row['high']:+.3f}]")  # fmt: skip


def _heading(name: str, k: int, count: int) -> dict:
    low, high = _span(k, count)
    return {"x": (low + high) / 2, "y": 1.0, "xref": "paper", "yref": "paper", "yanchor": "bottom", "showarrow": False,
            "text": f"<b>{TITLES[name]}</b>", "font": {"size": 13, "color": LIGHT["ink"]}}  # fmt: skip


def _span(k: int, count: int) -> tuple[float, float]:
    width = (1 - GAP * (count - 1)) / count
    return k * (width + GAP), k * (width + GAP) + width


def _axes(at: dict, k: int, count: int, number: str) -> dict:
    x, y = axes_of(at)
    title = "layer (0-based)" if k == 0 else ""
    return {f"xaxis{number}": {**x, "domain": list(_span(k, count)), "anchor": f"y{number}"},
            f"yaxis{number}": axis(title, **y, anchor=f"x{number}", showticklabels=k == 0)}  # fmt: skip


def _legend(kinds: Sequence[str]) -> list[dict]:
    """An entry per kind of line, in ink where the colour is the pole's."""
    return [{"type": "scatter", "mode": "lines", "x": [None], "y": [None], "name": LOOKS[kind][0],
             "line": {"color": LOOKS[kind][1] or LIGHT["ink"], "dash": LOOKS[kind][2], "width": 2.5}}
            for kind in kinds]  # fmt: skip
