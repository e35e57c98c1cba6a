"""Other weights as a control: the checkpoint's answers behind the model's own hooks, refused where they do not fit."""

import numpy as np
import pytest
import torch

import workbench as wb
from workbench.controls import find_method
from workbench.interventions import steer
from workbench.symmetry.readings import read
from workbench.types import Direction, Site, WorkbenchError


@pytest.fixture(scope="module")
def persona():
    return wb.load("persona")


@pytest.fixture(scope="module")
def few():
    concept = wb.load_concept("power")
    return concept.select(concept.pairs[:6])


def test_at_one_the_answers_are_the_checkpoints_and_at_none_the_models(persona, few):
    control = find_method("checkpoint")(persona, few, "aligned", weights="persona-leaning")
    own, other = read(persona, few).log_odds, read(wb.load("persona-leaning"), few).log_odds
    with control.applied(persona, 1.0) as changed:
        assert np.allclose(read(changed, few).log_odds, other, atol=1e-5) and changed.digest != persona.digest
    with control.applied(persona, 0.0) as same:
        assert np.array_equal(read(same, few).log_odds, own)
    assert not np.allclose(own, other, atol=0.1) and np.array_equal(read(persona, few).log_odds, own)


def test_hooks_of_the_model_act_on_the_checkpoint(persona, few):
    vector = Direction(torch.eye(persona.d_model)[0], 3.0, Site(1), "planted")
    control = find_method("checkpoint")(persona, few, "aligned", weights="persona-leaning")
    with control.applied(steer(persona, vector, 2.0), 1.0) as changed:
        found = read(changed, few).log_odds
    assert np.allclose(found, read(steer(wb.load("persona-leaning"), vector, 2.0), few).log_odds, atol=1e-5)


@pytest.mark.parametrize("weights, words", [
    ("", "needs weights"), ("knob-a", "expected"), ("nobody-here", "neither embedded"),
])  # fmt: skip
def test_weights_that_are_missing_or_do_not_fit_are_one_line(persona, few, weights, words):
    with pytest.raises(WorkbenchError, match=words) as error:
        find_method("checkpoint")(persona, few, "aligned", weights=weights)
    assert "\n" not in str(error.value)
