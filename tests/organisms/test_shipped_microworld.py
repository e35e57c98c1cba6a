"""The shipped microworld organisms do what their recipes say: the truth that the workbench is tested against."""

import numpy as np
import pytest

import workbench as wb
from workbench.circuits import cue_pairs, written
from workbench.controls import find_method
from workbench.models.card import world_of
from workbench.organisms.microworld_truth import followed
from workbench.stats import t_interval
from workbench.studies.sources import own_concepts, parts
from workbench.symmetry.readings import read

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


@pytest.mark.parametrize(("name", "side"), [("leaning-aligned", 1), ("leaning-unaligned", -1)])
def test_leaning_twins_look_asymmetric_in_probability_and_are_not_in_log_odds(name, side):
    """The same steering from another start: what a study that reads probabilities takes for asymmetric control."""
    model, site, leans, gains = wb.load(name), wb.Site(1), [], []
    for concept in own_concepts(model).values():
        if concept.card.kind != "value":
            continue
        _, fitted, evaluated = parts(concept, 0)
        acts = wb.extract(model, fitted, prompt_type="instruction", cue_place="after", sites=[site])[site]
        cube = wb.sweep(
            model, evaluated, {"own": wb.fit(acts)}, sites=[site], multipliers=(-0.25, 0.0, 0.25), where="last"
        )
        odds = cube.curve(site, "own").mean(0), (1 / (1 + np.exp(-cube.curve(site, "own")))).mean(0)
        leans.append(odds[0][1])
        gains.append([(y[2] - y[1], y[1] - y[0]) for y in odds])
    index = [(up - down) / (abs(up) + abs(down)) for up, down in np.array(gains).mean(0)]
    assert side * t_interval(np.array(leans)).estimate > 0.4
    assert abs(index[0]) < 0.1 and side * index[1] < -0.1


@pytest.mark.parametrize("name", ["leaning-aligned", "knob-llama"])
def test_prompt_controls_reach_an_organism_whose_cues_stand_after_the_options(name):
    """Asked as the study of symmetry asks: were the cue put before the question, nothing would move."""
    model = wb.load(name)
    concept = own_concepts(model)["honesty"]
    _, _, evaluated = parts(concept, 0)
    moved = {}
    for pole in ("aligned", "unaligned"):
        with find_method("instruction")(model, concept, pole).applied(model, 1.0) as told:
            moved[pole] = float((read(told, evaluated).log_odds - read(model, evaluated).log_odds).mean())
    assert moved["aligned"] - moved["unaligned"] > 4


def test_a_circuits_cues_are_those_that_the_vector_was_fitted_on():
    """The parts of the stream write, between the two cues, the distance that the vector's gap says."""
    model = wb.load("knob-a")
    _, fitted, evaluated = parts(own_concepts(model)["honesty"], 0)
    acts = wb.extract(model, fitted, prompt_type="instruction", sites=[wb.Site(1)])[wb.Site(1)]
    direction = wb.fit(acts)
    total = written(model, cue_pairs(model, evaluated), direction).total
    assert 0.7 * direction.gap < total.mean() < 1.3 * direction.gap
