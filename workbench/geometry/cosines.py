"""Cosines between directions, and their twins across halves: what they are where noise is not shared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from workbench.directions import fit
from workbench.geometry.halves import split_groups
from workbench.geometry.similarity import cosine
from workbench.types import Activations, Direction, WorkbenchError


@dataclass(frozen=True)
class Halved:
    """One direction fitted on all pairs, and again on each half of the groups."""

    whole: Direction
    first: Direction
    second: Direction


def halved(
    acts: Activations, method: str = "mean_difference", labels: Sequence[str] | None = None, seed: int = 0
) -> Halved:
    """Directions of ``acts`` (of :func:`workbench.activations.extract`) from all pairs and from both halves.

    Halves are of whole groups, balanced by ``labels`` [pair] (the positive answer). The same groups and seed give the
    same halves, so that the first half at one layer or prompt type shares no question with the second at another.
    """
    pairs = len(acts) // 2
    first = split_groups(acts.groups[:pairs], labels, seed)
    parts = [fit(_pairs(acts, chosen), method=method) for chosen in (first, ~first)]
    return Halved(fit(acts, method=method), *parts)


def cosine_table(directions: Mapping[str, Halved]) -> pd.DataFrame:
    """a, b, cosine, across: a row per ordered pair of names, each with itself too.

    ``cosine`` is that of the whole directions; where they were fitted on the same questions they share their noise.
    ``across`` is the mean of cos(first of a, second of b) and cos(first of b, second of a), which share none; of a
    name with itself it is the split-half cosine, the most that any other could reach.
    """
    widths = sorted({len(d.whole.vector) for d in directions.values()})
    if len(widths) != 1:
        raise WorkbenchError(f"directions of width {widths}; expected one or more directions of one width")
    return pd.DataFrame([
        {"a": a, "b": b, "cosine": _cosine(one.whole, other.whole),
         "across": (_cosine(one.first, other.second) + _cosine(other.first, one.second)) / 2}
        for a, one in directions.items() for b, other in directions.items()
    ])  # fmt: skip


def _cosine(a: Direction, b: Direction) -> float:
    return cosine(*(d.vector.detach().double().cpu().numpy() for d in (a, b)))


def _pairs(acts: Activations, chosen: np.ndarray) -> Activations:
    """The chosen pairs, both of their examples."""
    both = np.concatenate([chosen, chosen])
    index = torch.from_numpy(np.flatnonzero(both))
    labels, groups = ([row[i] for i in index.tolist()] for row in (acts.labels, acts.groups))
    source = {k: v for k, v in acts.source.items() if k != "pairs"}
    return Activations(acts.values[index], acts.mask[index], tuple(labels), tuple(groups), acts.site, source)
