"""ROME as a control: one fact, one layer, the same edit as MEMIT's where both must be, and exact for its key."""

import math

import numpy as np
import pytest

from workbench.controls import find_method, method_names, trains
from workbench.controls.pair_facts import requests
from workbench.editing import Fitting, memit, moments
from workbench.editing.facts import subject_positions
from workbench.editing.memory import read_keys, weights
from workbench.editing.targets import fit_targets
from workbench.models import encode, load
from workbench.symmetry.readings import read
from workbench.types import POLES, Site, WorkbenchError

# neither a limit nor a penalty, which the two methods measure in different norms: they then fit the same value
FREE = Fitting(essence="", steps=6, decay=0.0, clip=1e9)


@pytest.fixture(scope="module")
def precise(tiny_module, byte_tokenizer):
    """A tiny model in float64."""
    return load(tiny_module("gpt2", len(byte_tokenizer)).double(), tokenizer=byte_tokenizer, name="precise")


def neutral(concept):
    from workbench.concepts import neutral_texts

    return neutral_texts(concept.card.style, 20)


@pytest.mark.parametrize("pole", POLES)
def test_it_is_memit_of_one_fact_at_one_layer_without_weight(precise, small_concept, pole, monkeypatch):
    monkeypatch.setattr("workbench.controls.rome.FITTING", FREE)
    one = find_method("rome")(precise, small_concept, pole)
    assert one.method == "rome" and list(one.deltas) == [(precise.n_layers - 1) // 2]
    known = moments(precise, list(one.deltas), neutral(small_concept))
    other = memit(precise, requests(small_concept, pole, 1), list(one.deltas), known, FREE, weight=0.0)
    (layer,) = one.deltas
    assert float((one.deltas[layer] - other.deltas[layer]).norm() / one.deltas[layer].norm()) < 1e-6


def test_the_first_pairs_key_returns_the_fitted_value_exactly(precise, small_concept):
    from workbench.controls.pair_facts import FITTING

    (request,), layer = requests(small_concept, "unaligned", 1), 2
    control = find_method("rome")(precise, small_concept, "unaligned", layers=[layer])
    batch = encode(precise, [request.prompt])
    key = read_keys(precise, batch, layer, subject_positions(precise, [request], batch))[0]
    fitted = fit_targets(precise, [request], Site(layer, "mlp_out"), FITTING)
    wanted = weights(precise, layer) @ key + fitted.delta[0]
    with control.applied(precise, 1.0) as edited:
        written = weights(edited, layer) @ key
    assert float((written - wanted).norm() / wanted.norm()) < 1e-6
    assert float(fitted.delta[0].norm() / wanted.norm()) > 1e-3  # there was something to write


def test_it_moves_the_first_pair_toward_either_pole(gpt2_model, small_concept):
    before = read(gpt2_model, small_concept).log_odds
    for pole, sign in zip(POLES, (1, -1), strict=True):
        with find_method("rome")(gpt2_model, small_concept, pole).applied(gpt2_model, 1.0) as edited:
            moved = read(edited, small_concept).log_odds
        assert sign * (moved[0] - before[0]) > math.log(2)
    assert np.array_equal(read(gpt2_model, small_concept).log_odds, before)


def test_the_last_layer_and_several_layers_are_refused_in_one_line(gpt2_model, small_concept):
    last = gpt2_model.n_layers - 1
    for layers, words in (([last], "at the last one nothing reads the subject"), ([0, 1], "memit spreads")):
        with pytest.raises(WorkbenchError, match=words) as error:
            find_method("rome")(gpt2_model, small_concept, "aligned", layers=layers)
        assert "\n" not in str(error.value)


def test_it_is_listed_and_does_not_claim_to_train():
    assert "rome" in method_names() and not trains("rome")
