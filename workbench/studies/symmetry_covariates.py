# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""What goes with the gains of single items: answer word, length, negation, group size, unsteered log-odds.

Everything is within concepts: one rank correlation (or difference of means) per concept, then a t interval over
concepts. y(0) is a part of both gains (g⁺ = y(+) − y(0), g⁻ = y(0) − y(−)), so that y(0) against a gain makes a
correlation out of noise. It is therefore held only against the mean of both gains, (y(+) − y(−))/2, in which it
cancels; against single gains and their difference stands the unsteered log-odds of the same item *in another frame*.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from workbench.stats import holm, jackknife_interval, sign_flip_p, t_interval
from workbench.studies.symmetry_tables import PLACEBOS, VALUES, flat
from workbench.types import Concept, Effect

DRAWS, LEVEL = 400, 0.95
OUTCOMES = ("gain toward aligned", "gain toward unaligned", "aligned minus unaligned", "mean of both gains")
MEAN = OUTCOMES[3:]
RHO, MEANS = "rank correlation", "difference of means (log-odds)"
# column of the items -> words, outcomes; y(0) itself only where it cancels
NUMBERS = {
    "words": ("words in the question", OUTCOMES),
    "group_size": ("items in its group", OUTCOMES),
    "lean_elsewhere": ("unsteered log-odds, in another frame", OUTCOMES),
    "base": ("unsteered log-odds y(0)", MEAN),
    "decided": ("size of the unsteered log-odds |y(0)|", MEAN),
    "elsewhere_aligned": ("gain toward aligned, in another frame", OUTCOMES),
    "elsewhere_unaligned": ("gain toward unaligned, in another frame", OUTCOMES),
}


@dataclass(frozen=True)
class Sample:
    """One concept: covariate [item] (0 and 1 where ``two``), outcomes [item outcome], group numbers [item]."""

    x: np.ndarray
    y: np.ndarray
    groups: np.ndarray
    two: bool

    def figures(self) -> np.ndarray:
        """ρ, or the mean of the ones minus that of the zeros, [outcome]; NaN where the covariate is constant."""
        return weights(self.x, self.two) @ self.scores

    @cached_property
    def scores(self) -> np.ndarray:
        """Outcomes as they enter the figure: themselves, or their standardised ranks, [item outcome]."""
        return self.y if self.two else ranks(self.y.T).T

    def without(self, group: int) -> "Sample":
        """The sample without one group."""
        kept = self.groups != group
        return Sample(self.x[kept], self.y[kept], self.groups[kept], self.two)

    def chance(self, rng: np.random.Generator, draws: int) -> np.ndarray:
        """The figures [draw outcome] with the covariate dealt out anew: groups change places as blocks, items within.

        What the items of a group share stays together, so that chance is as wide as clustered items make it.
        """
        place = rng.random((draws, self.groups.max() + 1)).argsort(1)[:, self.groups]
        dealt = weights(self.x, self.two)[(place + rng.random(place.shape)).argsort(1)]
        return dealt[:, np.argsort(np.argsort(self.groups, kind="stable"))] @ self.scores


def ranks(rows: np.ndarray) -> np.ndarray:
    """Mid-ranks along the last axis, mean 0 and sum of squares 1; NaN for a constant row or one with a gap."""
    found = rankdata(rows, axis=-1)
    found = found - found.mean(-1, keepdims=True)
    size = np.sqrt((found**2).sum(-1, keepdims=True))
    return np.divide(found, size, out=np.full(found.shape, np.nan), where=size > 1e-9)


def weights(x: np.ndarray, two: bool) -> np.ndarray:
    """What turns outcomes into a figure, [item]: standardised ranks, or 1/n of the ones minus 1/n of the zeros."""
    if not two:
        return ranks(x)
    ones, zeros = x.sum(), (1 - x).sum()
    return x / ones - (1 - x) / zeros if ones and zeros else np.full(len(x), np.nan)


def covariate_table(items: pd.DataFrame, concepts: Sequence[Concept], seed: int = 0) -> pd.DataFrame:
    """A row per method × pool × covariate × outcome: the figure, its interval, the shuffled band, p, Holm, beyond.

    ``items`` as :func:`~workbench.studies.symmetry_errors.marked` gives them. Units are concepts (those in which the
    covariate varies), or the groups of the only one. ``chance_low`` and ``chance_high`` hold 95 % of the figures with
    the covariate shuffled within concepts. ``beyond``: the interval leaves 0, the figure the band, and Holm's p (sign
    flips of concepts) over the rows of the pool is below .05; gains in another frame, which say whether it is the same
    prompts that resist, are a family of their own. Placebo concepts stand beside as a pool of their own.
    """
    kinds, rows, items = {c.name: c.card.kind for c in concepts}, [], items.reset_index(drop=True)
    for method, part in items.groupby("method", sort=False) if len(items) else ():
        own = part["concept"].map(kinds).eq("placebo")
        for pool, some in ((VALUES, part[~own]), (PLACEBOS, part[own])):
            names = list(dict.fromkeys(some["concept"]))
            for words, outcomes, two, column in covariates_of(some) if names else ():
                samples = [sample(group, column.loc[group.index], outcomes, two)
                           for _, group in some.groupby("concept", sort=False)]  # fmt: skip
                about = {"method": method, "concept": pool if len(names) > 1 else names[0], "covariate": words}
                rows += [{**about, **row} for row in rows_of(samples, outcomes, seed)]
    return with_holm(pd.DataFrame(rows))


def covariates_of(items: pd.DataFrame) -> list[tuple[str, tuple[str, ...], bool, pd.Series]]:
    """(words, outcomes, whether it is 0 or 1, values) of every covariate that some of these items have."""
    found, answers = [], sorted(set(items["answer"]), reverse=True)
    if len(answers) == 2 and all(answers):
        words = f"aligned answer {answers[0]!r} minus {answers[1]!r}"
        found.append((words, OUTCOMES, True, (items["answer"] == answers[0]).astype(float)))
    found.append(("negated minus not negated", OUTCOMES, True, items["negated"].astype(float)))
    table = items.assign(decided=items["base"].abs())
    return found + [(words, outcomes, False, table[name].astype(float))
                    for name, (words, outcomes) in NUMBERS.items() if table[name].notna().any()]  # fmt: skip


def sample(items: pd.DataFrame, column: pd.Series, outcomes: Sequence[str], two: bool) -> Sample:
    """One concept's covariate and outcomes."""
    plus, minus = (items[f"gain_{pole}"].to_numpy(dtype=float) for pole in ("aligned", "unaligned"))
    known = dict(zip(OUTCOMES, (plus, minus, plus - minus, (plus + minus) / 2), strict=True))
    y = np.stack([known[name] for name in outcomes], axis=1)
    return Sample(column.to_numpy(dtype=float), y, np.unique(items["group"], return_inverse=True)[1], two)


def rows_of(samples: Sequence[Sample], outcomes: Sequence[str], seed: int) -> list[dict]:
    """One row per outcome; none where the covariate varies in no concept."""
    every = [one.figures() for one in samples]
    kept = [one for one, found in zip(samples, every, strict=True) if np.isfinite(found).all()]
    if not kept:
        return []
    rng = np.random.default_rng(seed)
    figures = np.array([found for found in every if np.isfinite(found).all()])
    drawn = np.mean([one.chance(rng, DRAWS) for one in kept], axis=0)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    rows = []
    for k, name in enumerate(outcomes):
        effect = t_interval(figures[:, k], LEVEL) if len(kept) > 1 else over_groups(kept[0], k)
        rows.append({
            "outcome": name, "figure": MEANS if kept[0].two else RHO, **flat("estimate", effect),
            "chance_low": float(low[k]), "chance_high": float(high[k]), "units": effect.n_groups,
            "items": sum(len(one.x) for one in kept),
            "p": sign_flip_p(figures[:, k], seed=seed) if len(kept) > 1 else float("nan"),
        })  # fmt: skip
    return rows


def over_groups(one: Sample, outcome: int) -> Effect:
    """A single concept's figure with a jackknife interval over its groups."""
    left = [one.without(group).figures()[outcome] for group in np.unique(one.groups).tolist()]
    clamp = np.inf if one.two else 1.0
    return jackknife_interval(float(one.figures()[outcome]), left, level=LEVEL, n=len(one.x), clamp=clamp)


def with_holm(table: pd.DataFrame) -> pd.DataFrame:
    """The table with ``p_holm`` over the rows of each pool and family, and ``beyond``."""
    if table.empty:
        return table
    table["p_holm"] = float("nan")
    for _, part in table[table["p"].notna()].groupby(["concept", table["covariate"].str.startswith("gain")]):
        table.loc[part.index, "p_holm"] = holm(part["p"])
    away = (table["estimate_low"] > 0) | (table["estimate_high"] < 0)
    outside = (table["estimate"] < table["chance_low"]) | (table["estimate"] > table["chance_high"])
    return table.assign(beyond=away & outside & (table["p_holm"] < 1 - LEVEL))


def covariate_sentence(table: pd.DataFrame, methods: Sequence[str]) -> str:
    """What sets prompts that resist one pole apart, with its numbers; "" where nothing is beyond chance.

    Said of the difference of the gains over the value concepts under ``methods`` (those with control over them): how
    many covariates, and the one with the smallest p, then the largest figure.
    """
    if table.empty:
        return ""
    part = table[(table["concept"] == VALUES) & (table["outcome"] == OUTCOMES[2]) & table["method"].isin(methods)
                 & ~table["covariate"].str.startswith("gain")]  # fmt: skip
    found = part[part["beyond"]]
    if found.empty:
        return ""
    row = found.loc[found["estimate"].abs()[found["p_holm"] == found["p_holm"].min()].idxmax()]
    placebo = table[(table["concept"] == PLACEBOS) & (table["method"] == row["method"])
                    & (table["covariate"] == row["covariate"]) & (table["outcome"] == row["outcome"])]  # fmt: skip
    beside = f", placebo concepts {spanned(placebo.iloc[0])}" if len(placebo) else ""
    return (
        f"Which prompts resist one pole: {len(found)} of {len(part)} covariates go with aligned minus unaligned gain "
        f"beyond chance, first {row['method']}: {row['covariate']}, {row['figure']} {spanned(row)} (shuffled "
        f"{row['chance_low']:+.2f} to {row['chance_high']:+.2f}{beside})."
    )


def spanned(row: pd.Series) -> str:
    """An estimate with its interval."""
    return f"{row['estimate']:+.2f} [{row['estimate_low']:+.2f}, {row['estimate_high']:+.2f}]"
