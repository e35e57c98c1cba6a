# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Which heads and MLPs read a steering vector or pass its effect on, toward both poles, with intervals."""

from collections.abc import Sequence

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.palette import LIGHT, POLES
from workbench.plots.picture import ZERO, axis, needs, picture
from workbench.types import WorkbenchError

BOTH = ("aligned", "unaligned")
MARKS = {"aligned": "circle", "unaligned": "square-open"}


def circuit_nodes(nodes: pd.DataFrame, role: str = "reads", top: int = 12) -> Figure:
    """A line per node, a mark per pole; ``nodes`` as :meth:`PoleCircuits.nodes` gives them, of one ``role``.

    Nodes whose difference between the poles has an interval away from 0 are starred. Raises WorkbenchError where the
    table lacks a column or the role.
    """
    needs(nodes, "role", "node", *BOTH, "difference", "low", "high")
    rows = nodes[nodes["role"] == role].head(top)
    if rows.empty:
        raise WorkbenchError(f"the table has no role {role!r}; expected one of {', '.join(nodes['role'].unique())}")
    names = [f"{'* ' if low > 0 or high < 0 else ''}{node}"
             for node, low, high in zip(rows["node"], rows["low"], rows["high"], strict=True)]  # fmt: skip
    traces = []
    for k, pole in enumerate(BOTH):
        estimate = rows[pole].to_numpy(dtype=float)
        traces.append({
            "type": "scatter", "mode": "markers", "name": f"toward {pole}", "x": estimate.tolist(),
            "y": [i + (0.14 if k else -0.14) for i in range(len(rows))], "text": names,
            "marker": {"color": POLES[pole], "symbol": MARKS[pole], "size": 9, "line": {"width": 2}},
            "error_x": {"type": "data", "symmetric": False, "thickness": 1.5, "width": 0, "color": POLES[pole],
                        "array": (rows[f"{pole}_high"] - estimate).tolist(),
                        "arrayminus": (estimate - rows[f"{pole}_low"]).tolist()},
            "hovertemplate": "%{text}: %{x:+.3f} nats<extra>toward " + pole + "</extra>",
        })  # fmt: skip
    layout = _rows(names, "gain toward the run's own pole (nats)")
    title = {"reads": "Which nodes read the vector", "passes on": "Which nodes pass its effect on"}.get(role, role)
    see = "95 % intervals over groups; * where the two poles differ beyond the interval of their difference."
    return picture(traces, title=title, layout=layout, see=see)



def circuit_writers(parts: pd.DataFrame, top: int = 12) -> Figure:
    """What each part writes along the direction because of the cue: a mark with its interval per part.

    ``parts`` has part, estimate, low, high. Raises WorkbenchError for a table without rows or columns.
    """
    needs(parts, "part", "estimate", "low", "high")
    if parts.empty:
        raise WorkbenchError("the table of parts is empty; expected one row per part, as written(...) gives")
    rows = parts.reindex(parts["estimate"].abs().sort_values(ascending=False, kind="stable").index).head(top)
    trace = {
        "type": "scatter", "mode": "markers", "x": rows["estimate"].tolist(), "y": list(range(len(rows))),
        "text": rows["part"].tolist(), "marker": {"color": LIGHT["green"], "symbol": "diamond", "size": 10},
        "error_x": {"type": "data", "symmetric": False, "thickness": 1.5, "width": 0, "color": LIGHT["green"],
                    "array": (rows["high"] - rows["estimate"]).tolist(),
                    "arrayminus": (rows["estimate"] - rows["low"]).tolist()},
        "hovertemplate": "%{text}: %{x:+.2f}<extra></extra>", "showlegend": False,
    }  # fmt: skip
    layout = _rows(rows["part"].tolist(), "written along the direction (units of the stream)")
    see = f"Aligned minus unaligned cue, last position; all parts sum to {parts['estimate'].sum():.2f}."
    return picture([trace], title="Which nodes write the direction", layout=layout, see=see)


def _rows(names: Sequence[str], title: str) -> dict:
    """A layout with a line per name, the first on top."""
    return {
        "xaxis": axis(title, zeroline=True), "height": 190 + 26 * len(names), "margin": {"t": 110},
        "yaxis": axis("", tickvals=list(range(len(names))), ticktext=list(names), range=[len(names) - 0.5, -0.5],
                      zeroline=False),
        "shapes": [{"type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "paper", "line": ZERO}],
    }  # fmt: skip
