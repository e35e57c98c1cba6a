# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The round trip: what it costs to write falsehood, and what it costs to write the truth again."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.editing.arms import Case, Editor, cases
from workbench.editing.facts import Fact, margins
from workbench.models import Model
from workbench.stats import t_interval
from workbench.types import Effect


def round_trip(model: Model, facts: Sequence[Fact], editor: Editor, points: int = 9) -> pd.DataFrame:
    """There and back: write the object the model does not hold, then write the held one again, one row per fact.

    ``there`` and ``back`` are norms ‖λΔ‖/‖W‖, W of the bare model for both. The way there is the whole edit; the way
    back is the first share λ of the second edit (on a grid of ``points`` from 0 to 1, interpolated) at which the margin
    is again what it was, so both cross the same distance. ``returned`` says whether it was reached (otherwise ``back``
    is NaN, a censored cost), and ``log_ratio`` = ln(back / there). Where the model holds the truth, ``there`` is the
    cost of harm and ``back`` of repair; facts held falsely, or neutral ones, show what merely coming second costs.
    """
    rows = []
    for case in cases(model, facts):
        there = editor(model, case.fact.rewrite(case.truth))
        with there.applied(model, 1.0) as moved:
            left = _held_margin(moved, case)
            back = editor(moved, case.fact.rewrite(not case.truth))
            grid, path = np.linspace(0, 1, points), [left]
            for share in grid[1:]:
                with back.applied(moved, float(share)) as again:
                    path.append(_held_margin(again, case))
        first, second = there.norm(model), _crossing(grid, np.array(path), case.margin) * back.norm(model)
        if left >= case.margin:
            second = float("nan")  # the way there led nowhere, so there is no way back to measure
        rows.append({
            "fact": case.fact.id, "group": case.fact.group or case.fact.id, "arm": case.arm, "margin": case.margin,
            "moved_margin": left, "there": first, "back": second, "log_ratio": float(np.log(second / first)),
            "steps_there": there.steps, "steps_back": back.steps, "returned": bool(np.isfinite(second)),
        })  # fmt: skip
    return pd.DataFrame(rows)


def trip_effects(rows: pd.DataFrame, level: float = 0.95) -> dict[str, Effect]:
    """arm -> mean of ln(back / there) over the groups that returned, with its t interval; arms with none are absent.

    Censored trips are left out, so read it beside the share that ``returned``: where few did, the mean is too low.
    """
    kept = rows[rows["returned"]]
    return {str(arm): t_interval(part["log_ratio"].to_numpy(float), level, "ln(back / there)", part["group"].to_numpy())
            for arm, part in kept.groupby("arm")}  # fmt: skip


def _held_margin(model: Model, case: Case) -> float:
    """The margin of the object that was held before anything was written."""
    margin = float(margins(model, [case.fact])[0])
    return -margin if case.truth else margin


def _crossing(grid: np.ndarray, path: np.ndarray, level: float) -> float:
    """The first point of ``grid`` where ``path`` reaches ``level``, linearly interpolated; NaN if it never does."""
    above = np.flatnonzero(path >= level)
    if not len(above):
        return float("nan")
    i = int(above[0])
    if i == 0:
        return float(grid[0])
    share = (level - path[i - 1]) / (path[i] - path[i - 1])
    return float(grid[i - 1] + share * (grid[i] - grid[i - 1]))
