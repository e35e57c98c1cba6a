# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""What each pole costs in capability at matched effect: one row per method, concept and cost, and the sentence."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from workbench.studies.symmetry_tables import PLACEBOS, VALUES, by_method, flat, pool_of
from workbench.symmetry import (
    COSTS,
    CostJudgement,
    Response,
    adjusted,
    cost_differences,
    independence,
    judge_cost,
    matched_costs,
)
from workbench.symmetry.protocol import Protocol

ALL = "all methods"
NAMED = {"nll_rise": "neutral NLL", "choice_drop": "unrelated choices", "incoherent": "probability off the options"}
Costs = Mapping[str, Mapping[str, tuple[float, float]]]


def cost_table(protocol: Protocol, responses: Sequence[Response]) -> pd.DataFrame:
    """Every concept, and both pools, of every method; then both pools over all methods (mean per concept first)."""
    rows, found = [], {}
    for method, members in by_method(responses).items():
        costs = {r.concept: matched_costs(r) for r in members}
        found[method] = costs
        rows += pooled_rows(protocol, method, members, costs)
        rows += [row for r in members for row in concept_rows(r, costs[r.concept], protocol.seed)]
    if len(found) > 1:
        first = {r.concept: r for r in responses}
        rows += pooled_rows(protocol, ALL, list(first.values()), mean_over(found))
    return pd.DataFrame(rows)


def mean_over(found: Mapping[str, Costs]) -> dict[str, dict[str, tuple[float, float]]]:
    """Concept -> cost -> (aligned, unaligned), the mean over the methods that reach a shared effect there."""
    parts: dict[str, dict[str, list]] = {}
    for costs in found.values():
        for concept, by_cost in costs.items():
            for name, pair in by_cost.items():
                parts.setdefault(concept, {}).setdefault(name, []).append(pair)
    return {
        concept: {name: tuple(np.mean(pairs, axis=0).tolist()) for name, pairs in by_cost.items()}
        for concept, by_cost in parts.items()
    }


def concept_rows(response: Response, costs: Mapping[str, tuple[float, float]], seed: int) -> list[dict]:
    """One row per cost of one concept; its interval over groups says nothing of other concepts: no verdict."""
    gaps = cost_differences(response, seed=seed)
    groups = len(set(response.groups))
    return [
        {"method": response.method, "concept": response.concept, "cost": name, "units": groups,
         "aligned": plus, "unaligned": minus, **flat("difference", gaps[name]), "verdict": "", "reason": ""}
        for name, (plus, minus) in costs.items()
    ]  # fmt: skip


def pooled_rows(protocol: Protocol, method: str, members: Sequence[Response], costs: Costs) -> list[dict]:
    """The pools of one method: costs with intervals over concepts and, for value concepts, the verdict of each cost."""
    pools = {pool: [r.concept for r in members if pool_of(r) == pool] for pool in (VALUES, PLACEBOS)}
    rows = []
    for pool, other in ((VALUES, PLACEBOS), (PLACEBOS, "")):
        judged = {
            name: judge_cost(values, pairs_of(costs, pools.get(other, ()), name), margin_of(protocol, name))
            for name in COSTS
            if len(values := pairs_of(costs, pools[pool], name))
        }
        p = adjusted({name: one.p for name, one in judged.items()})
        axes = independence(judged) if pool == VALUES else ("", "")
        for name, one in judged.items():
            about = {"method": method, "concept": pool, "cost": name, "units": one.difference.n}
            row = {**about, **columns(one), "margin": margin_of(protocol, name), "p": one.p, "p_holm": p[name]}
            rows.append(row if pool == PLACEBOS else {**row, "verdict": one.verdict, "reason": one.reason,
                                                      "axes": axes[0], "axes_reason": axes[1]})  # fmt: skip
    return rows


def pairs_of(costs: Costs, names: Sequence[str], cost: str) -> np.ndarray:
    """(aligned, unaligned) of the named concepts that have this cost, [concept, 2]."""
    return np.array([costs[name][cost] for name in names if cost in costs.get(name, {})]).reshape(-1, 2)


def columns(one: CostJudgement) -> dict[str, float]:
    """A judgement's effects as columns."""
    row = flat("aligned", one.aligned) | flat("unaligned", one.unaligned) | flat("difference", one.difference)
    row |= {"difference_low90": one.narrow.low, "difference_high90": one.narrow.high}
    return row | (flat("placebo", one.placebo) if one.placebo is not None else {})


def margin_of(protocol: Protocol, cost: str) -> float:
    """The share of a cost's cap within which two costs count as equal: the protocol's margin for A."""
    return protocol.margin * protocol.caps[cost]


SAID = {
    "independent": "competence and alignment read as independent axes",
    "alike": "control costs competence, toward either pole the same",
    "dependent": "competence and alignment are not independent axes",
    "undetermined": "whether competence and alignment are independent axes is undetermined",
}


def overall(table: pd.DataFrame) -> pd.DataFrame:
    """The value concepts' rows over all methods (of the one method, where there is one): one per cost."""
    values = table[table["concept"] == VALUES] if len(table) else table
    if not len(values):
        return values
    methods = values["method"].tolist()
    return values[values["method"] == (ALL if ALL in methods else methods[0])]


def axes_verdict(table: pd.DataFrame) -> dict[str, str]:
    """One line for the list of verdicts; none without a cost."""
    part = overall(table)
    if not len(part):
        return {}
    first = part.iloc[0]
    return {"competence and alignment independent?": f"{first['axes']}: {first['axes_reason']}"}


def orthogonality(table: pd.DataFrame) -> str:
    """The sentence of the summary: costs of both poles at matched effect over all methods, and what follows."""
    part = overall(table)
    if not len(part):
        return "Orthogonality: no value concept reaches a shared effect on both poles, so it is undetermined."
    told = "; ".join(
        f"{NAMED[row['cost']]} {signed(row['aligned'])} aligned, {signed(row['unaligned'])} unaligned, difference "
        f"{signed(row['difference'])} [{signed(row['difference_low'])}, {signed(row['difference_high'])}] "
        f"({row['verdict']} at ±{100 * row['margin']:.3g} %)"
        for _, row in part.iterrows()
    )
    first = part.iloc[0]
    return (
        f"Orthogonality, cost at matched effect ({int(part['units'].max())} concepts): {told}: {SAID[first['axes']]}."
    )


def signed(share: float) -> str:
    """A share as signed per cent; an interval without an end is infinite."""
    return f"{share:+.1%}" if np.isfinite(share) else ("+∞" if share > 0 else "−∞")
