"""Scores follow their formulas, arms are matched, trips that undo themselves cost nothing extra, tracing is exact."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from workbench.editing import (
    Case,
    Edit,
    Fact,
    Fitting,
    Noise,
    Tuning,
    answer_nll,
    average_indirect,
    best_layer,
    cases,
    compare_arms,
    edit_arms,
    fact_scores,
    fluency,
    margins,
    matched_arms,
    moments,
    rome,
    round_trip,
    summarise,
    trace,
    trip_effects,
    tuned,
)
from workbench.editing.memory import weights
from workbench.models import encode, forward
from workbench.types import WorkbenchError

TEXTS = ("A quiet sentence about rain.", "Tea is hot, and milk is not.")
FACTS = tuple(
    Fact(name, f"The {name} lives in", f"The {name}", " Yes", " No", (f"Does the {name} live in",),
         ("Mice live in", "Ants live in"), ("Fish live in",), kind, name)
    for name, kind in (("cat", "value"), ("dog", "value"), ("fox", "neutral"), ("owl", "neutral"))
)  # fmt: skip


def editor(model, rewrite):
    return rome(model, rewrite, 1, moments(model, [1], TEXTS), Fitting(steps=8))


def test_scores_are_those_of_the_formulas_and_directions_mirror(gpt2_model):
    fact = FACTS[0]
    logits = forward(gpt2_model, encode(gpt2_model, [fact.prompt]), positions="last")[0].double().softmax(-1)
    yes, no = (gpt2_model.tokenizer(a)["input_ids"][-1] for a in (" Yes", " No"))
    up, down = fact_scores(gpt2_model, fact, True), fact_scores(gpt2_model, fact, False)
    assert up["efficacy_magnitude"] == pytest.approx(float(logits[yes] - logits[no]), abs=1e-6)
    assert up["log_odds"] == pytest.approx(math.log(float(logits[yes] / logits[no])), abs=1e-4)
    assert up["log_odds"] == pytest.approx(-down["log_odds"]) and up["efficacy"] + down["efficacy"] == 1
    assert (up["direction"], down["direction"]) == ("toward truth", "away from truth")
    assert fact_scores(gpt2_model, FACTS[2], True)["direction"] == "value-neutral"
    near = margins(gpt2_model, [Fact("n", p, p[:4], " Yes", " No") for p in fact.neighbours])
    assert down["neighbourhood"] == float((near > 0).double().mean()) and math.isnan(down["fluency"])


def test_answers_of_several_tokens_are_means_over_them(gpt2_model):
    (nll,) = answer_nll(gpt2_model, ["The cat"], [" ran"])
    ids = encode(gpt2_model, ["The cat"], [" ran"]).ids
    log_probs = forward(gpt2_model, encode(gpt2_model, ["The cat ran"]))[0].double().log_softmax(-1)
    each = [float(log_probs[i, ids[0, i + 1]]) for i in range(len(ids[0]) - 5, len(ids[0]) - 1)]
    assert float(nll) == pytest.approx(-np.mean(each), abs=1e-5)


def test_fluency_is_the_weighted_entropy_and_repetition_has_none():
    assert fluency("a b c d") == pytest.approx((2 / 3 * math.log2(3) + 4 / 3 * 1) / 2)
    assert fluency("a a a a a") == 0 and fluency("") == 0


def test_s_is_the_harmonic_mean_over_facts_of_one_direction():
    rows = pd.DataFrame([
        {"fact": str(i), "group": str(i), "direction": "toward truth", "efficacy": e, "paraphrase": 0.5,
         "neighbourhood": 0.25, "efficacy_magnitude": 0.1, "paraphrase_magnitude": 0.1, "neighbourhood_magnitude": 0.1,
         "log_odds": float(i), "fluency": float("nan")} for i, e in enumerate((1.0, 1.0, 0.0, 1.0))
    ])  # fmt: skip
    found = summarise(rows)["toward truth"]
    assert found["S"].estimate == pytest.approx(3 / (1 / 0.75 + 2 + 4)) and found["S"].low < found["S"].estimate
    assert found["log_odds"].estimate == 1.5 and found["log_odds"].n_groups == 4 and "fluency" not in found
    assert summarise(rows.assign(neighbourhood=0.0))["toward truth"]["S"].estimate == 0
    with pytest.raises(WorkbenchError, match="no scores"):
        summarise(rows[:0])


def test_arms_are_matched_on_the_margin_within_the_caliper():
    def case(truth, margin, kind="value"):
        return Case(Fact(str(margin), "The cat is", "cat", " a", " b", kind=kind), truth, margin)

    found = [case(False, m) for m in (0.1, 1.0, 5.0)] + [case(True, m) for m in (1.05, 0.12, 1.2)]
    arms = matched_arms(found)
    assert [c.margin for c in arms["counterfactual"]] == [0.1, 1.0]
    assert [c.margin for c in arms["corrective"]] == [0.12, 1.05] and set(arms) == {"counterfactual", "corrective"}
    three = matched_arms([*found, case(True, 0.11, "neutral")])
    assert [[c.margin for c in arm] for arm in three.values()] == [[0.1], [0.12], [0.11]]
    with pytest.raises(WorkbenchError, match="expected two"):
        matched_arms(found[:3])


def test_arms_are_edited_one_fact_at_a_time_and_compared(gpt2_model):
    old, held = weights(gpt2_model, 1), cases(gpt2_model, FACTS)
    assert all(case.margin >= 0 for case in held)
    found = margins(gpt2_model, FACTS).tolist()
    arms = {
        "corrective": [Case(fact, True, -margin) for fact, margin in zip(FACTS, found, strict=True)],
        "counterfactual": [Case(fact, False, margin) for fact, margin in zip(FACTS, found, strict=True)],
    }
    rows = edit_arms(gpt2_model, arms, editor)
    assert len(rows) == 8 and (rows["gain"] > 0).all() and (rows["norm"] > 0).all()
    assert torch.equal(weights(gpt2_model, 1), old)
    effect = compare_arms(rows, "gain")
    both = rows.groupby("arm")["gain"].mean()
    assert effect.estimate == pytest.approx(both["corrective"] - both["counterfactual"]) and effect.n == 4
    with pytest.raises(WorkbenchError, match="has no rows"):
        compare_arms(rows, "gain", ("value-neutral", "corrective"))


def test_a_way_back_that_retraces_the_way_there_costs_the_same(gpt2_model):
    way = {case.fact.prompt: editor(gpt2_model, case.fact.rewrite(case.truth)) for case in cases(gpt2_model, FACTS)}
    seen = set()

    def retracing(model, rewrite):
        there = way[rewrite.prompt]
        first = rewrite.prompt not in seen
        seen.add(rewrite.prompt)
        return there if first else Edit({1: -2 * there.deltas[1]}, "back", 3)

    rows = round_trip(gpt2_model, FACTS, retracing)
    assert rows["returned"].all() and np.allclose(rows["log_ratio"], 0, atol=1e-3)
    assert (rows["moved_margin"] < rows["margin"]).all()
    effects = trip_effects(rows)
    assert set(effects) == set(rows["arm"]) and all(abs(e.estimate) < 1e-3 for e in effects.values())
    seen.clear()
    half = round_trip(gpt2_model, FACTS, retracing, points=33, share=0.5)
    # half of the distance, from either end: what the edit spends until the margin is half way
    assert half["returned"].all() and (half["there"] < rows["there"]).all() and (half["back"] < rows["back"]).all()
    for case, spent in zip(cases(gpt2_model, FACTS), half["there"] / rows["there"], strict=True):
        with way[case.fact.prompt].applied(gpt2_model, float(spent)) as changed:
            now = float(margins(changed, [case.fact])[0]) * (-1 if case.truth else 1)
        moved = float(rows.set_index("fact").loc[case.fact.id, "moved_margin"])
        assert now == pytest.approx((case.margin + moved) / 2, abs=0.05 * (case.margin - moved))
    seen.clear()
    stuck = round_trip(gpt2_model, FACTS[:1], lambda model, r: way[r.prompt])
    assert not stuck["returned"].any() and stuck["back"].isna().all() and trip_effects(stuck) == {}


def test_tracing_restores_everything_where_it_can_and_nothing_at_the_last_mlp(any_model):
    facts = [Fact("x", "Take x to", "x", " Yes", " No"), Fact("y", "We saw y at", "y", " No", " Yes")]
    pre = trace(any_model, facts, "resid_pre", noise=Noise(samples=4))
    first = pre[pre["layer"] == 0]
    assert np.allclose(first["indirect"], first["total"], atol=1e-4) and (first["total"].abs() > 1e-4).all()
    mlp = trace(any_model, facts, noise=Noise(samples=4))
    last = mlp[mlp["layer"] == any_model.n_layers - 1]
    assert np.allclose(last["indirect"], 0, atol=1e-5) and np.allclose(pre["total"], mlp["total"], atol=1e-5)
    effects = average_indirect(mlp)
    assert list(effects) == [0, 1, 2, 3] and effects[0].n_groups == 2 and best_layer(mlp) in (0, 1, 2)


def test_tuning_stays_within_its_bound_and_its_edit_is_what_was_trained(any_model):
    fact = FACTS[0]
    for truth in (True, False):
        before = float(margins(any_model, [fact])[0])
        edit = tuned(any_model, [fact.rewrite(truth)], [0, 1], Tuning(steps=6, rate=0.05, radius=0.2))
        for layer, delta in edit.deltas.items():
            bound = 0.2 * float(weights(any_model, layer).square().mean().sqrt())
            assert 0 < float(delta.abs().max()) <= bound * (1 + 1e-5)
        with edit.applied(any_model, 1.0) as changed:
            after = float(margins(changed, [fact])[0])
        assert (after > before) == truth and edit.steps >= 1
    with pytest.raises(WorkbenchError, match="at the last one"):
        tuned(any_model, [fact.rewrite(True)], [3])
