"""Exact patching: nodes, and single paths from a sender to a receiver. One pass each, no gradients.

Both are the same masked pass: patching a node is patching all edges that leave it. For residual-stream sites and
position rules use :func:`workbench.models.patch_residual`.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch

from workbench.circuits.contrast import CleanCorrupt
from workbench.circuits.wiring import both_outputs, log_odds, masked
from workbench.models import Model
from workbench.types import WorkbenchError


def patch_edges(
    model: Model, pairs: CleanCorrupt, edges: Sequence[tuple[str, str]], rows_at_once: int = 32
) -> pd.DataFrame:
    """Path patching: one row per prompt and edge, ``effect`` in nats toward the aligned answer.

    The receiver alone reads the sender's corrupt value; all else is the clean run, and what the receiver then computes
    travels on. The path is the direct one through the residual stream: other heads and MLPs that read the sender keep
    its clean value. Raises WorkbenchError for an edge that does not exist.
    """
    graph = pairs.graph(model)
    places = [graph.index(edge) for edge in edges]
    masks = [graph.mask(np.bincount([place], minlength=len(graph.edges)).astype(float)) for place in places]
    names = [{"sender": sender, "receiver": receiver} for sender, receiver in edges]
    return _effects(model, pairs, list(zip(names, masks, strict=True)), rows_at_once)


def patch_nodes(
    model: Model, pairs: CleanCorrupt, nodes: Sequence[str] | None = None, rows_at_once: int = 32
) -> pd.DataFrame:
    """Activation patching of heads and MLPs at all positions: one row per prompt and node, ``effect`` in nats.

    The node's output is set to its value in the corrupt run, everywhere it is read. ``nodes`` default to all
    senders. Raises WorkbenchError for a name that is no sender.
    """
    graph = pairs.graph(model)
    chosen = []
    for node in nodes or graph.senders:
        if node not in graph.senders:
            raise WorkbenchError(f"node {node!r} is unknown; expected 'input', a head 'h0.1' or an MLP 'm0'")
        row = np.zeros(graph.allowed.shape)
        row[graph.senders.index(node)] = graph.allowed[graph.senders.index(node)]
        chosen.append(({"node": node}, row))
    return _effects(model, pairs, chosen, rows_at_once)


def corrupted(model: Model, pairs: CleanCorrupt, masks: Sequence[np.ndarray], rows_at_once: int = 32) -> np.ndarray:
    """The propensity [mask prompt], in nats, with the share ``mask`` [sender receiver] of every edge corrupt."""
    weight = model.bridge.unembed.W_U
    out = np.zeros((len(masks), len(pairs)))
    start = 0
    for part in pairs.parts(rows_at_once):
        _, corrupt = both_outputs(model, part)
        for i, mask in enumerate(masks):
            mix = masked(corrupt, torch.as_tensor(mask).to(weight))
            scores = log_odds(model, part, mix)
            out[i, start : start + len(part)] = scores.double().cpu().numpy()
        start += len(part)
    return out


def _effects(
    model: Model, pairs: CleanCorrupt, chosen: Sequence[tuple[dict[str, str], np.ndarray]], rows_at_once: int
) -> pd.DataFrame:
    clean = log_odds_of(lambda part: log_odds(model, part), pairs, rows_at_once)
    values = corrupted(model, pairs, [mask for _, mask in chosen], rows_at_once)
    rows = [
        {"prompt": i, "group": group, **names, "clean": clean[i], "effect": values[j, i] - clean[i]}
        for j, (names, _) in enumerate(chosen)
        for i, group in enumerate(pairs.groups)
    ]
    return pd.DataFrame(rows)


def log_odds_of(read: Callable[[CleanCorrupt], torch.Tensor], pairs: CleanCorrupt, rows_at_once: int) -> np.ndarray:
    """A propensity per prompt, read part by part."""
    return torch.cat([read(part) for part in pairs.parts(rows_at_once)]).double().cpu().numpy()
