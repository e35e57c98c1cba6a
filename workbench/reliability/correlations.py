"""Rank correlations of predictors with outcomes over concepts, each beside its two controls.

A figure that "predicts" the effect of vectors it was not computed from measures the behaviour, not the vector:
so every row carries the correlation with the effect of *transplanted* vectors, and the partial correlation given the
model's grasp of the concept, the headroom a cue reaches, and the base lean.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from workbench.stats import RankDraws, rank_correlation, rank_draws, undetermined
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
    names = list(dict.fromkeys([*predictors, *outcomes, *covariates, TRANSPLANT]))
    rows = []
    for kind, layer, part in _strata(cells):
        stratum = _Stratum(
            _numeric(part, names), part["concept"].to_numpy().astype(str), {"draws": draws, "seed": seed}
        )
        for predictor in predictors:
            transplant = stratum.rho(predictor, TRANSPLANT)
            for outcome in outcomes:
                head = {"prompt_type": kind, "layer": layer, "predictor": predictor, "outcome": outcome}
                numbers = _row(stratum, predictor, outcome, covariates)
                rows.append(head | numbers | _named(transplant, "rho_transplant", "transplant"))
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class _Stratum:
    """Numbers [cell] of one stratum by name; ``drawn`` keeps the rank draws of every set of complete cells."""

    numbers: dict[str, np.ndarray]
    concepts: np.ndarray
    settings: dict[str, int]
    drawn: dict[bytes, tuple[list[str], RankDraws]] = field(default_factory=dict)

    def known(self, name: str) -> bool:
        """Is there any finite number of that name?"""
        return name in self.numbers and bool(np.isfinite(self.numbers[name]).any())

    def rho(self, x: str, y: str, given: Sequence[str] = ()) -> Effect:
        """(Partial) ρ over the rows in which every number is there, concepts resampled."""
        if not all(name in self.numbers for name in (x, y, *given)):
            return undetermined(np.nan, f"no numbers for {x}, {y}", unit="rho")
        whole = np.isfinite([self.numbers[name] for name in (x, y, *given)]).all(0)
        if whole.sum() < 3:
            return undetermined(np.nan, f"{whole.sum()} complete cells", n=int(whole.sum()), unit="rho")
        key = whole.tobytes()
        if key not in self.drawn:
            names = [name for name, row in self.numbers.items() if np.isfinite(row[whole]).all()]
            rows = [self.numbers[name][whole] for name in names]
            self.drawn[key] = names, rank_draws(rows, self.concepts[whole], **self.settings)
        names, drawn = self.drawn[key]
        return rank_correlation(drawn, names.index(x), names.index(y), [names.index(name) for name in given])


def _row(stratum: _Stratum, predictor: str, outcome: str, covariates: Sequence[str]) -> dict:
    used = [name for name in covariates if name not in (predictor, outcome) and stratum.known(name)]
    plain, partial = stratum.rho(predictor, outcome), stratum.rho(predictor, outcome, used)
    counts = {"n": plain.n, "n_concepts": plain.n_groups}
    ends = {"rho": plain.estimate, "low": plain.low, "high": plain.high}
    return ends | counts | _named(partial, "partial_rho", "partial") | {"partial_given": ", ".join(used)}


def _named(effect: Effect, name: str, prefix: str) -> dict[str, float]:
    return {name: effect.estimate, f"{prefix}_low": effect.low, f"{prefix}_high": effect.high}


def _numeric(cells: pd.DataFrame, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The columns among ``names`` that are there, as float64; missing numbers are nan."""
    return {name: cells[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names if name in cells.columns}


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
