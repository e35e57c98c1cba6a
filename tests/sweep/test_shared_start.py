"""What prompts begin with alike is run once per variant, and changes no number."""

import numpy as np
import pytest
import torch

import workbench.sweep.all_positions as all_positions
from workbench.models import load
from workbench.sweep import plain_sweep, shared_start, sweep
from workbench.types import Card, Concept, Pair, Site

TEXTS = ("Would you like to be asked?", "Would you like to stay?", "Would you like to go on for a while?", "Would I?")


@pytest.fixture
def alike():
    pairs = tuple(Pair(f"{i}", f"g{i}", text, " Yes", " No") for i, text in enumerate(TEXTS))
    return Concept("alike", pairs, Card("alike", "Alike", style="question"))


@pytest.mark.parametrize("family", ["gpt2", "llama", "qwen2", "mistral"])
@pytest.mark.parametrize("where", ["all", "last_k:20", "last_k:45"])
def test_equals_the_plain_pass(  # noqa: PLR0913
    family, where, tiny_module, byte_tokenizer, alike, direction, monkeypatch
):
    settings = {"sliding_window": 6} if family == "mistral" else {}
    model = load(tiny_module(family, len(byte_tokenizer), **settings), tokenizer=byte_tokenizer)
    lengths = []
    real = all_positions.run_after_shared

    def seen(*given):
        lengths.append(given[-1])
        return real(*given)

    monkeypatch.setattr(all_positions, "run_after_shared", seen)
    options = {"sites": [Site(0), Site(1, "resid_pre"), Site(2)], "multipliers": (-1.0, 2.0), "where": where}
    found = sweep(model, alike, {"u": direction(1), "v": direction(2)}, **options)
    slow = plain_sweep(model, alike, {"u": direction(1), "v": direction(2)}, **options)
    assert np.allclose(found.values, slow.values, atol=1e-5, rtol=2e-6)
    assert where != "all" or (lengths and min(lengths) >= 10), "the common beginning was to be run once"


def test_a_beginning_that_is_touched_differently_is_not_shared(gpt2_model, alike, direction):
    """With the last 20 tokens touched, rows of different length part where the first of them is touched."""
    from workbench.sweep.readouts import bundles
    from workbench.sweep.request import request

    def shared(where):
        asked = request(gpt2_model, alike, {"u": direction(1)}, sites=[Site(0)], where=where)
        (bundle,) = bundles(gpt2_model, asked.questions(), where, 1, 4096)
        return shared_start.shared_start(gpt2_model, bundle)

    assert shared("all") > shared("last_k:40") >= 0


def test_texts_with_nothing_in_common_are_run_whole(gpt2_model, direction):
    pairs = tuple(Pair(f"{i}", f"g{i}", f"{chr(97 + i)} text", " Yes", " No") for i in range(3))
    plain = Concept("other", pairs, Card("other", "Other", style="story"))
    with torch.no_grad():
        found = sweep(gpt2_model, plain, {"u": direction(1)}, sites=[Site(0)], multipliers=(1.0,))
    slow = plain_sweep(gpt2_model, plain, {"u": direction(1)}, sites=[Site(0)], multipliers=(1.0,))
    assert np.allclose(found.values, slow.values, atol=1e-5, rtol=2e-6)
