# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""A circuit: nodes by layer, the strongest edges coloured by the pole that they push toward."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.palette import LIGHT, POLES
from workbench.plots.picture import axis, needs, picture
from workbench.types import WorkbenchError

DASH = {"aligned": "solid", "unaligned": "dash"}


def circuit_graph(edges: pd.DataFrame, top: int = 40, widest: float = 6.0) -> Figure:
    """The ``top`` edges largest in size; ``edges`` has a row per edge: sender, receiver, score (nats).

    A score is the change of the propensity when the edge is corrupted, so a negative one pushes toward the aligned
    pole. Width says size; toward aligned is solid, toward unaligned dashed, so that colour is not needed. Inputs that a
    head reads (q, k, v) are told apart on hovering. Raises WorkbenchError for a table without rows or columns.
    """
    needs(edges, "sender", "receiver", "score")
    if edges.empty:
        raise WorkbenchError("the table of edges is empty; expected one row per edge, as edge_attribution gives")
    shown = edges.reindex(edges["score"].abs().sort_values(ascending=False).index).head(top)
    ends = [(str(s), _node(str(r)), str(r), float(v)) for s, r, v in shown[["sender", "receiver", "score"]].to_numpy()]
    names = list(dict.fromkeys(name for sender, node, *_ in ends for name in (sender, node)))
    depth = 1 + max([int(name[1:].split(".")[0]) for name in names if name not in ("input", "logits")], default=0)
    places = {name: _place(name, depth, names) for name in names}
    largest = max(abs(score) for *_, score in ends) or 1.0
    traces, seen = [], set()
    for sender, node, receiver, score in ends:
        pole = "aligned" if score < 0 else "unaligned"
        x, y = zip(places[sender], places[node], strict=True)
        middle = (sum(x) / 2, sum(y) / 2)
        traces.append({
            "type": "scatter", "mode": "lines", "x": [x[0], middle[0], x[1]], "y": [y[0], middle[1], y[1]],
            "name": f"toward {pole}", "legendgroup": pole, "showlegend": pole not in seen, "hoverinfo": "text",
            "text": f"{sender} → {receiver}: {score:+.3f} nats when corrupted",
            "line": {"color": POLES[pole], "dash": DASH[pole], "width": 0.5 + widest * abs(score) / largest},
        })  # fmt: skip
        seen.add(pole)
    traces.append({
        "type": "scatter", "mode": "markers+text", "x": [places[name][0] for name in names],
        "y": [places[name][1] for name in names], "text": names, "textposition": "middle right", "showlegend": False,
        "marker": {"color": LIGHT["ink"], "size": 9,
                   "symbol": ["square" if name[0] == "m" else "circle" for name in names]},
        "hoverinfo": "text",
    })  # fmt: skip
    ticks = {"tickvals": [-1, *range(depth), depth], "ticktext": ["input", *map(str, range(depth)), "logits"]}
    layout = {"xaxis": axis("head, then MLP", showticklabels=False, showgrid=False, zeroline=False),
              "yaxis": axis("layer (0-based)", **ticks, zeroline=False)}  # fmt: skip
    see = f"The {len(ends)} edges that matter most, of {len(edges)}; wider means more, circles are heads, squares MLPs."
    return picture(traces, title="What carries the propensity", layout=layout, see=see)


def _node(receiver: str) -> str:
    return receiver.rsplit(".", 1)[0] if receiver.endswith((".q", ".k", ".v")) else receiver


def _place(name: str, depth: int, names: list[str]) -> tuple[float, float]:
    """Heads from the left by number, MLPs right of all heads and a little higher: they read this layer's heads."""
    right = 1.0 + max([int(n.split(".")[1]) for n in names if n[0] == "h"], default=0)
    if name in ("input", "logits"):
        return right / 2, -1.0 if name == "input" else float(depth)
    layer, _, head = name[1:].partition(".")
    return (float(head), float(layer)) if name[0] == "h" else (right, float(layer) + 0.4)
