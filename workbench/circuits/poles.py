# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Why control is symmetric or not: the circuits through which one vector acts toward either pole, side by side.

A *gain* is what an edge adds to the propensity toward the run's own pole: EAP-IG over the dose (see
:func:`edge_attribution`), with the sign of the pole. The edges that leave "steering" sum to the vector's whole effect;
so the sum of their differences between the poles is G₊ − G₋, and says *where the vector is read* more strongly in one
sense than in the other. At a vanishing dose plus and minus a vector act alike by construction: a difference is
curvature, met on the way to the full dose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from workbench.circuits.attribution import EdgeScores, edge_attribution
from workbench.circuits.comparison import overlap_curve, score_correlation
from workbench.circuits.contrast import CleanCorrupt
from workbench.circuits.graph import LOGITS, STEERING, node_of
from workbench.circuits.pairs import steered_pairs
from workbench.circuits.patching import log_odds_of
from workbench.circuits.wiring import log_odds
from workbench.models import Model
from workbench.stats import t_interval
from workbench.types import POLES, Concept, Direction, Effect, Intervention, Pole

# prompts in one pass: every receiver has an input of its own, which is what fills the memory
ROWS = 8
SIGN: Mapping[Pole, int] = {"aligned": 1, "unaligned": -1}


@dataclass(frozen=True)
class PoleCircuits:
    """One vector toward both poles on the same questions.

    ``gains`` by pole: :class:`EdgeScores` in nats toward that pole (unlike elsewhere, above zero means: pushes there);
    ``effects`` by pole: the measured gain of the whole vector [prompt]; ``pairs`` by pole: the runs themselves.
    """

    pairs: Mapping[Pole, CleanCorrupt]
    gains: Mapping[Pole, EdgeScores]
    effects: Mapping[Pole, np.ndarray]

    def edges(self) -> pd.DataFrame:
        """One row per edge that does anything: gain toward each pole, ``difference`` aligned − unaligned.

        ``low`` and ``high`` are the difference's t interval over groups. The largest gains first. Nats.
        """
        names = [{"sender": sender, "receiver": receiver} for sender, receiver in self.gains["aligned"].graph.edges]
        return self._compared(names, [self.gains[pole].values for pole in POLES])

    def nodes(self) -> pd.DataFrame:
        """One row per node and ``role``: "reads" (its edges from "steering") and "passes on" (all its outgoing edges).

        Columns as :meth:`edges`. What is read sums to the vector's effect; what is passed on does not (effects pass
        through several nodes in a row).
        """
        edges = self.gains["aligned"].graph.edges
        keys = [("reads", node_of(r)) if s == STEERING else ("passes on", s) for s, r in edges]
        wanted = list(dict.fromkeys(keys))
        member = np.array([[key == one for one in wanted] for key in keys], dtype=float)
        names = [{"role": role, "node": node} for role, node in wanted]
        return self._compared(names, [self.gains[pole].values @ member for pole in POLES])

    def account(self) -> dict[str, Effect]:
        """The vector's gain toward each pole and their difference, measured and as the sum of what is read.

        Measured and summed agree up to the error of the integration (completeness). ``logits alone``: the difference
        that arises where the logits read the vector directly. t intervals over groups, nats.
        """
        edges = self.gains["aligned"].graph.edges
        read = np.array([sender == STEERING for sender, _ in edges])
        direct = np.array([edge == (STEERING, LOGITS) for edge in edges])
        up, down = (self.gains[pole].values for pole in POLES)
        rows = {f"gain {pole}": self.effects[pole] for pole in POLES}
        rows |= {f"gain {pole}, read": self.gains[pole].values[:, read].sum(1) for pole in POLES}
        rows["difference"] = self.effects["aligned"] - self.effects["unaligned"]
        rows["difference, read"] = (up - down)[:, read].sum(1)
        rows["difference, logits alone"] = (up - down)[:, direct].sum(1)
        return {name: t_interval(values, unit="nats", groups=self._groups) for name, values in rows.items()}

    def overlap(self, sizes: Sequence[int], draws: int = 200, seed: int = 0) -> pd.DataFrame:
        """:func:`overlap_curve` of the two circuits: IoU over sizes, with its floor and its ceiling."""
        return overlap_curve(self.gains["aligned"], self.gains["unaligned"], sizes, draws, seed)

    def correlation(self, draws: int = 500, seed: int = 0) -> dict[str, Effect]:
        """:func:`score_correlation` of the gains: signed near +1 means one circuit, used alike toward both poles."""
        return score_correlation(self.gains["aligned"], self.gains["unaligned"], draws, seed)

    @property
    def _groups(self) -> np.ndarray:
        return np.array(self.gains["aligned"].groups)

    def _compared(self, names: Sequence[Mapping[str, str]], values: Sequence[np.ndarray]) -> pd.DataFrame:
        """A row per column of ``values`` (aligned, unaligned: [prompt column]) that is not zero throughout."""
        up, down = values
        rows: list[dict[str, Any]] = []
        for i in np.flatnonzero((up != 0).any(0) | (down != 0).any(0)):
            each = {pole: t_interval(v[:, i], groups=self._groups) for pole, v in zip(POLES, values, strict=True)}
            apart = t_interval(up[:, i] - down[:, i], groups=self._groups)
            rows.append(dict(names[i]) | {pole: effect.estimate for pole, effect in each.items()}
                        | {f"{pole}_{end}": getattr(effect, end) for pole, effect in each.items()
                           for end in ("low", "high")}
                        | {"difference": apart.estimate, "low": apart.low, "high": apart.high, "n": apart.n,
                           "n_groups": apart.n_groups})  # fmt: skip
        table = pd.DataFrame(rows)
        largest = table[list(POLES)].abs().max(axis=1) if rows else pd.Series(dtype=float)
        return table.reindex(largest.sort_values(ascending=False, kind="stable").index).reset_index(drop=True)


def effect_table(effects: Mapping[str, Effect], what: str = "what") -> pd.DataFrame:
    """Named effects as a table: the name (in a column called ``what``), estimate, low, high, n, n_groups."""
    return pd.DataFrame([{what: name, "estimate": e.estimate, "low": e.low, "high": e.high, "n": e.n,
                          "n_groups": e.n_groups} for name, e in effects.items()])  # fmt: skip


def pole_circuits(  # noqa: PLR0913 - what a comparison of two runs consists of
    model: Model,
    concept: Concept,
    direction: Direction,
    dose: float | int = 1.0,
    *,
    steps: int = 5,
    intervention: Intervention | None = None,
    where: str = "all",
) -> PoleCircuits:
    """The circuits of ``direction`` at ``+dose`` (toward aligned) and ``-dose`` (toward unaligned), by EAP-IG.

    ``concept`` holds questions that the direction was not fitted on. Their aligned answers are balanced. Beside it
    belongs the same for :func:`workbench.directions.random_directions` of the direction. Raises as
    :func:`steered_pairs` and :func:`edge_attribution` do.
    """
    pairs = {pole: steered_pairs(model, concept, direction, SIGN[pole] * dose, intervention=intervention, where=where)
             for pole in POLES}  # fmt: skip
    plain = replace(pairs["aligned"], injection=None)
    before = log_odds_of(lambda part: log_odds(model, part), plain, ROWS)
    effects, gains = {}, {}
    for pole in POLES:
        after = log_odds_of(lambda part: log_odds(model, part), pairs[pole], ROWS)
        effects[pole] = SIGN[pole] * (after - before)
        # a score is the change on undoing the edge
        scores = edge_attribution(model, pairs[pole], steps, ROWS)
        gains[pole] = replace(scores, values=-SIGN[pole] * scores.values)
    return PoleCircuits(pairs, gains, effects)
