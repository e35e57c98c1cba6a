"""What a sweep may be asked: prompts, labels, judges; and one line for what it may not."""

import numpy as np
import pytest

from workbench.prompts import bare_prompt
from workbench.sweep import plain_sweep, score_log_odds, sweep
from workbench.types import Card, Concept, Pair, Readout, Site, WorkbenchError

ONE = {"sites": [Site(1)], "multipliers": (1.0,)}


def test_axes_and_source_say_what_was_run(gpt2_model, statements, direction):
    cube = sweep(gpt2_model, statements, {"u": direction(1)}, **ONE, where="last")
    assert cube.prompts == ("p0", "p1", "p2", "p3", "p4") and cube.groups == ("g0", "g0", "g1", "g1", "g2")
    source = cube.source
    assert source["model"] == gpt2_model.digest and source["concept"] == statements.digest
    assert (source["where"], source["toward"], source["prompt"]) == ("last", "aligned", "bare")
    assert source["positive"] == ["No", "Yes", "No", "Yes", "No"]
    expected = [1 + len(bare_prompt(p, statements.card)) for p in statements.pairs]
    assert source["lengths"] == expected


def test_a_prompt_function_instructs(gpt2_model, statements, direction):
    def instructed(pair, card):
        return "Be good.\n\n" + bare_prompt(pair, card)

    plain = sweep(gpt2_model, statements, {"u": direction(1)}, **ONE)
    cued = sweep(gpt2_model, statements, {"u": direction(1)}, **ONE, prompt=instructed)
    assert np.abs(plain.values - cued.values).min() > 1e-4 and "instructed" in cued.source["prompt"]
    again = plain_sweep(gpt2_model, statements, {"u": direction(1)}, **ONE, prompt=instructed)
    assert np.allclose(cued.values, again.values, atol=1e-5)


def test_letters_of_ab_concepts_are_read_after_the_bracket(gpt2_model, direction):
    pairs = (Pair("1", "g", "Which?\n (A) x\n (B) y", " (A)", " (B)"), Pair("2", "h", "Which one?", " (B)", " (A)"))
    concept = Concept("letters", pairs, Card("letters", "Letters", style="ab"))
    cube = sweep(gpt2_model, concept, {"u": direction(1)}, **ONE)
    from workbench.models import encode, forward

    logits = forward(gpt2_model, encode(gpt2_model, [bare_prompt(p, concept.card) for p in pairs]), positions="last")
    a, b = (gpt2_model.tokenizer(letter)["input_ids"][0] for letter in "AB")
    lean = (logits[:, a] - logits[:, b]).numpy()
    assert np.allclose(cube.values[:, 0, 0, 0], [lean[0], -lean[1]], atol=1e-5)


def test_a_judge_on_generations(gpt2_model, statements, direction):
    """The judge sees what the steered model writes: its log-odds follow the text, with the sign of the pole."""
    seen = []

    def judge(text: str) -> float:
        seen.append(text)
        return (sum(map(ord, text)) % 11) / 10

    readout = Readout("judge", judge, max_new_tokens=3)
    options = {"sites": [Site(2)], "multipliers": (40.0,), "readout": readout}
    cube = sweep(gpt2_model, statements, {"u": direction(1)}, **options)
    assert cube.values.shape == (5, 1, 1, 2) and cube.source["readout"] == "judge" and len(seen) == 10
    expected = score_log_odds(np.array([[(sum(map(ord, t)) % 11) / 10] for t in seen]))
    assert np.allclose(cube.values[:, 0, 0, 0], expected[:5]) and np.allclose(cube.values[:, 0, 0, 1], expected[5:])
    assert seen[:5] != seen[5:]
    other = sweep(gpt2_model, statements, {"u": direction(1)}, **options, toward="unaligned")
    assert np.array_equal(other.values, -cube.values)
    with pytest.raises(WorkbenchError, match="without a judge"):
        sweep(gpt2_model, statements, {"u": direction(1)}, **ONE, readout=Readout("judge"))


@pytest.mark.parametrize(
    "change, words",
    [
        ({"sites": [Site(1, "resid_mid")]}, "may be read but not intervened on"),
        ({"sites": [Site(9)]}, "layers 0 to 3"),
        ({"sites": []}, "no sites"),
        ({"where": "middle"}, "position rule 'middle' is unknown"),
        ({"where": "response"}, "one-token answers"),
        ({"multipliers": (float("nan"), 1.0)}, "not all finite"),
        ({"prompt": "loud"}, "expected 'bare'"),
    ],
)
def test_settings_that_make_no_sense_are_one_line(gpt2_model, statements, direction, change, words):
    with pytest.raises(WorkbenchError, match=words) as caught:
        sweep(gpt2_model, statements, {"u": direction(1)}, **ONE | change)
    assert "\n" not in str(caught.value)


def test_directions_and_answers_that_do_not_fit_are_one_line(gpt2_model, statements, direction):
    same = Concept("same", (Pair("x", "g", "Do you?", " Yes", " Yes"),), statements.card)
    for concept, directions, words in (
        (statements, {}, "no directions"),
        (statements, {"u": {Site(0): direction(1)}}, "'u' has none for layer 1"),
        (statements, {"u": direction(1, width=8)}, "8 numbers; expected 32"),
        (same, {"u": direction(1)}, "twice the answer"),
        (statements.select(()), {"u": direction(1)}, "no pairs"),
    ):
        with pytest.raises(WorkbenchError, match=words) as caught:
            sweep(gpt2_model, concept, directions, **ONE)
        assert "\n" not in str(caught.value)


def test_an_intervention_that_changes_the_shape_is_refused(gpt2_model, statements, direction):
    with pytest.raises(WorkbenchError, match="expected the same shape"):
        sweep(gpt2_model, statements, {"u": direction(1)}, **ONE, intervention=lambda h, d, m, mask: h[:, -1:])
