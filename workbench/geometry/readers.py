"""What reads one site: a direction's κ or a fitted probe, beside controls that know nothing of the concept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from workbench.directions import random_directions
from workbench.geometry.discriminability import auc
from workbench.stats import jackknife_interval
from workbench.types import Activations, Direction, Effect, Probe, Site, WorkbenchError

LEVEL = 0.95


@dataclass(frozen=True)
class Readers:
    """A fitted probe per site, and its controls there. ``unit`` says what a value of 1 means."""

    own: Mapping[Site, Probe]
    controls: Mapping[Site, Sequence[Probe]]
    unit: str


@dataclass(frozen=True)
class Projection:
    """κ along a given direction as a :class:`Probe`: 2 (h·û − middle) / gap, ±1 at the class means it was fitted on.

    ``fit`` keeps the direction and sets ``middle``, the midpoint of the class means along it (of all examples where
    there are no two classes). Raises WorkbenchError for a direction without a gap to scale by.
    """

    direction: Direction
    middle: float = 0.0

    def __post_init__(self):
        if self.direction.gap == 0:
            raise WorkbenchError(
                f"direction {self.direction.method!r} has gap 0; expected a gap to scale κ by: fit it on two poles"
            )

    def fit(self, activations: Activations) -> "Projection":
        along, labels = self._along(activations), np.asarray(activations.labels)
        classes = [float(along[torch.from_numpy(labels == sign)].mean()) for sign in (1, -1) if (labels == sign).any()]
        return replace(self, middle=sum(classes) / 2 if len(classes) == 2 else float(along.mean()))

    def score(self, activations: Activations) -> Float[Tensor, " example"]:
        return 2 * (self._along(activations) - self.middle) / self.direction.gap

    def _along(self, activations: Activations) -> Float[Tensor, " example"]:
        rows, vector = activations.last().double().cpu(), self.direction.vector.double().cpu()
        if rows.shape[1] != len(vector):
            raise WorkbenchError(
                f"activations have width {rows.shape[1]}, the direction {len(vector)}; expected the same site"
            )
        return rows @ vector


def direction_readers(
    acts: Mapping[Site, Activations], directions: Mapping[Site, Direction], draws: int = 40, seed: int = 0
) -> Readers:
    """κ along each site's direction, centred on ``acts`` there; controls are random directions of the same norm."""
    controls = {site: random_directions(direction, draws, seed) for site, direction in directions.items()}
    return Readers(
        {site: Projection(direction).fit(acts[site]) for site, direction in directions.items()},
        {site: [Projection(d).fit(acts[site]) for d in drawn] for site, drawn in controls.items()},
        "κ, class means at ±1",
    )


def probe_readers(probe: Probe, acts: Mapping[Site, Activations], draws: int = 10, seed: int = 0) -> Readers:
    """``probe`` fitted at each site; controls are the same probe fitted to shuffled labels of the same examples."""
    shuffled = {site: [relabelled(found, seed + k) for k in range(draws)] for site, found in acts.items()}
    return Readers(
        {site: probe.fit(found) for site, found in acts.items()},
        {site: [probe.fit(other) for other in others] for site, others in shuffled.items()},
        "score of the probe",
    )


def relabelled(acts: Activations, seed: int = 0) -> Activations:
    """The same examples, the two members of half of the pairs (drawn at random) with their labels exchanged."""
    pairs = len(acts) // 2
    if pairs < 2 or tuple(acts.labels) != (1,) * pairs + (-1,) * pairs:
        raise WorkbenchError(f"{len(acts)} examples are not two or more pairs, positives first; use workbench.extract")
    flipped = np.ones(pairs, dtype=int)
    flipped[np.random.default_rng(seed).permutation(pairs)[: pairs // 2]] = -1
    return replace(acts, labels=tuple(int(v) for v in (*flipped, *-flipped)))


def reader_auc(reader: Probe, acts: Activations) -> Effect:
    """How well a fitted reader tells the classes of ``acts`` apart: AUROC, jackknife t interval over groups.

    An unbiased figure only where ``acts`` share no group with what the reader was fitted on.
    """
    scores = reader.score(acts).detach().cpu().double().numpy()
    labels, groups = np.asarray(acts.labels), np.asarray(acts.groups)
    positive, names = labels == 1, np.unique(groups)
    if not (positive.any() and (labels == -1).any()):
        raise WorkbenchError("activations of one class only; expected both poles to tell apart")
    left_out = np.array([_auc(scores, positive, groups != name) for name in names])
    whole = _auc(scores, positive, np.ones(len(scores), dtype=bool))
    effect = jackknife_interval(whole, left_out, level=LEVEL, n=len(scores), unit="AUROC")
    return replace(effect, low=max(0.0, effect.low), high=min(1.0, effect.high))


def _auc(scores: np.ndarray, positive: np.ndarray, kept: np.ndarray) -> float:
    up, down = scores[positive & kept], scores[~positive & kept]
    return auc(up, down) if len(up) and len(down) else float("nan")
