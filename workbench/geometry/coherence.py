"""Do the differences of a concept's pairs point the same way? Published figures and their unbiased twins.

Why one split and not many: held-out cosines have mean 0 *given* the direction, so a t interval over the groups
that were read covers 0 under no concept. Swapping the halves or averaging over splits reuses the same products
s_A·s_B; pooled cosines of both folds then cover 0 in about 83 % of runs only (see ``tests/test_null_calibration.py``).
"""

from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from workbench.geometry.discriminability import auc, d_prime, difference_line, overlap, split_d_prime
from workbench.geometry.halves import Names, split_groups
from workbench.geometry.similarity import (
    effective_rank,
    first_share,
    spearman_brown,
    split_half_cosine,
    subsample_stability,
    unit_rows,
)
from workbench.stats import t_interval, undetermined, within
from workbench.types import Effect, WorkbenchError

Differences = Float[np.ndarray, "pair d_model"]


@dataclass(frozen=True)
class Coherence:
    """Coherence of one direction at one site; ``c``, ``d_prime``, ``overlap``, ``auc`` are as published, in-sample.

    ``c`` mean cosine of the differences with their mean; pure noise gives 1/√n. ``c_heldout`` its unbiased twin;
    ``c_loo`` leaving one group out (a point value: its bootstrap is not valid). ``pairwise`` mean cosine of two
    different differences. ``null_low``/``null_high``: the 95 % band of ``c`` under flipped signs.
    ``overlap`` uses 49 bins. ``norm_ratio`` is ‖s‖ / median‖h‖.
    """

    c: float
    c_heldout: Effect
    c_loo: float
    pairwise: float
    null_low: float
    null_high: float
    kappa_positive: float
    kappa_negative: float
    d_prime: float
    d_prime_split: Effect
    overlap: float
    auc: float
    effective_rank: float
    first_share: float
    split_half_cos: float
    spearman_brown: float
    stability25: float
    norm_ratio: float
    n_pairs: int
    n_groups: int

    def row(self) -> dict[str, float | int]:
        """Flat numbers for a table of cells; an effect gives ``name``, ``name_low`` and ``name_high``."""
        row: dict[str, float | int] = {}
        for name, value in asdict(self).items():
            effect = getattr(self, name)
            if isinstance(effect, Effect):
                row |= {name: effect.estimate, f"{name}_low": effect.low, f"{name}_high": effect.high}
            else:
                row[name] = value
        return row


def coherence(
    positive: ArrayLike, negative: ArrayLike, groups: Names, labels: Names | None = None, seed: int = 0
) -> Coherence:
    """All figures of one site from the activations of both poles [pair d_model], row i of each the same question.

    ``labels`` [pair]: which answer the positive pole gave, so that halves are stratified by it. With a single group
    the held-out figures are undetermined. Raises WorkbenchError for mismatched shapes or poles that do not differ.
    """
    up, down = _poles(positive, negative, groups)
    differences = up - down
    kappa = difference_line(up, down)
    several = len(np.unique(np.asarray(groups))) > 1
    first = split_groups(groups, labels, seed) if several else np.ones(len(up), dtype=bool)
    alone = undetermined(np.nan, "one group only", n=len(up), n_groups=1)
    halves = split_half_cosine(differences, first) if several else np.nan
    low, high = sign_flip_band(differences, groups, seed=seed)
    lengths = np.median(np.linalg.norm(np.vstack([up, down]), axis=1))
    return Coherence(
        c=float(agreement(differences).mean()),
        c_heldout=heldout_agreement(differences, groups, first) if several else alone,
        c_loo=leave_group_out_agreement(differences, groups) if several else np.nan,
        pairwise=pairwise_cosine(differences),
        null_low=low,
        null_high=high,
        kappa_positive=float(kappa[0].mean()),
        kappa_negative=float(kappa[1].mean()),
        d_prime=d_prime(*kappa),
        d_prime_split=split_d_prime(up, down, groups, first) if several else alone,
        overlap=overlap(*kappa),
        auc=auc(*kappa),
        effective_rank=effective_rank(differences),
        first_share=first_share(differences),
        split_half_cos=halves,
        spearman_brown=spearman_brown(halves),
        stability25=subsample_stability(differences, seed=seed),
        norm_ratio=float(np.linalg.norm(differences.mean(0)) / lengths),
        n_pairs=len(up),
        n_groups=len(np.unique(np.asarray(groups))),
    )


def agreement(
    differences: Differences, direction: Float[np.ndarray, " d_model"] | None = None
) -> Float[np.ndarray, " pair"]:
    """cos(dᵢ, s) of every difference; s is ``direction``, or the mean difference (the published, in-sample form)."""
    s = differences.mean(0) if direction is None else direction
    return unit_rows(differences) @ unit_rows(s[None])[0]


def heldout_agreement(
    differences: Differences, groups: Names, first: Bool[np.ndarray, " pair"], level: float = 0.95
) -> Effect:
    """Held-out c: s from the pairs in ``first``, cosines of the others, t interval over the others' groups."""
    cosines = agreement(differences[~first], differences[first].mean(0))
    return within(t_interval(cosines, level, "cosine", np.asarray(groups)[~first]), -1.0, 1.0)


def leave_group_out_agreement(differences: Differences, groups: Names) -> float:
    """Mean cos(dᵢ, s) where s leaves out the whole group of dᵢ. A point value: resampled copies would leak into s."""
    codes = np.unique(np.asarray(groups), return_inverse=True)[1]
    sums = np.zeros((codes.max() + 1, differences.shape[1]))
    np.add.at(sums, codes, differences)
    others = unit_rows(sums.sum(0) - sums)
    return float((unit_rows(differences) * others[codes]).sum(1).mean())


def pairwise_cosine(differences: Differences, diagonal: bool = False) -> float:
    """Mean cosine of two differences. ``diagonal=True`` counts each with itself, as Tan et al. do; adds ~1/n."""
    n = len(differences)
    total = float((unit_rows(differences).sum(0) ** 2).sum())
    if diagonal:
        return total / n**2
    return (total - n) / (n * (n - 1)) if n > 1 else float("nan")


def sign_flip_band(
    differences: Differences, groups: Names | None = None, draws: int = 400, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """The central ``level`` band of the in-sample c under no concept: signs flipped by whole groups (by pair without).

    Flipping groups keeps what pairs of one template share, which is not the concept.
    """
    n = len(differences)
    codes = np.arange(n) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(draws, codes.max() + 1))[:, codes]
    gram = differences @ differences.T
    norms = np.sqrt(np.diag(gram))
    along = signs @ gram  # n · (s of the draw) · d_i
    length = np.sqrt(np.maximum((along * signs).sum(1), 0))  # n · ‖s‖
    scale = norms * length[:, None]
    cosines = np.divide(along * signs, scale, out=np.zeros_like(along), where=scale > 0)
    low, high = np.quantile(cosines.mean(1), ((1 - level) / 2, (1 + level) / 2))
    return float(low), float(high)


def _poles(positive: ArrayLike, negative: ArrayLike, groups: Names) -> tuple[np.ndarray, np.ndarray]:
    """Both poles as float64 [pair d_model], checked against each other and against ``groups``."""
    up, down = np.asarray(positive, dtype=np.float64), np.asarray(negative, dtype=np.float64)
    if up.ndim != 2 or up.shape != down.shape or len(up) != len(groups) or len(up) < 2:
        shapes = f"{up.shape}, {down.shape} and {len(groups)} groups"
        raise WorkbenchError(
            f"coherence got {shapes}; expected two arrays [pair d_model] of one shape and a group per pair"
        )
    if not (np.isfinite(up).all() and np.isfinite(down).all()):
        raise WorkbenchError("activations hold numbers that are not finite; expected finite ones: use a wider dtype")
    return up, down
