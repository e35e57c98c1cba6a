"""Capability costs at matched effect: equal ones are told apart from unequal ones, and from what cannot be told."""

from dataclasses import replace

import numpy as np
import pytest

from workbench.symmetry import Curve, Response, cost_differences, independence, judge_cost, matched_costs

DOSES = np.linspace(0.1, 1, 12)
MARGIN = 0.01


def response(rng: np.random.Generator, plus: float, minus: float, noise: float = 0.02) -> Response:
    """Both poles gain 3 log-odds per unit of dose; a log-odds toward a pole costs ``plus`` or ``minus`` of the NLL."""
    base, curves = rng.normal(0, 1, 16), {}
    for pole, sign, price in (("aligned", 1, plus), ("unaligned", -1, minus)):
        values = base[:, None] + sign * 3 * DOSES + rng.normal(0, noise, (16, len(DOSES)))
        costs = {"nll_rise": 3 * price * DOSES, "choice_drop": np.full(len(DOSES), np.nan), "incoherent": 0 * DOSES}
        curves[pole] = Curve(DOSES, values, {"norm": DOSES}, costs)
    return Response("c", "m", "value", base, tuple(str(i // 2) for i in range(16)), curves)


def pairs(rng: np.random.Generator, gap: float, count: int, spread: float = 0.002, level: float = 0.0) -> np.ndarray:
    """Costs (aligned, unaligned) [concept, 2] whose difference is ``gap`` in truth."""
    unaligned = level + rng.normal(0, spread, count)
    return np.column_stack([unaligned + gap + rng.normal(0, spread, count), unaligned])


def test_costs_are_compared_at_the_same_gain_and_the_unmeasured_is_left_out():
    found = matched_costs(response(np.random.default_rng(0), 0.01, 0.03))
    assert set(found) == {"nll_rise", "incoherent"} and found["incoherent"] == (0.0, 0.0)
    # half of what both reach is 1.5 log-odds
    assert found["nll_rise"] == pytest.approx((0.015, 0.045), rel=0.05)


def test_a_stronger_pole_is_read_at_less_dose():
    one = response(np.random.default_rng(0), 0.02, 0.02, noise=0.0)
    weak = one.curves["unaligned"]
    half = replace(weak, values=one.base[:, None] + (weak.values - one.base[:, None]) / 2)
    plus, minus = matched_costs(replace(one, curves={**one.curves, "unaligned": half}))["nll_rise"]
    # the same price per dose, twice the dose for the same gain
    assert minus == pytest.approx(2 * plus, rel=1e-6)


def test_no_shared_effect_has_no_cost():
    one = response(np.random.default_rng(0), 0.02, 0.02)
    flat = replace(one.curves["unaligned"], values=one.base[:, None] + np.abs(one.curves["unaligned"].values))
    assert matched_costs(replace(one, curves={**one.curves, "unaligned": flat})) == {}


def test_what_controls_nothing_has_no_cost_of_control():
    random = np.random.default_rng(0)
    idle = []
    for _ in range(16):
        one = response(random, 0.02, 0.02)
        noise = {pole: replace(c, values=one.base[:, None] + random.normal(0, 1e-3, c.values.shape))
                 for pole, c in one.curves.items()}  # fmt: skip
        idle.append(matched_costs(replace(one, curves=noise)))
    assert sum(bool(costs) for costs in idle) <= 1


def test_a_dose_before_a_collapse_does_not_set_the_gain_to_be_paid_for():
    one = response(np.random.default_rng(0), 0.02, 0.02, noise=0.0)
    gains = np.array([2.0, 0.2, 0.1])

    def curve(sign, values, rises):
        return Curve(np.arange(1.0, 4.0), one.base[:, None] + sign * values, {"norm": np.arange(1.0, 4.0)},
                     {"nll_rise": np.array(rises)})  # fmt: skip

    curves = {"aligned": curve(1, gains, [0.001, 0.1, 0.9]),
              "unaligned": curve(-1, np.array([0.5, 1.2, 2.0]), [0.001, 0.01, 0.03])}  # fmt: skip
    plus, minus = matched_costs(replace(one, curves=curves))["nll_rise"]
    assert plus <= 0.001 and minus <= 0.03


def test_the_interval_over_groups_covers_the_planted_difference():
    hits = 0
    for seed in range(30):
        one = response(np.random.default_rng(seed), 0.03, 0.01, noise=0.4)
        hits += cost_differences(one, draws=100, seed=seed)["nll_rise"].covers(0.03)
    assert hits >= 26
    lone = replace(one, groups=("a",) * 16)
    assert cost_differences(lone)["nll_rise"].low == -np.inf


def test_equal_costs_are_equal_and_free_ones_make_independent_axes():
    rng = np.random.default_rng(1)
    one = judge_cost(pairs(rng, 0.0, 16), pairs(rng, 0.0, 12), MARGIN)
    assert one.verdict == "equal" and one.difference.covers(0) and one.free
    assert independence({"nll_rise": one})[0] == "independent"
    dear = judge_cost(pairs(rng, 0.0, 16, level=0.04), pairs(rng, 0.0, 12), MARGIN)
    assert dear.verdict == "equal" and not dear.free and independence({"nll_rise": dear})[0] == "alike"


@pytest.mark.parametrize("gap, verdict", [(0.03, "aligned dearer"), (-0.03, "unaligned dearer")])
def test_a_planted_dearer_pole_is_recovered_within_its_interval(gap, verdict):
    rng, hits = np.random.default_rng(2), 0
    for _ in range(100):
        one = judge_cost(pairs(rng, gap, 12, 0.01), pairs(rng, 0.0, 12, 0.01), MARGIN)
        hits += one.difference.covers(gap)
        assert one.verdict == verdict
    assert hits >= 90 and independence({"nll_rise": one})[0] == "dependent"


def test_what_placebos_do_as_well_is_not_said_of_alignment():
    rng = np.random.default_rng(3)
    one = judge_cost(pairs(rng, 0.03, 12, 0.01), pairs(rng, 0.03, 12, 0.01), MARGIN)
    assert one.verdict == "undetermined" and "placebos show" in one.reason and not one.difference.covers(0)
    few = judge_cost(pairs(rng, 0.03, 12), pairs(rng, 0.0, 3), MARGIN)
    assert few.verdict == "undetermined" and "fewer than 4 placebos" in few.reason


def test_noise_and_few_concepts_are_undetermined():
    rng = np.random.default_rng(4)
    wide = judge_cost(pairs(rng, 0.0, 8, 0.08), pairs(rng, 0.0, 8), MARGIN)
    assert wide.verdict == "undetermined" and "wider than the margin" in wide.reason
    few = judge_cost(pairs(rng, 0.0, 3), pairs(rng, 0.0, 8), MARGIN)
    assert few.verdict == "undetermined" and "3 concepts only" in few.reason
    good = judge_cost(pairs(rng, 0.0, 16), pairs(rng, 0.0, 8), MARGIN)
    assert independence({"nll_rise": good, "choice_drop": wide})[0] == "undetermined"
    assert independence({}) == ("undetermined", "no concept reaches a shared effect on both poles")


def test_equal_costs_are_seldom_called_dearer():
    rng = np.random.default_rng(5)
    found = [judge_cost(pairs(rng, 0.0, 12, 0.03), pairs(rng, 0.0, 12, 0.03), MARGIN).verdict for _ in range(100)]
    assert sum(verdict.endswith("dearer") for verdict in found) <= 5
