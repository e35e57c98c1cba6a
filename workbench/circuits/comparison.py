"""Whether two circuits (of the aligned and of the unaligned response) are the same one, beside a floor and a ceiling.

Floor, *chance*: which edge has which score is shuffled within kinds of edge (a head to a query, an MLP to the logits,
...); an overlap above its band is more than the kinds alone explain. Edges that no prompt ever changed (all that lie
below a steering vector) stay where they are, or the floor would be too low. Ceiling, *within*: the overlap of one
response with itself between two halves of the groups; *across* is the overlap of the two responses between the same
halves. Across below the band of within: the circuits differ by more than prompts do. (Swapping the responses within
groups is no such null: a mixture of two circuits has the same top edges as the larger of its parts.)
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from workbench.circuits.attribution import EdgeScores, top_edges
from workbench.circuits.graph import LOGITS, Graph
from workbench.stats import bootstrap_groups
from workbench.types import Effect, WorkbenchError


def overlap(first: np.ndarray, second: np.ndarray, k: int) -> float:
    """Intersection over union of the ``k`` edges largest in size of two score vectors [edge]."""
    a, b = top_edges(first, k), top_edges(second, k)
    return float((a & b).sum() / (a | b).sum()) if k else float("nan")


def overlap_curve(
    aligned: EdgeScores, unaligned: EdgeScores, sizes: Sequence[int], draws: int = 200, seed: int = 0
) -> pd.DataFrame:
    """One row per size: ``iou`` of the top-``size`` circuits, bands of chance and within, median ``across``.

    See the module for what they say; bands are 95 % quantiles over shuffles and splits. Raises WorkbenchError where
    the two have other edges or groups (they must be scores of the same prompts), or fewer than two groups.
    """
    first, second = _paired(aligned, unaligned)
    live = _live(first, second)
    rng, kinds = np.random.default_rng(seed), np.where(live, edge_kinds(aligned.graph), "never changes")
    a, b = first.mean(0), second.mean(0)
    shuffles = [(a, b[_shuffled_within(kinds, rng)]) for _ in range(draws)]
    halves = [_halves(first, second, rng) for _ in range(draws)]
    rows = []
    for size in sizes:
        chance = _band([overlap(*pair, size) for pair in shuffles])
        within = _band([(overlap(a1, a2, size) + overlap(b1, b2, size)) / 2 for a1, a2, b1, b2 in halves])
        across = _band([(overlap(a1, b2, size) + overlap(b1, a2, size)) / 2 for a1, a2, b1, b2 in halves])
        rows.append({"size": size, "iou": overlap(a, b, size), "chance_low": chance[0], "chance_high": chance[2],
                     "across": across[1], "within_low": within[0], "within_high": within[2]})  # fmt: skip
    return pd.DataFrame(rows)


def score_correlation(aligned: EdgeScores, unaligned: EdgeScores, draws: int = 500, seed: int = 0) -> dict[str, Effect]:
    """Rank correlation over edges of the two mean scores, ``signed`` and by ``size``; interval by resampling groups.

    Signed near −1 with size near +1: one circuit used in both senses. Edges that no prompt changed are left out. Raises
    as :func:`overlap_curve` does.
    """
    first, second = _paired(aligned, unaligned)
    first, second = (scores[:, _live(first, second)] for scores in (first, second))
    names = np.array(list(dict.fromkeys(aligned.groups)))

    def signed(a: np.ndarray, b: np.ndarray) -> float:
        return _rank_correlation(a.mean(0), b.mean(0))

    def size(a: np.ndarray, b: np.ndarray) -> float:
        return _rank_correlation(abs(a.mean(0)), abs(b.mean(0)))

    return {kind: bootstrap_groups(statistic, (first, second), names, draws, seed=seed, unit="rho")
            for kind, statistic in (("signed", signed), ("size", size))}  # fmt: skip


def edge_kinds(graph: Graph) -> np.ndarray:
    """[edge] text: the kind of sender and of receiver, such as "h q" or "m logits"."""
    reads = {receiver: "logits" if receiver == LOGITS else receiver[-1] if receiver[0] == "h" else "m"
             for receiver in graph.receivers}  # fmt: skip
    return np.array([f"{sender[0]} {reads[receiver]}" for sender, receiver in graph.edges])


def _paired(first: EdgeScores, second: EdgeScores) -> tuple[np.ndarray, np.ndarray]:
    if first.graph != second.graph or first.groups != second.groups:
        raise WorkbenchError(f"two circuits came with {len(first.graph.edges)} and {len(second.graph.edges)} edges, "
                             f"{len(first.groups)} and {len(second.groups)} prompts; expected the same edges, and "
                             "the same groups in the same order")  # fmt: skip
    if len(first.by_group) < 2:
        raise WorkbenchError("two circuits came with one group; expected at least two, to say how far prompts differ")
    return first.by_group, second.by_group


def _live(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """[edge] bool: whether any group's score is not exactly zero."""
    return (first != 0).any(0) | (second != 0).any(0)


def _halves(first: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Means [edge] over two random halves of the groups: of the first circuit, then of the second."""
    order = rng.permutation(len(first))
    cut = len(order) // 2
    return tuple(scores[half].mean(0) for scores in (first, second) for half in (order[:cut], order[cut:]))


def _band(values: Sequence[float]) -> np.ndarray:
    return np.quantile(values, [0.025, 0.5, 0.975])


def _shuffled_within(kinds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    order = np.arange(len(kinds))
    for kind in np.unique(kinds):
        places = np.flatnonzero(kinds == kind)
        order[places] = rng.permutation(places)
    return order


def _rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    first, second = rankdata(a), rankdata(b)
    if first.std() == 0 or second.std() == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])
