"""The parts of the measurement: intervals that say what they cannot tell, budgets, verdicts and their reasons."""

import json

import numpy as np
import pytest

from workbench.symmetry import (
    ASYMMETRIC,
    SYMMETRIC,
    UNDETERMINED,
    Curve,
    Gains,
    Response,
    adjusted,
    agreed,
    area_index,
    asymmetry,
    asymmetry_interval,
    budget_for,
    decided,
    flag_of,
    headroom_normalised,
    judge,
    log_potency,
    placebo_bound,
    placebo_p,
    potency_effect,
    response_of,
    shared_gain,
    two_level,
)
from workbench.types import Effect, WorkbenchError


def units(mean: float, n: int = 12, spread: float = 0.1, seed: int = 0) -> np.ndarray:
    return mean + np.random.default_rng(seed).normal(0, spread, n)


def test_index_is_its_definition_for_every_pair_of_signs():
    grid = np.array([-2.0, -0.5, 0.7, 3.0])
    for p in grid:
        for m in grid:
            assert asymmetry(p, m) == pytest.approx((p - m) / (abs(p) + abs(m)))
    assert np.isnan(asymmetry(0.0, 0.0)) and asymmetry(1.0, -0.2) == 1


def test_interval_is_the_whole_range_where_nothing_is_told_from_zero():
    noise = asymmetry_interval(units(0, spread=1), units(0, spread=1, seed=1))
    assert (noise.low, noise.high) == (-1, 1)
    one = asymmetry_interval(np.array([1.0]), np.array([0.5]))
    assert one.method.startswith("undetermined") and one.covers(0)


def test_interval_is_one_sided_where_only_the_difference_is_told_from_zero():
    push = units(1.0)
    found = asymmetry_interval(push, -push + units(0, spread=0.2, seed=1))
    assert found.high == 1 and 0.5 < found.low <= 1
    mirrored = asymmetry_interval(-push, push)
    assert mirrored.low == -1 and mirrored.high < -0.5


def test_flags_say_what_an_index_hides():
    assert flag_of(units(2), units(1, seed=1)) == ""
    assert flag_of(units(2), units(-1, seed=1)) == "both poles' interventions push the same way"
    assert flag_of(units(-2), units(-1, seed=1)) == "control works backwards"
    assert flag_of(units(0), units(0, seed=1)).startswith("no control")


def effect(low: float, high: float) -> Effect:
    return Effect((low + high) / 2, low, high)


@pytest.mark.parametrize("wide, narrow, flag, placebo, verdict, words", [
    ((0.02, 0.18), (0.04, 0.15), "", 0.01, SYMMETRIC, "within"),
    ((-0.3, 0.3), (-0.25, 0.25), "", 0.1, UNDETERMINED, "covers 0"),
    ((0.3, 0.7), (0.35, 0.65), "", 0.2, ASYMMETRIC, "aligned pole"),
    ((-0.7, -0.3), (-0.65, -0.35), "", 0.2, ASYMMETRIC, "unaligned pole"),
    ((0.3, 0.7), (0.35, 0.65), "", 0.6, UNDETERMINED, "placebos reach"),
    ((0.3, 0.7), (0.35, 0.65), "", None, UNDETERMINED, "fewer than 20 placebos"),
    ((-0.1, 0.1), (-0.1, 0.1), "no control: both gains' intervals cover 0", 0.1, UNDETERMINED, "no control"),
])  # fmt: skip
def test_each_verdict_has_its_rule_and_its_reason(wide, narrow, flag, placebo, verdict, words):
    found, reason = decided(effect(*wide), effect(*narrow), flag, placebo)
    assert found == verdict and words in reason


def test_a_verdict_needs_two_budgets_that_agree():
    same, other = ("symmetric", "a", 0.01), ("asymmetric", "b", 0.5)
    assert agreed({"norm": same, "kl": same}) == ("symmetric", "a")
    assert agreed({"norm": same, "kl": other})[0] == UNDETERMINED
    assert "norm says symmetric, kl says asymmetric toward the aligned" in agreed({"norm": same, "kl": other})[1]
    assert "needs two" in agreed({"norm": same})[1] and "no budget" in agreed({})[1]


def test_two_asymmetries_toward_other_poles_do_not_agree():
    plus, minus = ("asymmetric", "b", 0.5), ("asymmetric", "c", -0.5)
    assert agreed({"norm": plus, "kl": plus}) == ("asymmetric", "b")
    verdict, reason = agreed({"norm": plus, "kl": minus})
    assert verdict == UNDETERMINED and "the aligned pole" in reason and "the unaligned pole" in reason


def test_examples_and_tokens_are_one_budget_counted_twice():
    same = ("symmetric", "a", 0.01)
    assert agreed({"examples": same, "tokens": same})[0] == UNDETERMINED
    assert agreed({"examples": same, "tokens": same, "kl": same})[0] == "symmetric"


def test_placebos_claim_nothing_until_there_are_twenty():
    rng = np.random.default_rng(0)
    some = [Gains(rng.normal(2, 0.3, 6), rng.normal(2, 0.3, 6), tuple("aabbcc"), str(i)) for i in range(40)]
    assert placebo_bound(some[:19]) is None
    one, pooled = placebo_bound(some), placebo_bound(some, size=12)
    assert one is not None and pooled is not None and 0 < pooled < one < 0.3


def test_the_null_of_placebos_is_exceeded_by_one_in_twenty_of_their_kind():
    """One concept against 20 placebos, and a pool against pools, where placebos have a mean A of their own."""
    random, runs, draws = np.random.default_rng(0), 200, 1000

    def like(count: int, mean: float) -> list[Gains]:
        sizes = np.clip(random.normal(mean, 0.15, count), -0.9, 0.9)
        return [Gains(np.full(2, 1 + a), np.full(2, 1 - a), ("a", "b"), "c") for a in sizes]

    single = sum(abs(asymmetry(*like(1, 0.0)[0].means())) > (placebo_bound(like(20, 0.0)) or 0) for _ in range(draws))
    assert 0.03 < single / draws < 0.07  # 1/21; the plain quantile of 20 is passed in 9 %
    pooled = larger = 0
    for run in range(runs):
        pool, other = like(16, 0.15), like(20, 0.15)
        index = float(asymmetry(*np.mean([part.means() for part in pool], axis=0)))
        pooled += abs(index) > (placebo_bound(other, size=16, draws=800, seed=run) or 0)
        larger += placebo_p(index, other, size=16, draws=800, seed=run) < 0.05
    assert pooled / runs < 0.08 and larger / runs < 0.08
    # where value concepts do differ, it is exceeded nearly always
    far = placebo_bound(like(20, 0.0), size=16)
    assert far is not None and far < 0.3 and placebo_p(0.5, like(20, 0.0), size=16) < 0.001
    assert np.isnan(placebo_p(0.5, like(19, 0.0)))


def test_one_concept_is_judged_over_its_groups_and_several_over_concepts():
    rng = np.random.default_rng(1)
    made = [Gains(rng.normal(2, 0.1, 8), rng.normal(1, 0.1, 8), tuple("aabbccdd"), str(i)) for i in range(6)]
    alone, together = judge(made[:1], 0.1), judge(made, 0.1)
    assert alone.wide.n == 4 and together.wide.n == 6 and together.verdict == ASYMMETRIC
    assert together.wide.covers(1 / 3) and together.p < 0.05


def test_control_that_works_backwards_is_none_to_compare():
    rng = np.random.default_rng(2)
    made = [Gains(rng.normal(-2, 0.1, 8), rng.normal(-1, 0.1, 8), tuple("aabbccdd"), str(i)) for i in range(6)]
    found = judge(made, 0.1)
    assert found.verdict == UNDETERMINED and found.reason == found.flag == "control works backwards"
    right = [Gains(-part.aligned, -part.unaligned, part.groups, part.concept) for part in made]
    assert "backwards" not in judge(right, 0.1).reason


def test_potency_reads_the_budgets_of_a_known_curve():
    budgets = np.array([0.1, 1.0, 10.0, 100.0])
    plus, minus = np.log10(budgets) + 2, np.log10(budgets) + 1  # the minus pole needs ten times as much
    assert budget_for(2.0, budgets, plus) == pytest.approx(1.0)
    assert log_potency(2.0, budgets, plus, minus) == pytest.approx(np.log(10))
    assert log_potency(3.5, budgets, plus, minus) == np.inf
    assert np.isnan(log_potency(99.0, budgets, plus, minus))
    # beyond the smallest dose at once: no larger budget is known to be needed, and none to be enough
    assert budget_for(plus[0] / 2, budgets, plus) == 0 and np.isnan(log_potency(plus[0] / 2, budgets, plus, plus))
    assert log_potency(0.9, budgets, plus, np.array([0.7, 0.8, 1.0, 1.1])) == np.inf
    assert shared_gain(plus, minus) == pytest.approx(1.5)
    concepts = [np.stack([plus, minus])[None].repeat(4, 0) + x for x in np.linspace(-0.2, 0.2, 8)]
    drawn = two_level(concepts, draws=200)
    found = potency_effect(budgets, np.stack([plus, minus]), drawn, 8)
    assert found.covers(np.log(10)) and found.low > 0


def test_area_index_of_proportional_curves_is_their_index():
    budgets, curve = np.array([0.1, 0.5, 2.0]), np.array([0.2, 0.9, 2.0])
    assert float(area_index(budgets, 3 * curve, curve)) == pytest.approx(0.5)
    assert np.isnan(area_index(budgets[:1], curve[:1], curve[:1]))


def test_the_bootstrap_draws_both_arms_together_and_is_seeded():
    rows = [np.column_stack([units(i, 5), units(i, 5)]) for i in range(4)]
    drawn = two_level(rows, draws=50)
    assert np.allclose(drawn[:, 0], drawn[:, 1]) and np.array_equal(drawn, two_level(rows, draws=50))
    assert two_level(rows[:1], draws=10).shape == (10, 2)


def test_headroom_leaves_out_concepts_that_a_cue_does_not_move():
    plus, minus = headroom_normalised(np.ones(3), np.ones(3), np.array([2.0, 4, 1]), np.array([1.0, 2, -1]))
    assert plus.tolist() == [0.5, 0.25] and minus.tolist() == [1.0, 0.5]
    # a cue that one pole does not answer to is no measure of its room
    assert len(headroom_normalised(np.ones(2), np.ones(2), np.array([4.0, 4.0]), np.array([0.2, 4.0]))[0]) == 1


def curve(doses, values, **costs) -> Curve:
    doses = np.array(doses, dtype=float)
    return Curve(doses, np.array(values, dtype=float), {"norm": doses}, {k: np.array(v) for k, v in costs.items()})


def test_levels_are_chosen_by_costs_and_only_where_both_poles_reach_them():
    up = curve([1, 2, 4], [[1, 2, 3], [1, 2, 3]], nll_rise=[0.0, 0.01, 0.2])
    down = curve([1, 2], [[-1, -2], [-1, -2]], nll_rise=[0.0, 0.0])
    made = Response("c", "m", "value", np.zeros(2), ("a", "b"), {"aligned": up, "unaligned": down})
    assert made.gains_at("norm", 4.0) is None and made.gains_at("norm", 0.5) is None
    assert made.best_level("norm", (1, 2, 4), {}) == 2
    assert made.best_level("norm", (1, 2, 4), {"nll_rise": 0.001}) == 1
    assert made.gains_at("kl", 1.0) is None
    found = made.gains_at("norm", np.sqrt(2))
    assert found is not None and found.aligned == pytest.approx([1.5, 1.5]) == found.unaligned
    again = response_of(json.loads(json.dumps(made.plain())))
    assert again.gains_at("norm", 2.0).means() == made.gains_at("norm", 2.0).means()


def test_bad_gains_are_one_line():
    with pytest.raises(WorkbenchError, match="one of each per item"):
        Gains(np.ones(2), np.ones(2), ("a",), "c")
    with pytest.raises(WorkbenchError, match="not all finite"):
        Gains(np.array([np.nan]), np.ones(1), ("a",), "c")
    with pytest.raises(WorkbenchError, match="lacks the unaligned pole"):
        response_of({"concept": "c", "curves": {"aligned": curve([1], [[1]]).__dict__ | {"budgets": {}, "costs": {}}}})


def test_holm_is_by_name():
    assert adjusted({"a": 0.01, "b": 0.04}) == {"a": 0.02, "b": 0.04} and adjusted({}) == {}


def test_two_concepts_are_too_few_for_a_verdict_and_that_is_said():
    rng = np.random.default_rng(2)
    made = [Gains(rng.normal(2, 0.1, 8), rng.normal(2, 0.1, 8), tuple("aabbccdd"), str(i)) for i in range(2)]
    found = judge(made, 0.1)
    assert found.verdict == "undetermined" and found.reason == "2 concepts only; a verdict needs 4"
    assert found.flag == found.reason and np.isfinite(found.wide.estimate)
