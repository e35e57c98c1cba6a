"""How much every edge matters, from gradients: attribution patching (EAP) and its integrated form (EAP-IG).

A score is the first-order change of the propensity (nats toward the aligned answer) when one edge is set to its
corrupt value: the gradient of the propensity in that edge's mask. A *negative* score means that the edge, at its clean
value, pushes toward the aligned answer. Sources: Nanda 2023 (attribution patching); Syed, Rager & Conmy 2023 (EAP,
arXiv 2310.10348); Hanna, Pezzelle & Belinkov 2024 (EAP-IG, arXiv 2403.17806).
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from workbench.circuits.contrast import CleanCorrupt
from workbench.circuits.graph import Graph
from workbench.circuits.wiring import both_outputs, log_odds, plain
from workbench.models import Model, exclusive
from workbench.stats import t_interval
from workbench.types import WorkbenchError


@dataclass(frozen=True)
class EdgeScores:
    """Scores ``values`` [prompt edge] in nats, edges in the order of ``graph.edges``, prompts with their ``groups``."""

    graph: Graph
    values: np.ndarray
    groups: tuple[str, ...]
    method: str

    @cached_property
    def mean(self) -> np.ndarray:
        """[edge]: the mean of the group means, so that a large group counts once."""
        return self.by_group.mean(0)

    @cached_property
    def by_group(self) -> np.ndarray:
        """[group edge]: group means, groups in order of appearance."""
        names = np.array(self.groups)
        return np.stack([self.values[names == name].mean(0) for name in dict.fromkeys(self.groups)])

    def top(self, k: int) -> np.ndarray:
        """[edge] bool: the ``k`` edges whose mean score is largest in size."""
        if not 0 <= k <= len(self.graph.edges):
            raise WorkbenchError(f"{k} edges were asked for of {len(self.graph.edges)}; expected 0 to that many")
        return top_edges(self.mean, k)

    def frame(self, level: float = 0.95) -> pd.DataFrame:
        """One row per edge: sender, receiver, score with its t interval over groups; the largest in size first."""
        rows = []
        for i in np.argsort(-np.abs(self.mean), kind="stable"):
            sender, receiver = self.graph.edges[i]
            effect = t_interval(self.values[:, i], level, "nats", np.array(self.groups))
            rows.append({"sender": sender, "receiver": receiver, "score": effect.estimate, "low": effect.low,
                         "high": effect.high, "n": effect.n, "n_groups": effect.n_groups})  # fmt: skip
        return pd.DataFrame(rows)

    def nodes(self) -> pd.DataFrame:
        """One row per prompt and sender: the sum over its outgoing edges, which is attribution patching of the node."""
        places = [self.graph.senders.index(sender) for sender, _ in self.graph.edges]
        totals = np.zeros((len(self.values), len(self.graph.senders)))
        np.add.at(totals.T, places, self.values.T)
        table = pd.DataFrame(totals, columns=pd.Index(self.graph.senders)).assign(
            prompt=range(len(totals)), group=self.groups)  # fmt: skip
        return table.melt(["prompt", "group"], var_name="node", value_name="score")


def top_edges(scores: np.ndarray, k: int) -> np.ndarray:
    """[edge] bool: the ``k`` largest in size; ties go to the earlier edge."""
    kept = np.zeros(len(scores), dtype=bool)
    kept[np.argsort(-np.abs(scores), kind="stable")[:k]] = True
    return kept


def edge_attribution(model: Model, pairs: CleanCorrupt, steps: int = 1, rows_at_once: int = 8) -> EdgeScores:
    """Scores of all edges from ``steps`` forward and backward passes (see the module's head).

    ``steps=1`` is EAP: exactly the gradient of the propensity in a mask of edges, at the clean run. More steps are
    EAP-IG: the gradient is averaged over inputs (embeddings) at k/steps of the way from corrupt to clean, k = 1 ...
    steps, which keeps edges visible where the clean run is saturated (a softmax that is already one). Of steered pairs
    the dose is what is integrated over, at the middles of ``steps`` equal parts: the edges that leave "steering" then
    sum to minus the vector's whole effect (completeness; the error falls with the square of the steps).

    Raises WorkbenchError for steps below 1 and for families whose residual stream is no plain sum.
    """
    if steps < 1:
        raise WorkbenchError(f"{steps} steps of integration came; expected at least 1 (which is EAP)")
    graph, found = pairs.graph(model), []
    for part in pairs.parts(rows_at_once):
        clean, corrupt = both_outputs(model, part)
        gradient = sum(_gradient(model, part, (clean, corrupt), share) for share in _shares(part, steps))
        scores = torch.einsum("bpsd,bprd->bsr", corrupt - clean, torch.as_tensor(gradient) / steps)
        found.append(scores[:, torch.from_numpy(graph.allowed)].double().cpu().numpy())
    method = "EAP" if steps == 1 else f"EAP-IG, {steps} steps"
    return EdgeScores(graph, np.concatenate(found), pairs.groups, method)


def _shares(pairs: CleanCorrupt, steps: int) -> list[float]:
    """Where, on the way from corrupt (0) to clean (1), gradients are taken."""
    middle = 0.5 if pairs.injection is not None and steps > 1 else 0.0
    return [(k - middle) / steps for k in range(1, steps + 1)]


def _gradient(
    model: Model, pairs: CleanCorrupt, outputs: tuple[Tensor, Tensor], share: float
) -> Float[Tensor, "row position receiver d_model"]:
    """The gradient of the propensity in what every receiver reads, each prompt its own, partway to the clean run."""
    # a nudge of zero per receiver: its gradient is the receiver's, separately for q, k and v of every head
    nudges: dict[int, Tensor] = {}

    def nudged(which: slice, resid: Tensor, outputs: Tensor) -> Tensor:
        read = plain(which, resid, outputs)
        nudges[which.start] = torch.zeros_like(read, requires_grad=True)
        return read + nudges[which.start]

    extra = []
    if share < 1:
        clean, corrupt = (each[:, :, 0] for each in outputs)
        extra = [("blocks.0.hook_resid_pre", _replacing(torch.lerp(corrupt, clean, share)))]
    if pairs.injection is not None:
        pairs = replace(pairs, injection=pairs.injection.scaled(share))
    with exclusive(model), torch.enable_grad():
        total = log_odds(model, pairs, nudged, extra, grad=True).sum()
        found = torch.autograd.grad(total, [nudges[start] for start in sorted(nudges)])
    wide = pairs.clean.ids.shape[1]
    # the logits are read at the last position only: no gradient at the others
    return torch.cat([torch.nn.functional.pad(g, (0, 0, 0, 0, wide - g.shape[1], 0)) for g in found], 2)


def _replacing(inputs: Tensor) -> Any:
    def replace(activation: Tensor, hook: Any) -> Tensor:
        return inputs.to(activation)

    return replace
