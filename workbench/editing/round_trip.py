# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The round trip: what it costs to write falsehood, and what it costs to write the truth again."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.editing.arms import Case, Editor, cases
from workbench.editing.facts import Fact, margins
from workbench.editing.memory import Edit
from workbench.models import Model
from workbench.stats import t_interval
from workbench.types import Effect


def round_trip(
    model: Model, facts: Sequence[Fact], editor: Editor, points: int = 9, share: float = 1.0
) -> pd.DataFrame:
    """There and back: write the object the model does not hold, then write the held one again, one row per fact.

    ``there`` and ``back`` are norms ‖λΔ‖/‖W‖, W of the bare model for both: what the first ``share`` of the distance
    between the two margins costs on either way (the first λ, on a grid of ``points`` from 0 to 1, interpolated), so
    both cross the same distance. With ``share`` 1 the way there is the whole edit, and the way back ends where the
    margin is again what it was; an editor that stops once its target is likely seldom gets that far. ``returned`` says
    whether it was reached (otherwise ``back`` is NaN, a censored cost), and ``log_ratio`` = ln(back / there). Where the
    model holds the truth, ``there`` is the cost of harm and ``back`` of repair; facts held falsely, or neutral ones,
    show what merely coming second costs.
    """
    rows, grid = [], np.linspace(0, 1, points)
    for case in cases(model, facts):
        there = editor(model, case.fact.rewrite(case.truth))
        down = _path(model, there, case, grid) if share < 1 else np.array([])
        with there.applied(model, 1.0) as moved:
            left = _held_margin(moved, case)
            back = editor(moved, case.fact.rewrite(not case.truth))
            up = _path(moved, back, case, grid, left)
        distance = share * (case.margin - left)
        spent = 1.0 if share == 1 else _crossing(grid, case.margin - down, distance)
        first, second = spent * there.norm(model), _crossing(grid, up - left, distance) * back.norm(model)
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


def _path(model: Model, edit: Edit, case: Case, grid: np.ndarray, start: float | None = None) -> np.ndarray:
    """The held object's margin at every strength of ``grid``, whose first is 0 (``start``: what it is there)."""
    path = [case.margin if start is None else start]
    for strength in grid[1:]:
        with edit.applied(model, float(strength)) as changed:
            path.append(_held_margin(changed, case))
    return np.array(path)


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
