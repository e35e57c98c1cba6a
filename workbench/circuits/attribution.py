"""How much every edge matters, from gradients: attribution patching (EAP) and its integrated form (EAP-IG).

A score is the first-order change of the propensity (nats toward the aligned answer) when one edge is set to its
corrupt value: the gradient of the propensity in that edge's mask. A *negative* score means that the edge, at its clean
value, pushes toward the aligned answer. Sources: Nanda 2023 (attribution patching); Syed, Rager & Conmy 2023 (EAP,
arXiv 2310.10348); Hanna, Pezzelle & Belinkov 2024 (EAP-IG, arXiv 2403.17806).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from workbench.circuits.contrast import CleanCorrupt
from workbench.circuits.graph import Graph
from workbench.circuits.wiring import Wiring, plain, sender_outputs
from workbench.models import Batch, Model, forward
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
    steps, which keeps edges visible where the clean run is saturated (a softmax that is already one).

    Raises WorkbenchError for steps below 1 and for families whose residual stream is no plain sum.
    """
    if steps < 1:
        raise WorkbenchError(f"{steps} steps of integration came; expected at least 1 (which is EAP)")
    graph, found = Graph.of(model), []
    for part in pairs.parts(rows_at_once):
        clean, corrupt = sender_outputs(model, part.clean), sender_outputs(model, part.corrupt)
        gradient = sum(_gradient(model, part, _between(clean, corrupt, k / steps)) for k in range(1, steps + 1))
        scores = torch.einsum("bpsd,bprd->bsr", corrupt - clean, torch.as_tensor(gradient) / steps)
        found.append(scores[:, torch.from_numpy(graph.allowed)].double().cpu().numpy())
    method = "EAP" if steps == 1 else f"EAP-IG, {steps} steps"
    return EdgeScores(graph, np.concatenate(found), pairs.groups, method)


def _between(clean: Tensor, corrupt: Tensor, share: float) -> Float[Tensor, "row position d_model"] | None:
    """The input a share of the way from corrupt to clean; None where it is the clean one."""
    return None if share == 1 else torch.lerp(corrupt[:, :, 0], clean[:, :, 0], share)


def _gradient(
    model: Model, pairs: CleanCorrupt, inputs: Tensor | None
) -> Float[Tensor, "row position receiver d_model"]:
    """The gradient of the propensity in what every receiver reads, each prompt its own."""
    # a nudge of zero per receiver: its gradient is the receiver's, separately for q, k and v of every head
    nudges: dict[int, Tensor] = {}

    def nudged(which: slice, resid: Tensor, outputs: Tensor) -> Tensor:
        read = plain(which, resid, outputs)
        nudges[which.start] = torch.zeros_like(read, requires_grad=True)
        return read + nudges[which.start]

    hooks = Wiring(model, nudged).hooks()
    if inputs is not None:
        hooks.insert(0, ("blocks.0.hook_resid_pre", _replacing(inputs)))
    with torch.enable_grad():
        total = _log_odds(model, pairs.clean, pairs.answers, hooks).sum()
    found = torch.autograd.grad(total, [nudges[start] for start in sorted(nudges)])
    wide = pairs.clean.ids.shape[1]
    # the logits are read at the last position only: no gradient at the others
    return torch.cat([torch.nn.functional.pad(g, (0, 0, 0, 0, wide - g.shape[1], 0)) for g in found], 2)


def _log_odds(model: Model, batch: Batch, answers: Tensor, hooks: list) -> Tensor:
    logits = forward(model, batch, hooks=hooks, positions="last", columns=answers, grad=True)
    return logits[:, 0] - logits[:, 1]


def _replacing(inputs: Tensor) -> Any:
    def replace(activation: Tensor, hook: Any) -> Tensor:
        return inputs.to(activation)

    return replace
