"""Rank correlations of predictors with outcomes over concepts, each beside its two controls.

A figure that "predicts" the effect of vectors it was not computed from measures the behaviour, not the vector:
so every row carries the correlation with the effect of *transplanted* vectors, and the partial correlation given the
model's grasp of the concept, the headroom a cue reaches, and the base lean.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from workbench.stats import partial_spearman, spearman, undetermined
from workbench.types import Effect, WorkbenchError

COVARIATES = ("grasp", "headroom", "lean")
TRANSPLANT = "transplant_odd"
POOLED = "all"
POOLED_WITHIN = "all (within)"
POOLED_LAYER = -1
STRATUM = ["prompt_type", "layer"]


def correlate(
    cells: pd.DataFrame,
    predictors: Sequence[str],
    outcomes: Sequence[str],
    *,
    covariates: Sequence[str] = COVARIATES,
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Spearman's ρ of every predictor with every outcome, in each prompt type × layer and pooled.

    Intervals are 95 %, by resampling concepts; in the pooled rows a concept is a cluster of its cells. Pooled
    rows have layer −1: prompt type ``"all"`` uses the numbers as they are, so that differences between layers and
    prompt types count too; ``"all (within)"`` first ranks within each prompt type × layer, so that only concepts do.

    Columns: prompt_type, layer, predictor, outcome, rho, low, high, n (cells), n_concepts; partial_rho,
    partial_low, partial_high, partial_given (the covariates that could be used: never the predictor or outcome
    itself); rho_transplant, transplant_low, transplant_high. Missing numbers are left out row by row; an interval
    that cannot be had is the whole line. Raises WorkbenchError for a column that is not there.
    """
    wanted = ["concept", *STRATUM, *predictors, *outcomes]
    missing = [name for name in dict.fromkeys(wanted) if name not in cells.columns]
    if missing or not predictors or not outcomes:
        what = f"cells lack {', '.join(missing)}" if missing else "no predictor or no outcome was named"
        raise WorkbenchError(f"{what}; expected columns of the cells table: {', '.join(map(str, cells.columns))}")
    given = [name for name in covariates if name in cells.columns]
    settings = {"draws": draws, "seed": seed}
    rows = []
    for kind, layer, part in _strata(cells):
        for predictor in predictors:
            transplant = _rho(part, predictor, TRANSPLANT, (), settings)
            for outcome in outcomes:
                numbers = _row(part, predictor, outcome, given, settings)
                head = {"prompt_type": kind, "layer": layer, "predictor": predictor, "outcome": outcome}
                rows.append(head | numbers | _named(transplant, "rho_transplant", "transplant"))
    return pd.DataFrame(rows)


def _row(part: pd.DataFrame, predictor: str, outcome: str, given: Sequence[str], settings: dict) -> dict:
    used = [n for n in given if n not in (predictor, outcome) and np.isfinite(part[n].to_numpy(dtype=float)).any()]
    plain = _rho(part, predictor, outcome, (), settings)
    partial = _rho(part, predictor, outcome, used, settings)
    counts = {"n": plain.n, "n_concepts": plain.n_groups}
    ends = {"rho": plain.estimate, "low": plain.low, "high": plain.high}
    return ends | counts | _named(partial, "partial_rho", "partial") | {"partial_given": ", ".join(used)}


def _named(effect: Effect, name: str, prefix: str) -> dict[str, float]:
    return {name: effect.estimate, f"{prefix}_low": effect.low, f"{prefix}_high": effect.high}


def _rho(part: pd.DataFrame, x: str, y: str, given: Sequence[str], settings: dict) -> Effect:
    """(Partial) ρ over the rows in which every number is there, concepts resampled."""
    if y not in part.columns:
        return undetermined(np.nan, f"no column {y}", unit="rho")
    numbers = part[[x, y, *given]].to_numpy(dtype=np.float64).T
    whole = np.isfinite(numbers).all(0)
    if whole.sum() < 3:
        return undetermined(np.nan, f"{int(whole.sum())} complete cells", n=int(whole.sum()), unit="rho")
    concepts = part["concept"].to_numpy().astype(str)[whole]
    first, second, *others = numbers[:, whole]
    if others:
        return partial_spearman(first, second, others, concepts, **settings)
    return spearman(first, second, groups=concepts, **settings)


def _strata(cells: pd.DataFrame) -> Iterator[tuple[str, int, pd.DataFrame]]:
    """Every prompt type × layer in the order met, then the two pooled views where there is more than one."""
    parts: dict[tuple[str, int], list[int]] = {}
    for position, (kind, layer) in enumerate(zip(cells["prompt_type"], cells["layer"], strict=True)):
        parts.setdefault((str(kind), int(layer)), []).append(position)
    for (kind, layer), positions in parts.items():
        yield kind, layer, cells.iloc[positions]
    if len(parts) > 1:
        yield POOLED, POOLED_LAYER, cells
        yield POOLED_WITHIN, POOLED_LAYER, _within(cells)


def _within(cells: pd.DataFrame) -> pd.DataFrame:
    """Numbers replaced by their centred mid-rank share within the prompt type × layer."""
    names = [n for n in cells.columns if n not in ("concept", *STRATUM) and pd.api.types.is_numeric_dtype(cells[n])]
    numbers = cells[names].astype(np.float64).replace([np.inf, -np.inf], np.nan)
    by = numbers.groupby([cells[name] for name in STRATUM], sort=False)
    ranked = (by.rank() - 0.5) / by.transform("count") - 0.5
    return pd.concat([cells[["concept", *STRATUM]], ranked], axis=1)
