"""Spearman's rank correlation, plain and partial, with an interval by resampling groups.

A resample of groups is held as row *weights*, and ranks are weighted mid-ranks: the same numbers as with
duplicated rows, for all draws at once.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from workbench.stats.degenerate import as_vector, check_level, group_codes, undetermined
from workbench.stats.intervals import percentile_effect
from workbench.types import Effect, WorkbenchError

CHUNK = 1_000_000  # weights held at once: draws are handled in chunks of this many numbers


def spearman(  # noqa: PLR0913 - see partial_spearman
    x: ArrayLike, y: ArrayLike, draws: int = 1000, seed: int = 0, groups: ArrayLike | None = None, level: float = 0.95
) -> Effect:
    """Spearman's ρ of ``x`` and ``y`` [n], interval by resampling ``groups`` [n] (rows where there are none).

    Undetermined with fewer than four groups, or where x or y is constant (ρ is then not a number).
    """
    return partial_spearman(x, y, (), groups, draws=draws, seed=seed, level=level)


def partial_spearman(  # noqa: PLR0913 - every argument is a setting of the bootstrap
    x: ArrayLike,
    y: ArrayLike,
    covariates: Sequence[ArrayLike] | np.ndarray,
    groups: ArrayLike | None = None,
    *,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Effect:
    """Spearman's ρ of ``x`` and ``y`` [n] given ``covariates`` (a sequence of [n]): correlation of rank residuals.

    Ranks of x and y are each regressed on the covariates' ranks; a constant or repeated covariate changes nothing.
    Undetermined with fewer groups than covariates + 4, or where x or y has no variation left.
    """
    rows = [as_vector(x, "x"), as_vector(y, "y"), *(as_vector(c, "covariate values") for c in covariates)]
    n = len(rows[0])
    if any(len(row) != n for row in rows):
        lengths = ", ".join(str(len(row)) for row in rows)
        raise WorkbenchError(f"x, y and covariates have lengths {lengths}; expected one length")
    codes, count = group_codes(groups, n)
    level, control = check_level(level), len(rows) - 2
    estimate = float(_weighted_rho(rows, np.ones((1, n)))[0])
    if count < control + 4 or not np.isfinite(estimate):
        few = f"{count} groups; at least {control + 4} are needed"
        why = few if count < control + 4 else "x or y has no variation" + (" left" if control else "")
        return undetermined(estimate, why, level=level, n=n, n_groups=count, unit="rho")
    drawn = np.concatenate([_weighted_rho(rows, w) for w in _weights(codes, count, draws, seed)])
    # Plain percentiles: with 8 to 30 groups they cover in 94-98 % of runs, where expanded ones reach 99 %.
    tails = ((1 - level) / 2, (1 + level) / 2)
    return percentile_effect(estimate, drawn, tails, level=level, n=n, n_groups=count, unit="rho")


def _weights(codes: np.ndarray, count: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Row weights [chunk n] of ``draws`` resamples of the groups."""
    rng, size = np.random.default_rng(seed), max(1, CHUNK // len(codes))
    for start in range(0, draws, size):
        picked = rng.multinomial(count, np.full(count, 1 / count), size=min(size, draws - start))
        yield picked[:, codes].astype(np.float64)


def _weighted_ranks(row: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mid-ranks [draw n] of ``row`` [n] when row i occurs ``weights[draw, i]`` times; centred and scaled to [-½, ½]."""
    order = np.argsort(row, kind="stable")
    _, first, inverse = np.unique(row[order], return_index=True, return_inverse=True)
    mass = np.add.reduceat(weights[:, order], first, axis=1)
    middle = (np.cumsum(mass, axis=1) - mass / 2) / weights.sum(1, keepdims=True) - 0.5
    ranks = np.empty_like(weights)
    ranks[:, order] = middle[:, inverse]
    return ranks


def _weighted_rho(rows: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """(Partial) rank correlation [draw] of the first two rows given the others."""
    ranks = np.stack([_weighted_ranks(row, weights) for row in rows], axis=1)
    share = weights / weights.sum(1, keepdims=True)
    centred = ranks - np.einsum("ckn,cn->ck", ranks, share)[:, :, None]
    cov = np.einsum("ckn,cn,cjn->ckj", centred, share, centred, optimize=True)
    pair, between, control = cov[:, :2, :2], cov[:, :2, 2:], cov[:, 2:, 2:]
    if len(rows) > 2:
        inverse = np.linalg.pinv(control, rcond=1e-10, hermitian=True)
        pair = pair - between @ inverse @ between.transpose(0, 2, 1)
    spread = pair[:, 0, 0] * pair[:, 1, 1]
    # What is left after regression is rounding where x is a function of the covariates: call that no variation.
    floor = 1e-10 * np.maximum(cov[:, 0, 0] * cov[:, 1, 1], 1e-6)
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = np.where(spread > floor, pair[:, 0, 1] / np.sqrt(spread), np.nan)
    return np.clip(rho, -1, 1)
