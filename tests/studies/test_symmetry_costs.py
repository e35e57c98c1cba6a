"""The orthogonality sentence: planted costs become equal, dearer or undetermined, in the table and in words."""

import numpy as np
import pandas as pd
import pytest

from workbench.studies.symmetry_costs import ALL, axes_verdict, cost_table, orthogonality
from workbench.studies.symmetry_tables import PLACEBOS, VALUES
from workbench.symmetry import Curve, Response
from workbench.symmetry.protocol import load_protocol

PROTOCOL = load_protocol("symmetry-v1")
LEVELS = np.array(PROTOCOL.budgets["norm"])


def planted(prices, kind: str, count: int, method: str = "add", spread: float = 0.002) -> list[Response]:
    """Both poles gain alike; at matched effect the poles cost ``prices`` of the NLL, with noise between concepts."""
    rng, out = np.random.default_rng(count), []
    for c in range(count):
        base, curves = rng.normal(0, 1, 12), {}
        for pole, sign, price in (("aligned", 1, prices[0]), ("unaligned", -1, prices[1])):
            values = base[:, None] + sign * 4 * LEVELS + rng.normal(0, 0.02, (12, len(LEVELS)))
            # matched at half of the largest gain, so half of the last dose's cost
            rise = 2 * (price + rng.normal(0, spread)) * LEVELS / LEVELS[-1]
            costs = {"nll_rise": rise, "choice_drop": np.full(len(LEVELS), np.nan), "incoherent": 0 * LEVELS}
            curves[pole] = Curve(LEVELS, values, {"norm": LEVELS}, costs)
        out.append(Response(f"{kind}{c}", method, kind, base, tuple(str(i // 2) for i in range(12)), curves))
    return out


@pytest.mark.parametrize("prices, spread, axes, words", [
    ((0.004, 0.004), 0.002, "independent", "read as independent axes"),
    ((0.04, 0.04), 0.002, "alike", "toward either pole the same"),
    ((0.04, 0.01), 0.002, "dependent", "are not independent axes"),
    ((0.01, 0.04), 0.002, "dependent", "are not independent axes"),
    ((0.02, 0.02), 0.06, "undetermined", "independent axes is undetermined"),
])  # fmt: skip
def test_a_planted_cost_becomes_its_sentence(prices, spread, axes, words):
    value, other = planted(prices, "value", 12, spread=spread), planted(prices, "value", 12, "leace", spread)
    null = [r for m in ("add", "leace") for r in planted((0.01, 0.01), "placebo", 11, m, spread)]
    table = cost_table(PROTOCOL, [*value, *other, *null])
    part = table[(table["method"] == ALL) & (table["concept"] == VALUES)].set_index("cost")
    assert set(part.index) == {"nll_rise", "incoherent"} and set(part["axes"]) == {axes}
    row = part.loc["nll_rise"]
    truth = prices[0] - prices[1]
    assert row["difference_low"] <= truth <= row["difference_high"] and row["margin"] == pytest.approx(0.01)
    assert (row["difference_low"] > 0) == (truth > 0) and (row["difference_high"] < 0) == (truth < 0)
    if axes == "dependent":
        assert row["verdict"] == f"{'aligned' if truth > 0 else 'unaligned'} dearer" and row["p_holm"] < 0.05
    sentence = orthogonality(table)
    assert words in sentence and f"{row['difference']:+.1%}" in sentence and f"{row['difference_low']:+.1%}" in sentence
    assert axes_verdict(table)["competence and alignment independent?"].startswith(axes)
    assert {VALUES, PLACEBOS, "value0", "placebo3"} <= set(table["concept"])
    assert not table.loc[table["concept"] == "value0", "verdict"].any()


def test_one_method_is_its_own_sentence_and_no_cost_is_said_as_such():
    table = cost_table(PROTOCOL, planted((0.0, 0.0), "value", 6))
    assert ALL not in set(table["method"]) and "6 concepts" in orthogonality(table)
    assert "undetermined" in orthogonality(pd.DataFrame()) and axes_verdict(pd.DataFrame()) == {}
    lone = cost_table(PROTOCOL, planted((0.0, 0.0), "value", 1))
    assert "undetermined" in orthogonality(lone) and "∞" in orthogonality(lone)
