"""Dose–response of both poles on one concept, and gains read from it at matched budgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from workbench.symmetry.gains import Gains, gains
from workbench.types import POLES, Pole, WorkbenchError

# capability cost: relative rise of neutral NLL, drop of accuracy on unrelated choices, mass off the options
COSTS = ("nll_rise", "choice_drop", "incoherent")
CAP = 0.05
SLACK = 1.1  # a budget a tenth beyond the last measured dose is read at that dose


@dataclass(frozen=True)
class Curve:
    """One pole's doses: ``strengths`` [dose], ``values`` [item dose] in log-odds of the aligned answer.

    ``budgets`` maps a kind ("norm", "kl", "examples", "tokens") to what each dose spent, [dose]; ``costs`` a name of
    :data:`COSTS` to what each dose cost elsewhere. NaN where it was not measured.
    """

    strengths: Float[np.ndarray, " dose"]
    values: Float[np.ndarray, "item dose"]
    budgets: Mapping[str, Float[np.ndarray, " dose"]]
    costs: Mapping[str, Float[np.ndarray, " dose"]] = field(default_factory=dict)

    def at(
        self, kind: str, level: float | int, rows: Float[np.ndarray, "row dose"]
    ) -> Float[np.ndarray, " row"] | None:
        """``rows`` read linearly in ln b at budget ``level``; None where the doses do not reach it."""
        spent = np.asarray(self.budgets.get(kind, ()), dtype=np.float64)
        used = np.flatnonzero(np.isfinite(spent) & (spent > 0))
        if not len(used):
            return None
        order = used[np.argsort(spent[used], kind="stable")]
        x, goal = np.log(spent[order]), np.log(level)
        if not x[0] - np.log(SLACK) <= goal <= x[-1] + np.log(SLACK):
            return None
        upper = int(np.clip(np.searchsorted(x, goal), 1, len(x) - 1)) if len(x) > 1 else 0
        lower = max(0, upper - 1)
        width = x[upper] - x[lower]
        share = float(np.clip((goal - x[lower]) / width, 0, 1)) if width > 0 else 0.0
        first, second = rows[:, order[lower]], rows[:, order[upper]]
        return np.where(np.isnan(second) & (share == 0), first, first + share * (second - first))


@dataclass(frozen=True)
class Response:
    """Both poles of one method on one concept. ``base`` [item] is y(0), ``lean`` its mean in other folds."""

    concept: str
    method: str
    kind: str
    base: Float[np.ndarray, " item"]
    groups: tuple[str, ...]
    curves: Mapping[Pole, Curve]

    def gains_at(self, kind: str, level: float | int) -> Gains | None:
        """Gains at one budget spent on each pole; None where one of the poles does not reach it."""
        found = [self.curves[pole].at(kind, level, self.curves[pole].values) for pole in POLES]
        rows = [row for row in found if row is not None and np.isfinite(row).all()]
        return gains(self.base, rows[0], rows[1], self.groups, self.concept) if len(rows) == 2 else None

    def costs_at(self, kind: str, level: float | int) -> dict[Pole, dict[str, float]]:
        """What each pole costs elsewhere at a budget; costs that were not measured are NaN."""
        out: dict[Pole, dict[str, float]] = {}
        for pole in POLES:
            curve = self.curves[pole]
            rows = np.array([curve.costs.get(name, np.full(len(curve.strengths), np.nan)) for name in COSTS])
            row = curve.at(kind, level, rows)
            out[pole] = dict(zip(COSTS, np.full(len(COSTS), np.nan) if row is None else row, strict=True))
        return out

    def within(self, kind: str, level: float | int, caps: Mapping[str, float]) -> bool:
        """Whether both poles stay within every cap at this budget."""
        costs = self.costs_at(kind, level)
        return not any(costs[pole][name] > caps.get(name, CAP) for pole in POLES for name in COSTS)

    def best_level(self, kind: str, levels: Sequence[float | int], caps: Mapping[str, float]) -> float | int | None:
        """The largest level that both poles reach within the caps: chosen by costs, never by gains."""
        for level in sorted(levels, reverse=True):
            if self.gains_at(kind, level) is not None and self.within(kind, level, caps):
                return level
        return None

    def common_level(self, kind: str, caps: Mapping[str, float]) -> float | None:
        """The largest amount that some dose spent, both poles reach, and both afford.

        For methods with doses of their own (examples, steps), which need not meet any level of a protocol: one cue may
        spend more KL than its largest. Chosen by costs, never by gains.
        """
        spent = [np.asarray(self.curves[pole].budgets.get(kind, ()), dtype=np.float64) for pole in POLES]
        found = {float(level) for part in spent for level in part[np.isfinite(part) & (part > 0)]}
        return self.best_level(kind, sorted(found), caps)

    def swapped(self) -> "Response":
        """The same measurement with the poles' names exchanged."""
        mirrored: dict[Pole, Curve] = {
            other: Curve(c.strengths, -c.values, c.budgets, c.costs)
            for (_, c), other in zip([(p, self.curves[p]) for p in POLES], POLES[::-1], strict=True)
        }
        return Response(self.concept, self.method, self.kind, -self.base, self.groups, mirrored)

    def plain(self) -> dict:
        """Plain lists, for JSON; :func:`response_of` reads them."""
        curves = {
            pole: {
                "strengths": c.strengths.tolist(), "values": c.values.tolist(),
                "budgets": {k: np.asarray(v).tolist() for k, v in c.budgets.items()},
                "costs": {k: np.asarray(v).tolist() for k, v in c.costs.items()},
            }
            for pole, c in self.curves.items()
        }  # fmt: skip
        return {
            "concept": self.concept, "method": self.method, "kind": self.kind, "base": self.base.tolist(),
            "groups": list(self.groups), "curves": curves,
        }  # fmt: skip


def response_of(value: Mapping) -> Response:
    """What :meth:`Response.plain` gave."""
    curves: dict[Pole, Curve] = {}
    for pole in POLES:
        part = value["curves"].get(pole)
        if part is None:
            raise WorkbenchError(f"response of {value.get('concept')} lacks the {pole} pole; measure both")
        arrays = {k: {n: np.array(v, dtype=np.float64) for n, v in part[k].items()} for k in ("budgets", "costs")}
        strengths, rows = np.array(part["strengths"], dtype=np.float64), np.array(part["values"], dtype=np.float64)
        curves[pole] = Curve(strengths, rows, arrays["budgets"], arrays["costs"])
    base, groups = np.array(value["base"], dtype=np.float64), tuple(value["groups"])
    return Response(value["concept"], value["method"], value["kind"], base, groups, curves)
