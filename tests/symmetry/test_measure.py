"""Budgets are spent as asked, costs are zero where nothing changed, and the poles swap exactly through a model."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from workbench.concepts import neutral_texts, unrelated_choices
from workbench.controls import find_method
from workbench.models import forward, pad, tokens
from workbench.sweep import sweep
from workbench.symmetry import asymmetry
from workbench.symmetry.budgets import solve_strength
from workbench.symmetry.measure import Meter, bench, doses, respond, surroundings, thinned
from workbench.symmetry.neutral import change_norm, neutral
from workbench.symmetry.readings import read
from workbench.symmetry.responses import Curve, Response
from workbench.types import Direction, Pair, Site, WorkbenchError

NORMS, KLS = (0.05, 0.2), (0.002, 0.01)


@pytest.fixture(scope="module")
def on(gpt2_model, small_concept):
    around = surroundings(gpt2_model, neutral_texts("question", 4), unrelated_choices("question", 6))
    return bench(gpt2_model, small_concept, around, NORMS, KLS)


def test_readings_are_the_sweeps_unsteered_log_odds(gpt2_model, small_concept):
    nothing = {"none": Direction(torch.eye(gpt2_model.d_model)[0], 0.0, Site(0), "none")}
    cube = sweep(gpt2_model, small_concept, nothing, sites=[Site(0)], multipliers=(0.0,))
    found = read(gpt2_model, small_concept)
    assert np.allclose(found.log_odds, cube.values[:, 0, 0, 0], atol=1e-4)
    heads, yes = tokens(gpt2_model, ["Question: No cats?\n\nAnswer:"], [" Yes"])
    p = forward(gpt2_model, pad(gpt2_model, heads), positions="last").double().softmax(-1)[0]
    no = tokens(gpt2_model, ["a"], [" No"])[1][0][0]
    assert found.incoherent[0] == pytest.approx(1 - float(p[yes[0][0]] + p[no]), abs=1e-6)


def test_longer_answers_are_summed_as_the_sweep_does(gpt2_model, small_concept):
    pairs = tuple(Pair(p.id, p.group, p.question, " surely", " never ever") for p in small_concept.pairs[:3])
    concept = small_concept.select(pairs)
    nothing = {"none": Direction(torch.eye(gpt2_model.d_model)[0], 0.0, Site(0), "none")}
    cube = sweep(gpt2_model, concept, nothing, sites=[Site(0)], multipliers=(0.0,))
    found = read(gpt2_model, concept)
    assert np.allclose(found.log_odds, cube.values[:, 0, 0, 0], atol=1e-3) and np.isnan(found.incoherent).all()


@pytest.mark.parametrize("order", [1.0, 2.0])
@pytest.mark.parametrize("target", [1e-3, 0.5, 40.0])
def test_the_secant_spends_what_was_asked(order, target):
    calls = []

    def spent(strength: float) -> float:
        calls.append(strength)
        return 3 * strength**order / (1 + 0.01 * strength)

    found = solve_strength(spent, target, 0.1, np.inf, order)
    assert found is not None and found[1] == pytest.approx(target, rel=0.05) and len(calls) <= 7


def test_a_budget_beyond_the_limit_is_none_and_a_bad_one_is_said():
    assert solve_strength(lambda s: s, 2.0, limit=1.0) is None
    assert solve_strength(lambda s: 0.0, 2.0) is None
    assert solve_strength(lambda s: s, 0.98, limit=1.0) is not None
    for bad in (0.0, -1.0, float("inf")):
        with pytest.raises(WorkbenchError, match="expected a positive number"):
            solve_strength(lambda s: s, bad)


def test_an_unchanged_model_costs_nothing_and_a_prefix_is_aligned_at_the_end(gpt2_model, small_concept):
    texts = neutral_texts("question", 3)
    quiet = neutral(gpt2_model, texts)
    assert quiet.cost(gpt2_model) == pytest.approx((0.0, 0.0), abs=1e-9)
    control = find_method("instruction")(gpt2_model, small_concept, "aligned")
    with control.applied(gpt2_model, 0.0) as same:
        assert quiet.cost(same) == pytest.approx((0.0, 0.0), abs=1e-6)
    with control.applied(gpt2_model, 1.0) as other:
        assert quiet.cost(other)[0] > 1e-4


def test_norm_is_the_share_of_the_streams_norm(gpt2_model, small_concept):
    control = find_method("add")(gpt2_model, small_concept, "aligned")
    site = control.each[0].site
    with control.applied(gpt2_model, 1.0) as once, control.applied(gpt2_model, 3.0) as thrice:
        one, three = (change_norm(gpt2_model, m, ["A quiet room.", "Snow."], site) for m in (once, thrice))
    assert three == pytest.approx(3 * one, rel=1e-4)


def test_both_poles_spend_the_budgets_asked_for(on, small_concept):
    found = respond(on, find_method("add"), small_concept, "add")
    for curve in found.curves.values():
        assert np.isfinite(curve.values).all() and curve.values.shape == (12, len(curve.strengths))
        for kind, levels in (("norm", NORMS), ("kl", KLS)):
            for level in levels:
                assert np.abs(curve.budgets[kind] / level - 1).min() <= 0.051
    assert found.gains_at("norm", 0.2) is not None and found.gains_at("kl", 0.01) is not None
    assert set(found.costs_at("norm", 0.2)["aligned"]) == {"nll_rise", "choice_drop", "incoherent"}


def test_label_swap_through_the_model_flips_the_index(on, gpt2_model, small_concept):
    flipped = small_concept.select([replace(p, aligned=p.unaligned, unaligned=p.aligned) for p in small_concept.pairs])
    flipped = replace(flipped, card=replace(flipped.card, instruction_aligned="Want less.",
                                            instruction_unaligned="Want more."))  # fmt: skip
    other = bench(gpt2_model, flipped, on.around, NORMS, KLS)
    one = respond(on, find_method("add"), small_concept).gains_at("norm", 0.2)
    two = respond(other, find_method("add"), flipped).gains_at("norm", 0.2)
    assert one is not None and two is not None
    assert float(asymmetry(*one.means())) == pytest.approx(-float(asymmetry(*two.means())), abs=1e-3)


def test_prompts_are_matched_by_examples_and_too_long_ones_are_left_out(on, small_concept):
    found = respond(on, find_method("few_shot"), small_concept, "few_shot")
    curve = found.curves["aligned"]
    assert set(curve.budgets) == {"kl", "examples", "tokens"} and curve.strengths[0] == 1
    assert len(curve.strengths) < 4 and any("context" in note for note in on.notes)
    assert found.gains_at("examples", 2.0) is not None


def test_doses_are_ascending_and_apart(on, gpt2_model, small_concept):
    assert thinned([1.0, 1.01, 0.5, 2.0]) == [0.5, 1.0, 2.0]
    strengths = doses(Meter(on, find_method("ablate")(gpt2_model, small_concept, "aligned")))
    assert strengths == sorted(strengths) and strengths[-1] <= 1.0


def test_a_control_of_weights_spends_a_norm_of_weights(on):
    from workbench.editing.memory import Edit, weights

    w = weights(on.model, 0)
    edit = Edit({0: 0.1 * torch.outer(torch.ones(len(w)), torch.eye(w.shape[1])[0]).double()}, "planted")
    meter = Meter(on, edit)
    size = float((edit.deltas[0].square().sum() / w.square().sum()).sqrt())
    assert meter.sized and meter.norm(3.0) == pytest.approx(3 * size)
    spent = sorted(meter.norm(dose) for dose in doses(meter))
    assert all(any(one == pytest.approx(level, rel=0.06) for one in spent) for level in NORMS)


def test_a_baked_projection_knows_what_it_takes_from_the_weights(gpt2_model):
    from workbench.erasure.baking import Baked, writers

    baked = Baked(torch.eye(gpt2_model.d_model)[:2])
    before = [parameter.detach().double().clone() for parameter, _ in writers(gpt2_model)]
    with baked.applied(gpt2_model, 0.5) as changed:
        after = [parameter.detach().double().clone() for parameter, _ in writers(changed)]
    moved = sum(float((a - b).square().sum()) for a, b in zip(after, before, strict=True))
    whole = sum(float(b.square().sum()) for b in before)
    assert 0.5 * baked.norm(gpt2_model) == pytest.approx((moved / whole) ** 0.5, rel=1e-5)


def test_doses_that_meet_no_level_are_matched_where_both_poles_reach():
    curve = {"aligned": Curve(np.array([1.0, 2.0]), np.zeros((4, 2)) + [1.0, 2.0], {"kl": np.array([0.06, 0.11])}),
             "unaligned": Curve(np.array([1.0, 2.0]), np.zeros((4, 2)) - [1.0, 2.0], {"kl": np.array([0.07, 0.14])})}
    found = Response("c", "m", "value", np.zeros(4), tuple("aabb"), curve)
    assert found.best_level("kl", (0.01, 0.4), {}) is None
    assert found.common_level("kl", {}) == pytest.approx(0.11)  # the most that both spend
    assert found.common_level("norm", {}) is None
    dear = {pole: replace(one, costs={"nll_rise": np.array([0.0, 0.2])}) for pole, one in curve.items()}
    capped = replace(found, curves=dear).common_level("kl", {"nll_rise": 0.06})
    assert capped == pytest.approx(0.07), "what costs more than the cap is no budget"
