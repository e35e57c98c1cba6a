"""Other concepts are read as they would be alone, no control moves nothing, and chance spends the same norm."""

from dataclasses import replace

import numpy as np
import pytest

from workbench.concepts import neutral_texts
from workbench.controls import find_method
from workbench.symmetry.measure import site_of
from workbench.symmetry.neutral import change_norm
from workbench.symmetry.off_axis import propensities, random_control, shifts
from workbench.symmetry.readings import read
from workbench.types import WorkbenchError


@pytest.fixture(scope="module")
def others(small_concept):
    card = replace(small_concept.card, instruction_aligned="Want less.")
    second = replace(small_concept, name="second", pairs=small_concept.pairs[5:9], card=card)
    return (small_concept.select(small_concept.pairs[:5]), second)


def test_concepts_are_read_together_as_alone(gpt2_model, others):
    found = propensities(gpt2_model, others)
    assert [len(row) for row in found] == [5, 4]
    for row, concept in zip(found, others, strict=True):
        assert np.allclose(row, read(gpt2_model, concept).log_odds, atol=1e-4)
    with pytest.raises(WorkbenchError, match="no prompts"):
        propensities(gpt2_model, ())


def test_no_dose_moves_nothing_and_a_dose_moves_what_reading_anew_finds(gpt2_model, small_concept, others):
    control = find_method("add")(gpt2_model, small_concept, "aligned")
    assert all(np.allclose(row, 0, atol=1e-5) for row in shifts(gpt2_model, control, 0.0, others))
    moved = shifts(gpt2_model, control, 3.0, others)
    with control.applied(gpt2_model, 3.0) as changed:
        now = read(changed, others[1]).log_odds - read(gpt2_model, others[1]).log_odds
    assert np.abs(moved[1]).max() > 1e-3 and np.allclose(moved[1], now, atol=1e-4)


def test_chance_spends_the_same_norm_and_prompts_have_none(gpt2_model, small_concept):
    texts = neutral_texts("question", 4)
    control = find_method("add")(gpt2_model, small_concept, "aligned")
    like = random_control(gpt2_model, control, 0.2, texts, 1)
    assert like is not None and site_of(like) == site_of(control)
    for sign in (1.0, -1.0):
        with like.applied(gpt2_model, sign) as changed:
            assert change_norm(gpt2_model, changed, texts, site_of(like)) == pytest.approx(0.2, rel=1e-3)
    own = control.each[0].vector
    assert abs(float(own @ like.each[0].vector)) < 0.9
    prompt = find_method("instruction")(gpt2_model, small_concept, "aligned")
    assert random_control(gpt2_model, prompt, float("nan"), texts, 1) is None
