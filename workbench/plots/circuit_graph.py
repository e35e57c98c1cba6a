# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""A circuit: nodes by layer, the strongest edges coloured by the pole that they push toward."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.circuit_layout import axes_of, boxes, line, places
from workbench.plots.palette import POLES
from workbench.plots.picture import axis, needs, picture
from workbench.types import WorkbenchError

DASH = {"aligned": "solid", "unaligned": "dash"}


def circuit_graph(edges: pd.DataFrame, top: int = 30) -> Figure:
    """The ``top`` edges largest in size; ``edges`` has a row per edge: sender, receiver, score (nats).

    A score is the change of the propensity when the edge is corrupted, so a negative one pushes toward the aligned
    pole. Width says size; toward aligned is solid, toward unaligned dashed, so that colour is not needed. Inputs that a
    head reads (q, k, v) are told apart on hovering. Raises WorkbenchError for a table without rows or columns.
    """
    needs(edges, "sender", "receiver", "score")
    if edges.empty:
        raise WorkbenchError("the table of edges is empty; expected one row per edge, as edge_attribution gives")
    shown = edges.reindex(edges["score"].abs().sort_values(ascending=False).index).head(top)
    ends = [(str(s), str(r), float(v)) for s, r, v in shown[["sender", "receiver", "score"]].to_numpy()]
    at = places((sender, receiver) for sender, receiver, _ in ends)
    largest = max(abs(score) for *_, score in ends) or 1.0
    traces, seen = [], set()
    for sender, receiver, score in ends:
        pole = "aligned" if score < 0 else "unaligned"
        traces.append(line(
            sender, receiver, at, abs(score) / largest, line={"color": POLES[pole], "dash": DASH[pole]},
            name=f"toward {pole}", legendgroup=pole, showlegend=pole not in seen,
            text=f"{sender} → {receiver}: {score:+.3f} nats when corrupted",
        ))  # fmt: skip
        seen.add(pole)
    x, y = axes_of(at)
    layout = {"xaxis": axis("heads in their columns, MLPs on the right", **x), "yaxis": axis("layer (0-based)", **y),
              "annotations": boxes(at), "height": 520, "margin": {"t": 90, "b": 90},
              "legend": {"y": -0.12, "yanchor": "top"}}  # fmt: skip
    see = (f"The {len(ends)} edges that matter most, of {len(edges)}; wider means more, the widest is "
           f"{largest:.2f} nats.")  # fmt: skip
    return picture(traces, title="What carries the propensity", layout=layout, see=see)
