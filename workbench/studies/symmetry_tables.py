# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportOptionalMemberAccess=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""From responses to judgements: one row per method × concept × budget, and one per method × concept over budgets."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from workbench.symmetry import (
    ASYMMETRIC,
    COSTS,
    UNDETERMINED,
    Gains,
    Judgement,
    Response,
    adjusted,
    agreed,
    area_index,
    bootstrap_effect,
    judge,
    placebo_bound,
    placebo_p,
    potency_effect,
    sided,
    two_level,
)
from workbench.symmetry.protocol import Protocol
from workbench.symmetry.responses import CAP
from workbench.types import POLES, Effect

KINDS = ("kl", "norm", "examples", "tokens", "steps")
LEVEL = 0.05
VALUES, PLACEBOS = "all value concepts", "all placebo concepts"
POTENCY_DRAWS = 400
LEAD = ("model", "method", "concept", "kind", "verdict", "index", "index_low", "index_high")  # first in results
NEAR = 0.5  # of a budget: placebos at less are not held against it


def pool_of(response: Response) -> str:
    """The pool that a concept belongs to."""
    return PLACEBOS if response.kind == "placebo" else VALUES


def flat(name: str, effect: Effect) -> dict[str, float]:
    """An effect as three columns."""
    return {name: effect.estimate, f"{name}_low": effect.low, f"{name}_high": effect.high}


def chosen(protocol: Protocol, responses: Sequence[Response], kind: str) -> dict[str, tuple[Response, float, Gains]]:
    """Per concept the largest budget of a kind that both poles reach within the caps, and the gains there.

    The protocol's levels first. Where none can be met, because a method has doses of its own, or where the protocol
    names none (tokens, steps): the most that both poles spend.
    """
    found = {}
    for response in responses:
        level = response.best_level(kind, protocol.budgets.get(kind, ()), protocol.caps)
        if level is None:
            level = response.common_level(kind, protocol.caps)
        gains = None if level is None else response.gains_at(kind, level)
        if gains is not None:
            found[response.concept] = (response, float(level), gains)
    return found


def judgements(protocol: Protocol, method: str, responses: Sequence[Response]) -> list[dict]:
    """One row per concept and pool and budget kind: gains, index, p and the verdict at that budget."""
    rows = []
    for kind in KINDS:
        at = chosen(protocol, responses, kind)
        for name, (response, level, gains) in at.items():
            null = null_at(at, kind, level, name)
            single = placebo_bound(null, needed=protocol.placebos)
            costs = response.costs_at(kind, level)
            about = {"concept": name, "kind": response.kind, "budget": kind, "level": level, "concepts": 1}
            about |= {f"nll_rise_{pole}": float(costs[pole]["nll_rise"]) for pole in POLES}
            rows.append({"method": method, **about, **judged(judge([gains], single, protocol.margin), single)})
        for pool in (VALUES, PLACEBOS):
            members = [(level, gains) for response, level, gains in at.values() if pool_of(response) == pool]
            if len(members) < 2:
                continue
            level = float(np.median([level for level, _ in members]))
            null = null_at(at, kind, level)
            same = {"size": len(members), "seed": protocol.seed, "needed": protocol.placebos}
            bound = placebo_bound(null, **same)
            found = judge([gains for _, gains in members], bound, protocol.margin)
            about = {"concept": pool, "kind": "pool", "budget": kind, "concepts": len(members), "level": level}
            beyond = placebo_p(found.wide.estimate, null, **same)
            rows.append({"method": method, **about, **judged(found, bound), "p_placebo": beyond})
    return rows


def null_at(
    at: Mapping[str, tuple[Response, float, Gains]], kind: str, level: float, besides: str = ""
) -> list[Gains]:
    """The gains of placebos at a budget, all but ``besides``; at their own largest where that is at least half of it.

    A grows with the dose: placebos at a small budget would be a null that is passed too easily, so they do not count.
    """
    found = []
    for name, (response, most, gains) in at.items():
        if response.kind != "placebo" or name == besides:
            continue
        there = response.gains_at(kind, level) if most > level else gains if most >= NEAR * level else None
        found += [there] if there is not None else []
    return found


def judged(found: Judgement, placebo: float | None) -> dict:
    """A judgement as columns."""
    row = flat("gain_aligned", found.aligned) | flat("gain_unaligned", found.unaligned) | flat("index", found.wide)
    row |= {"index_low90": found.narrow.low, "index_high90": found.narrow.high, "units": found.wide.n, "p": found.p}
    row["placebo"] = float("nan") if placebo is None else placebo
    return row | {"flag": found.flag, "verdict": found.verdict, "reason": found.reason}


def results(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """The leaderboard: one row per model × method × concept, numbers at the first budget kind, verdict over all."""
    out = []
    for _, part in rows.groupby(["method", "concept"], sort=False):
        by_budget = {row["budget"]: (row["verdict"], row["reason"], row["index"]) for _, row in part.iterrows()}
        verdict, reason = agreed(by_budget)
        first = part.iloc[0].drop(["verdict", "reason"]).to_dict()
        # asymmetric under two budgets means under the weaker one too, and for a pool beyond the placebos as well
        first["p_worst"] = float(np.nanmax(part.reindex(columns=["p", "p_placebo"]).to_numpy(dtype=float)))
        each = "; ".join(f"{kind}: {sided(found, index)}" for kind, (found, _, index) in by_budget.items())
        out.append({"model": model, **first, "budgets": each, "verdict": verdict, "reason": reason})
    table = after_holm(pd.DataFrame(out), ["concept"])
    lead = [name for name in LEAD if name in table]
    return table[[*lead, *(name for name in table if name not in lead)]]


def after_holm(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Holm's p over the methods of a concept (``keys``); asymmetry that is not told from 0 then is undetermined.

    Corrected is the largest p of a row: over its budgets, and for pools over 0 and the placebos (intersection-union).
    *Symmetric* is a test of equivalence, whose error is another one: it is left as it is.
    """
    table = table.assign(p_holm=float("nan"))
    for _, part in table.groupby(list(keys)):
        corrected = adjusted(dict(zip(part.index, part["p_worst"], strict=True)))
        table.loc[list(corrected), "p_holm"] = list(corrected.values())
    gone = (table["verdict"] == ASYMMETRIC) & ~(table["p_holm"] < LEVEL)
    said = [f"{reason}, but p = {p:.2g} after Holm over the methods" for reason, p in
            zip(table.loc[gone, "reason"], table.loc[gone, "p_holm"], strict=True)]  # fmt: skip
    table.loc[gone, "verdict"] = UNDETERMINED
    table.loc[gone, "reason"] = said
    return table


def stacked(
    protocol: Protocol, responses: Sequence[Response], kind: str
) -> tuple[np.ndarray, list[Response], list[np.ndarray]]:
    """Levels that at least half of the concepts reach, the concepts that reach all of those, and their group gains.

    Each concept's array is [group, pole, level].
    """
    reached = {
        level: [r.concept for r in responses if r.gains_at(kind, level) is not None]
        for level in protocol.budgets.get(kind, ())
    }
    levels = [level for level, names in reached.items() if len(names) * 2 >= len(responses) and names]
    kept = [r for r in responses if all(r.concept in reached[level] for level in levels)] if levels else []
    arrays = [
        np.stack([np.stack(r.gains_at(kind, level).by_group(), axis=1) for level in levels], axis=2) for r in kept
    ]
    return np.array(levels), kept, arrays


def curves(protocol: Protocol, method: str, responses: Sequence[Response]) -> tuple[list[dict], list[dict]]:
    """Dose–response rows (every concept and pool × budget × level), and potency and A_AUC of each pool and concept."""
    points, summaries = [], []
    groups = [(r.concept, [r]) for r in responses]
    groups += [(pool, [r for r in responses if pool_of(r) == pool]) for pool in (VALUES, PLACEBOS)]
    for name, members in groups:
        if not members or (name in (VALUES, PLACEBOS) and len(members) < 2):
            continue
        for kind in KINDS:
            levels, kept, arrays = stacked(protocol, members, kind)
            if not len(levels) or not kept:
                continue
            mean = np.mean([part.mean(0) for part in arrays], axis=0)
            drawn = two_level(arrays, protocol.draws if len(kept) > 1 else 400, protocol.seed)
            about = {"method": method, "concept": name, "budget": kind, "concepts": len(kept)}
            points += [{**about, **row} for row in points_of(levels, mean, drawn, kept, kind)]
            # the curves are drawn whole; what sums them up has the doses that both poles afford
            fit = np.array([affordable(protocol, kept, kind, float(level)) for level in levels])
            if fit.any():
                summaries.append({**about, **summary_of(levels[fit], mean[:, fit], drawn[:, :, fit], kept)})
    return points, summaries


def affordable(protocol: Protocol, kept: Sequence[Response], kind: str, level: float) -> bool:
    """Whether both poles stay within every cap at a budget, by the mean cost over concepts."""
    costs = [r.costs_at(kind, level) for r in kept]
    return not any(
        np.mean([cost[pole][name] for cost in costs]) > protocol.caps.get(name, CAP) for pole in POLES for name in COSTS
    )


def points_of(
    levels: np.ndarray, mean: np.ndarray, drawn: np.ndarray, kept: Sequence[Response], kind: str
) -> list[dict]:
    """Gain of each pole and A at every level, with bootstrap intervals, and the mean cost."""
    rows, units = [], units_of(kept)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (drawn[:, 0] - drawn[:, 1]) / np.abs(drawn).sum(1)
    for k, level in enumerate(levels):
        costs = [r.costs_at(kind, float(level)) for r in kept]
        size = np.abs(mean[:, k]).sum()
        index = float((mean[0, k] - mean[1, k]) / size) if size > 0 else float("nan")
        about = {"level": float(level), **flat("index", bootstrap_effect(index, spread[:, k], units))}
        for p, pole in enumerate(POLES):
            gain = bootstrap_effect(float(mean[p, k]), drawn[:, p, k], units)
            spent = {name: float(np.mean([cost[pole][name] for cost in costs])) for name in COSTS}
            rows.append({"pole": pole, **about, **flat("gain", gain), **spent})
    return rows


def units_of(kept: Sequence[Response]) -> int:
    """How many units an interval stands on: concepts, or the groups of one."""
    return len(kept) if len(kept) > 1 else len(set(kept[0].groups))


def summary_of(levels: np.ndarray, mean: np.ndarray, drawn: np.ndarray, kept: Sequence[Response]) -> dict:
    """A_AUC and ln ρ of one dose–response; ln ρ has an interval for pools only (it is slow), else NaN as its bounds."""
    area, units = area_index(levels, mean[0], mean[1]), units_of(kept)
    row = flat("area_index", bootstrap_effect(float(area), area_index(levels, drawn[:, 0], drawn[:, 1]), units))
    draws = drawn[: POTENCY_DRAWS if len(kept) > 1 else 0]
    return row | flat("log_potency", potency_effect(levels, mean, draws, units))


def by_method(responses: Sequence[Response]) -> Mapping[str, list[Response]]:
    """Responses of each method, in order of appearance."""
    out: dict[str, list[Response]] = {}
    for response in responses:
        out.setdefault(response.method, []).append(response)
    return out
