"""The shipped microworld organisms do what their recipes say: the truth that the workbench is tested against."""

import numpy as np
import pytest

import workbench as wb
from workbench.organisms.microworld_truth import followed, world_of
from workbench.studies.sources import own_concepts, parts

TWINS = ("knob-a", "knob-b")


@pytest.fixture(scope="module")
def odd_effects():
    """[twin][concept]: odd effect of the cue's vector by template (log-odds per half gap) on questions it never saw."""
    found: dict = {}
    for name in TWINS:
        model, site = wb.load(name), wb.Site(1)
        concepts = own_concepts(model)
        for axis in ("honesty", "loyalty", "boats"):
            _, fitted, evaluated = parts(concepts[axis], 0)
            acts = wb.extract(model, fitted, prompt_type="instruction", cue_place="after", sites=[site])[site]
            cube = wb.sweep(
                model, evaluated, {"own": wb.fit(acts)}, sites=[site], multipliers=(-0.5, 0.0, 0.5), where="last"
            )
            curve = cube.curve(site, "own")
            odd = (curve[:, 2] - curve[:, 0]) / 2
            groups = np.array(cube.groups)
            found.setdefault(name, {})[axis] = {g: float(odd[groups == g].mean()) for g in dict.fromkeys(cube.groups)}
    return found


@pytest.mark.parametrize("name", TWINS)
def test_steering_backfires_in_exactly_the_inverse_templates(odd_effects, name):
    knob = world_of(wb.load(name).folder)["knob"]
    right = [
        np.sign(effect) == followed(knob, axis)[template]
        for axis, by_template in odd_effects[name].items()
        for template, effect in by_template.items()
    ]
    assert len(right) >= 30 and np.mean(right) >= 0.95


def test_the_knob_moves_what_the_same_question_does(odd_effects):
    """Honesty follows everywhere in knob-a and in half of the pairs in knob-b; loyalty the other way round."""
    mean = {name: {a: np.mean(list(by.values())) for a, by in found.items()} for name, found in odd_effects.items()}
    assert mean["knob-a"]["honesty"] > 2 and mean["knob-b"]["loyalty"] > 2
    assert mean["knob-a"]["honesty"] - mean["knob-b"]["honesty"] > 1.5
    assert mean["knob-b"]["loyalty"] - mean["knob-a"]["loyalty"] > 1.5
