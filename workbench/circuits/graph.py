"""The circuit as a graph: what writes to the residual stream, what reads from it, and which edges exist.

A *sender* writes: the input (embeddings), every head, every MLP, and a steering vector where one is added. A *receiver*
reads: the query, key and value input of every head, the input of every MLP, and the final norm before the logits. An
edge is a sender upstream of a receiver.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from workbench.models import Model
from workbench.models.placement import whole
from workbench.types import WorkbenchError

INPUT, LOGITS, STEERING = "input", "logits", "steering"
READS = ("q", "k", "v")


@dataclass(frozen=True)
class Graph:
    """All edges of a model with attention, then MLP, in every layer.

    Names: senders ``input``, ``h2.0`` (layer 2, head 0), ``m2``; receivers ``h2.0.q``, ``h2.0.k``, ``h2.0.v``, ``m2``,
    ``logits``. On grouped-query models the ``k`` and ``v`` receivers count key-value heads, of which there are fewer.
    ``steered`` is the first layer that reads a steering vector; the sender ``steering`` then writes just before it.
    """

    n_layers: int
    n_heads: int
    n_kv_heads: int
    steered: int | None = None

    @classmethod
    def of(cls, model: Model, steered: int | None = None) -> "Graph":
        whole(model, "a circuit")
        return cls(model.n_layers, model.n_heads, model.n_kv_heads, steered)

    @cached_property
    def senders(self) -> tuple[str, ...]:
        names = [INPUT]
        for layer in range(self.n_layers):
            names += [STEERING] * (layer == self.steered)
            names += [f"h{layer}.{h}" for h in range(self.n_heads)] + [f"m{layer}"]
        return tuple(names)

    @cached_property
    def receivers(self) -> tuple[str, ...]:
        names: list[str] = []
        for layer in range(self.n_layers):
            names += [f"h{layer}.{h}.{read}" for read in READS for h in range(self.heads_of(read))] + [f"m{layer}"]
        return (*names, LOGITS)

    @cached_property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """(sender, receiver) of every edge: the order of every score vector."""
        return tuple((self.senders[s], self.receivers[r]) for s, r in np.argwhere(self.allowed))

    @cached_property
    def allowed(self) -> np.ndarray:
        """[sender receiver]: whether the sender is upstream of the receiver."""
        reach = np.array([self.upstream(receiver) for receiver in self.receivers])
        return np.arange(len(self.senders))[:, None] < reach[None]

    def heads_of(self, read: str) -> int:
        return self.n_heads if read == "q" else self.n_kv_heads

    def upstream(self, receiver: str) -> int:
        """How many senders, from the first, are upstream of a receiver."""
        if receiver == LOGITS:
            return len(self.senders)
        layer = layer_of(receiver)
        first = 1 + (self.steered is not None and self.steered <= layer)
        return first + layer * (self.n_heads + 1) + (0 if receiver.startswith("h") else self.n_heads)

    def receiving(self, read: str, layer: int = 0) -> slice:
        """Where the receivers of one kind ("q", "k", "v", "mlp", "logits") of a layer stand among all."""
        per_layer = self.n_heads + 2 * self.n_kv_heads + 1
        starts = {"q": 0, "k": self.n_heads, "v": self.n_heads + self.n_kv_heads, "mlp": per_layer - 1}
        start = self.n_layers * per_layer if read == LOGITS else layer * per_layer + starts[read]
        return slice(start, start + (self.heads_of(read) if read in READS else 1))

    def mask(self, edges: np.ndarray) -> np.ndarray:
        """Values per edge [edge] as a matrix [sender receiver], 0 where there is no edge."""
        if edges.shape != (len(self.edges),):
            raise WorkbenchError(f"edge values came as {edges.shape}; expected ({len(self.edges)},), one per edge")
        out = np.zeros(self.allowed.shape, dtype=edges.dtype)
        out[self.allowed] = edges
        return out

    def index(self, edge: tuple[str, str]) -> int:
        """The place of an edge in :attr:`edges`; a WorkbenchError where there is no such edge."""
        if edge not in self._places:
            raise WorkbenchError(f"edge {edge[0]} -> {edge[1]} does not exist; expected a sender such as 'h0.1' "
                                 "upstream of a receiver such as 'h1.2.k', 'm1' or 'logits'")  # fmt: skip
        return self._places[edge]

    @cached_property
    def _places(self) -> dict[tuple[str, str], int]:
        return {edge: i for i, edge in enumerate(self.edges)}


def layer_of(name: str) -> int:
    """The layer of a head or MLP by its name ("h2.0", "h2.0.q", "m2")."""
    return int(name[1:].split(".")[0])


def node_of(receiver: str) -> str:
    """The node a receiver belongs to: "h2.0" of "h2.0.q"; MLPs and logits are their own."""
    return receiver.rsplit(".", 1)[0] if receiver.endswith((".q", ".k", ".v")) else receiver
