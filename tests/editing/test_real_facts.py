"""Editing on foreign weights: a small question-answer model that recalls its answers."""

import numpy as np
import pytest

from workbench.editing import (
    Fact,
    Fitting,
    Noise,
    average_indirect,
    best_layer,
    cases,
    edit_arms,
    margins,
    memit,
    moments,
    rome,
    round_trip,
    summarise,
    trace,
    trip_effects,
)
from workbench.models import generate, load

QUESTIONS = ("What is your name?", "Who are you?", "Who is Link?", "What is a sword?", "Who is Sophia?", "Hello?")
FITTING = Fitting(steps=12, essence="")


@pytest.fixture(scope="module")
def recalled(shared):
    """The model, facts whose true object is what it answers by itself, and its own texts."""
    folder = shared / "models" / "sophia-elya-819K-hf"
    if not folder.is_dir():
        pytest.skip(f"no model at {folder}")
    model = load(folder)
    answers = [a[:24] for a in generate(model, [f"{q}: " for q in QUESTIONS], 24)]
    # the answer to another question is false here, and as fluent
    facts = [Fact(q, f"{q}: ", q, answers[i], answers[(i + 2) % len(answers)]) for i, q in enumerate(QUESTIONS)]
    return model, facts, [f"{q}: {a}" for q, a in zip(QUESTIONS, answers, strict=True)]


@pytest.mark.slow
def test_what_is_recalled_is_traced_and_can_be_overwritten(recalled):
    model, facts, texts = recalled
    assert bool((margins(model, facts) > 0.5).all()) and {c.arm for c in cases(model, facts)} == {"counterfactual"}
    rows = trace(model, facts, noise=Noise(samples=4))
    assert best_layer(rows) == 0 and average_indirect(rows)[0].low > 0 and (rows["total"] > 0).all()
    known = moments(model, [0], texts)
    asked = {"counterfactual": cases(model, facts[:4])}
    scored = edit_arms(model, asked, lambda m, request: rome(m, request, 0, known, FITTING))
    assert (scored["gain"] > 0.5).all() and scored["efficacy"].mean() >= 0.5
    found = summarise(scored)["away from truth"]
    assert found["log_odds"].n_groups == 4 and "S" not in found  # S needs paraphrases and neighbours


@pytest.mark.slow
def test_several_facts_at_once_and_there_and_back(recalled):
    model, facts, texts = recalled
    known = moments(model, [0, 1], texts)
    edit = memit(model, [f.rewrite(False) for f in facts[:2]], [0, 1], known, FITTING)
    before = margins(model, facts[:2])
    with edit.applied(model, 1.0) as edited:
        assert bool((margins(edited, facts[:2]) < before).all())
    trips = round_trip(model, facts[:2], lambda m, request: rome(m, request, 0, known, FITTING), points=5)
    assert list(trips["arm"]) == ["counterfactual"] * 2 and (trips["moved_margin"] < trips["margin"]).all()
    assert np.isfinite(trips.loc[trips["returned"], "log_ratio"]).all()
    assert set(trip_effects(trips)) <= {"counterfactual"}
    assert bool((margins(model, facts[:2]) == before).all())
