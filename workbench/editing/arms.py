# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The arms of an editing experiment: the same editor against truth, toward truth, and where truth is not at stake."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.editing.facts import Fact, Rewrite, margins
from workbench.editing.memory import Edit
from workbench.editing.scores import fact_scores
from workbench.models import Model
from workbench.stats import t_interval
from workbench.types import Effect, WorkbenchError

ARMS = ("counterfactual", "corrective", "value-neutral")
Editor = Callable[[Model, Rewrite], Edit]


@dataclass(frozen=True)
class Case:
    """A fact, and the request against what the model holds: ``truth`` is asked for, ``margin`` ≥ 0 stands against it.

    ``margin`` is ℓ of the asked object minus ℓ of the held one, nats per token, before any edit.
    """

    fact: Fact
    truth: bool
    margin: float

    @property
    def arm(self) -> str:
        """counterfactual (true → false), corrective (false → true) or value-neutral."""
        return ARMS[2] if self.fact.kind == "neutral" else ARMS[int(self.truth)]


def cases(model: Model, facts: Sequence[Fact]) -> list[Case]:
    """Every fact with the request for the object that the model does not prefer now."""
    return [Case(f, not m > 0, abs(m)) for f, m in zip(facts, margins(model, facts).tolist(), strict=True)]


def matched_arms(found: Sequence[Case], caliper: float = 0.25) -> dict[str, list[Case]]:
    """The arms, case i of each matched on baseline margin to case i of the others.

    Nearest neighbour without replacement on the margin, closest matches first, within ``caliper`` standard deviations
    of all margins. The first arm that has cases is matched to; cases without a match in every arm are left out, and
    arms without cases are absent. WorkbenchError where fewer than two arms have cases.
    """
    arms = {arm: [case for case in found if case.arm == arm] for arm in ARMS}
    present = [arm for arm in ARMS if arms[arm]]
    if len(present) < 2:
        raise WorkbenchError(
            f"only the arm {', '.join(present) or 'none'} has facts; expected two: add neutral facts, or "
            "facts that the model holds falsely (of an edited or mistrained model)"
        )
    reach = caliper * float(np.std([case.margin for case in found], ddof=1))
    base = present[0]
    partners = {arm: _nearest(arms[base], arms[arm], reach) for arm in present[1:]}
    kept = [i for i in range(len(arms[base])) if all(i in chosen for chosen in partners.values())]
    return {base: [arms[base][i] for i in kept]} | {
        arm: [arms[arm][chosen[i]] for i in kept] for arm, chosen in partners.items()
    }


def edit_arms(model: Model, arms: Mapping[str, Sequence[Case]], editor: Editor, strength: float = 1.0) -> pd.DataFrame:
    """One row per case: arm, match (its index), margin, the edit's norm and steps, its gain and its scores.

    Each fact is edited alone. ``gain`` is how far the log-odds of the asked object rose, nats per token; ``norm`` is
    strength · ‖Δ‖/‖W‖ of the edited matrices.
    """
    rows = []
    for arm, members in arms.items():
        for match, case in enumerate(members):
            edit = editor(model, case.fact.rewrite(case.truth))
            with edit.applied(model, strength) as edited:
                scores = fact_scores(edited, case.fact, case.truth)
            gain = float(scores["log_odds"]) + case.margin
            spent = {"margin": case.margin, "norm": strength * edit.norm(model), "steps": edit.steps, "gain": gain}
            rows.append({"arm": arm, "match": match} | spent | scores)
    return pd.DataFrame(rows)


def compare_arms(
    rows: pd.DataFrame, metric: str, pair: tuple[str, str] = ("corrective", "counterfactual"), level: float = 0.95
) -> Effect:
    """Mean difference of ``metric`` between two arms over matched facts (first minus second), t over matches."""
    missing = [arm for arm in pair if arm not in set(rows["arm"])]
    if missing:
        raise WorkbenchError(f"arm {missing[0]!r} has no rows; expected one of {', '.join(sorted(set(rows['arm'])))}")
    wide = rows.pivot(index="match", columns="arm", values=metric)[list(pair)].dropna()
    return t_interval((wide[pair[0]] - wide[pair[1]]).to_numpy(float), level, metric)


def _nearest(base: Sequence[Case], others: Sequence[Case], reach: float) -> dict[int, int]:
    """index in ``base`` -> index in ``others``: pairs within ``reach``, closest first, none used twice."""
    gaps = sorted((abs(a.margin - b.margin), i, j) for i, a in enumerate(base) for j, b in enumerate(others))
    chosen: dict[int, int] = {}
    for gap, i, j in gaps:
        if gap <= reach and i not in chosen and j not in chosen.values():
            chosen[i] = j
    return chosen
