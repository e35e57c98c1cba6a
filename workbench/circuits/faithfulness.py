# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""How much of the propensity a circuit keeps when every other edge is corrupt, beside random circuits of its size."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.circuits.attribution import EdgeScores
from workbench.circuits.contrast import CleanCorrupt
from workbench.circuits.patching import corrupted
from workbench.models import Model
from workbench.stats import bootstrap_groups
from workbench.types import WorkbenchError


def faithfulness(
    model: Model, pairs: CleanCorrupt, scores: EdgeScores, sizes: Sequence[int], draws: int = 10, seed: int = 0
) -> pd.DataFrame:
    """One row per prompt, size, circuit ("top" or "random") and draw: ``kept``, ``clean`` and ``corrupt`` propensity.

    The ``size`` edges with the largest scores carry the clean values and all others the corrupt ones; random circuits
    are as many drawn without replacement, first among the edges with a score (those below a steering vector have none
    and would make the control too easy). All edges kept is the clean run, none the corrupt one. Nats. Raises
    WorkbenchError for a size beyond the number of edges. Source: Wang et al. 2022 (arXiv 2211.00593, faithfulness).
    """
    graph, rng = scores.graph, np.random.default_rng(seed)
    count, live = len(graph.edges), (scores.values != 0).any(0)
    labels, masks = [("clean", 0, 0), ("corrupt", 0, 0)], [np.zeros(count), np.ones(count)]
    for size in sizes:
        labels.append(("top", size, 0))
        masks.append(1.0 - scores.top(size))
        for draw in range(draws):
            labels.append(("random", size, draw))
            masks.append(np.ones(count))
            order = rng.permutation(count)
            masks[-1][order[np.argsort(~live[order], kind="stable")][:size]] = 0
    values = corrupted(model, pairs, [graph.mask(mask) for mask in masks])
    rows = [
        {"prompt": i, "group": group, "circuit": name, "size": size, "draw": draw, "kept": row[i],
         "clean": values[0, i], "corrupt": values[1, i]}
        for (name, size, draw), row in list(zip(labels, values, strict=True))[2:]
        for i, group in enumerate(pairs.groups)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def faithfulness_curve(rows: pd.DataFrame, draws: int = 500, seed: int = 0, level: float = 0.95) -> pd.DataFrame:
    """One row per size: ``share`` of the clean-corrupt difference that is kept, its interval over groups, the control.

    ``share`` is (kept − corrupt) / (clean − corrupt), sums over prompts, so that prompts without an effect do not
    divide by zero; ``random_low`` and ``random_high`` are the quantiles of random circuits of that size.
    """
    if rows.empty:
        raise WorkbenchError("no faithfulness rows came; expected those of faithfulness(...)")
    found, tails = [], [(1 - level) / 2, 0.5, (1 + level) / 2]
    for size, part in rows.groupby("size"):
        top = part[part["circuit"] == "top"]
        effect = bootstrap_groups(_share, top, top["group"].to_numpy(), draws, level, seed, "share")
        chance = [_share(one) for _, one in part[part["circuit"] == "random"].groupby("draw")] or [np.nan]
        low, middle, high = np.quantile(chance, tails)
        found.append({"size": size, "share": effect.estimate, "low": effect.low, "high": effect.high,
                      "random": middle, "random_low": low, "random_high": high, "n": effect.n,
                      "n_groups": effect.n_groups})  # fmt: skip
    return pd.DataFrame(found)


def _share(rows: pd.DataFrame) -> float:
    span = float((rows["clean"] - rows["corrupt"]).sum())
    return float((rows["kept"] - rows["corrupt"]).sum()) / span if span else float("nan")
