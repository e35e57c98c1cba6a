"""The scripts of docs/facts.md: what they pool and match is what they say, and the foreign one runs, very small."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.symmetry import ASYMMETRIC, SYMMETRIC, UNDETERMINED, Curve

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture()
def scripts(monkeypatch):
    """(facts_numbers, foreign_edits) as modules."""
    monkeypatch.syspath_prepend(str(DOCS))
    import facts_numbers
    import foreign_edits

    yield facts_numbers, foreign_edits
    for name in ("facts_numbers", "foreign_edits"):
        sys.modules.pop(name, None)


def units(draw, toward: float, away: float, facts: int = 1, count: int = 66) -> list[dict[str, Curve]]:
    """Units whose gains grow with ln of the budget; one arm's edits are larger than the other's."""
    doses = np.array([0.125, 0.25, 0.5, 1.0])
    found = []
    for _ in range(count):
        unit = {}
        for arm, slope, size in (("corrective", toward, 1.0), ("counterfactual", away, 2.0)):
            gains = (slope + 0.1 * draw.standard_normal((facts, 1))) * (np.log(doses * size) - np.log(0.05))
            unit[arm] = Curve(doses, gains, {"norm": doses * size, "kl": (doses * size) ** 2})
        found.append(unit)
    return found


def test_arms_are_read_at_one_budget_that_both_reach(scripts):
    numbers, _ = scripts
    rows = numbers.matched_gains(units(np.random.default_rng(0), 1.0, 1.0), "norm")
    assert (rows["budget"] == 1.0).all() and len(rows) == 66
    # at the whole edit the larger one gains a quarter more; at the same size they are alike
    assert rows["counterfactual"].mean() == pytest.approx(rows["corrective"].mean(), rel=0.03)
    assert rows["corrective"].mean() == pytest.approx(np.log(20), rel=0.03)
    with_half = numbers.matched_gains(units(np.random.default_rng(0), 1.0, 1.0), "kl", 0.5)
    assert (with_half["budget"] == 0.5).all()


def test_three_facts_are_one_unit_whichever_method(scripts):
    numbers, _ = scripts
    draw = np.random.default_rng(0)
    single = numbers.pooled(numbers.matched_gains(units(draw, 1, 1, count=8), "norm"), "corrective", "counterfactual")
    triple = numbers.pooled(numbers.matched_gains(units(draw, 1, 1, 3, 8), "norm"), "corrective", "counterfactual")
    assert [len(part.aligned) for part in single] == [3, 3] and [len(part.aligned) for part in triple] == [3] * 8


@pytest.mark.parametrize(("toward", "away", "expected"), [
    (1.0, 1.0, SYMMETRIC), (0.5, 1.0, ASYMMETRIC), (1.0, 0.5, ASYMMETRIC),
])  # fmt: skip
def test_each_verdict_can_come_out(scripts, toward, away, expected):
    numbers, _ = scripts
    draw = np.random.default_rng(1)
    pair = ("corrective", "counterfactual")
    table, (verdict, _) = numbers.verdicts(units(draw, toward, away), units(draw, 1.0, 1.0), pair, pair)
    assert verdict == expected and len(table) == 4 and table["null bound"].notna().all()
    few = numbers.verdicts(units(draw, toward, away), units(draw, 1.0, 1.0, count=9), pair, pair)
    assert few[1][0] == (SYMMETRIC if expected == SYMMETRIC else UNDETERMINED)


def test_what_is_there_is_not_made_again(scripts, tmp_path):
    numbers, _ = scripts
    made = []

    def make(key: int) -> pd.DataFrame:
        made.append(key)
        return pd.DataFrame({"value": [key * 10]}) if key != 2 else pd.DataFrame()

    path = tmp_path / "rows.csv"
    numbers.gathered(path, range(3), make)
    found = numbers.gathered(path, range(4), make)
    assert made == [0, 1, 2, 2, 3] and dict(zip(found["match"], found["value"], strict=True)) == {0: 0, 1: 10, 3: 30}


@pytest.mark.slow
def test_the_foreign_model_tells_its_questions_and_is_edited_both_ways(scripts, shared, tmp_path):
    _, foreign = scripts
    if not (shared / "models" / foreign.NAME).is_dir():
        pytest.skip(f"no model {foreign.NAME} in {shared}/models")
    world = foreign.recalled(shared, 3)
    questions, _ = foreign.lines(world.model, -5.6)
    assert "Who are you?: " in questions and all(q.endswith(("?: ", ".: ")) for q in questions)
    assert len(questions) == len(set(questions)) < 77
    assert all(fact.true != fact.false and len(fact.prompt + fact.false) <= 64 for fact in world.facts)
    rows = foreign.doses(world, "memit", tmp_path / "memit.csv")
    arms = {"counterfactual", "corrective", "value-neutral", foreign.OTHER, "random key", "random value"}
    assert set(rows["arm"]) == arms
    whole = rows[rows["strength"] == 1.0].groupby("arm")["gain"].mean()
    assert (whole[["counterfactual", "corrective", "value-neutral"]] > 0.2).all()
    assert whole[["random key", "random value"]].abs().max() < whole["counterfactual"]
    size = rows[rows["strength"] == 1.0].groupby("arm")["norm"].first()
    assert size["random key"] == pytest.approx(size["counterfactual"])
    before = rows[rows["strength"] == 1.0].groupby("arm")["margin"].mean()
    # the way back starts from the margin that the way there started from
    assert before["corrective"] == pytest.approx(before["counterfactual"], rel=0.05)
    assert set(foreign.score_table(rows)["arm"]) == arms - {"random key", "random value"}
    trips = foreign.trip_table(foreign.trips(world, 1, tmp_path / "trips.csv"))
    assert list(trips["n"][:3]) == [1, 1, 1]
