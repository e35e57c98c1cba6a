"""Where the nodes of a circuit stand, and the lines between them; what the circuit pictures share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbench.plots.palette import LIGHT

# lines into a head's query, key and value bend apart, so that three edges between two nodes can be seen
BEND = {"q": -0.5, "k": 0.12, "v": 0.5}
WIDEST = 6.0
MLP_RISE = 0.5
ENDS = ("input", "logits", "steering")
Places = Mapping[str, tuple[float, float]]


def node_of(receiver: str) -> str:
    """The node that a receiver belongs to: "h2.0" of "h2.0.q"."""
    return receiver.rsplit(".", 1)[0] if receiver.endswith((".q", ".k", ".v")) else receiver


def layer_of(name: str) -> int:
    """The layer of a head or an MLP."""
    return int(name[1:].split(".")[0])


def places(ends: Iterable[Sequence[str]]) -> dict[str, tuple[float, float]]:
    """Name -> (x, y) of every (sender, receiver)'s nodes: y is the layer, MLPs stand half a layer above its heads.

    Heads keep their column in all layers; x runs from 0 to 1. "steering" stands below the first layer that reads it.
    """
    pairs = [(sender, node_of(receiver)) for sender, receiver in ends]
    names = [name for pair in pairs for name in pair]
    read = [layer_of(node) for sender, node in pairs if sender == "steering" and node != "logits"]
    steered = min(read or [layer_of(name) for name in names if name not in ENDS], default=0)
    names = list(dict.fromkeys(names))
    inner = [name for name in names if name not in ENDS]
    depth = 1 + max((layer_of(name) for name in inner), default=0)
    ends = {"input": (0.5, -1.0), "logits": (0.5, depth + 0.1), "steering": (0.0, steered - 0.5)}
    found = {name: ends[name] for name in names if name in ends}
    heads = sorted({int(name.split(".")[1]) for name in inner if name[0] == "h"})
    spread = {head: (k + 0.5) / len(heads) * 0.86 for k, head in enumerate(heads)}
    for name in inner:
        layer = layer_of(name)
        found[name] = (1.0, layer + MLP_RISE) if name[0] == "m" else (spread[int(name.split(".")[1])], float(layer))
    return found


def boxes(at: Places, axes: str = "") -> list[dict]:
    """A labelled box per node, on top of the lines, so that no line crosses a name."""
    return [{"x": x, "y": y, "xref": f"x{axes}", "yref": f"y{axes}", "text": name, "showarrow": False,
             "font": {"size": 11, "color": LIGHT["ink"]}, "bgcolor": LIGHT["paper"], "bordercolor": LIGHT["soft"],
             "borderwidth": 2 if name[0] == "m" else 1, "borderpad": 2}
            for name, (x, y) in at.items()]  # fmt: skip


def line(sender: str, receiver: str, at: Places, share: float, **look: Any) -> dict[str, Any]:
    """An edge as a bent line; ``share`` of the widest width. ``look`` goes into the trace."""
    (x0, y0), (x1, y1) = at[sender], at[node_of(receiver)]
    bend = BEND.get(receiver[-1] if receiver != node_of(receiver) else "", 0.25)
    # edges that pass layers bend more, to go round the nodes between
    aside = 0.07 * bend * (1 + y1 - y0)
    style = {"width": 0.8 + WIDEST * share} | look.pop("line")
    return {"type": "scatter", "mode": "lines", "x": [x0, (x0 + x1) / 2 + aside, x1], "y": [y0, (y0 + y1) / 2, y1],
            "hoverinfo": "text", "line": {"shape": "spline", "smoothing": 1.0} | style} | look  # fmt: skip


def axes_of(at: Places) -> tuple[dict[str, Any], dict[str, Any]]:
    """(x axis, y axis) with a tick per layer."""
    depth = 1 + max((layer_of(n) for n in at if n not in ENDS), default=0)
    # a deep model has more layers than a page has lines
    every = -(-depth // 16)
    x = {"range": [-0.12, 1.1], "showticklabels": False, "showgrid": False, "zeroline": False, "ticks": ""}
    low = min(height for _, height in at.values()) - 0.3
    ticks = [layer for layer in range(0, depth, every) if layer >= low]
    y = {"range": [low, depth + 0.5], "tickvals": ticks, "zeroline": False, "showgrid": False}
    return x, y
