"""Texts that begin alike give the numbers of whole texts, with fewer tokens run; memory that runs out is halved."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench import activations as module
from workbench.activations import extract
from workbench.models import Budget, families, halving, hooked, load, planned
from workbench.prompts import PROMPT_TYPES
from workbench.types import Card, Concept, Pair, Site, WorkbenchError

CARD = Card("likes", "Likes", style="question", trait="a taste for it")
WORDS = ("tea", "long walks", "x", "rain at night", "maps", "tea leaves", "old clocks", "jam")
SWAP = ((" Yes", " No"), (" No", " Yes"))
PAIRS = tuple(Pair(f"p{i}", f"g{i // 2}", f"{w}?", *SWAP[i % 2]) for i, w in enumerate(WORDS))
CONCEPT = Concept("likes", PAIRS, CARD)
SHOTS = tuple(Pair(f"s{i}", f"s{i}", f"{w}?", *SWAP[i % 2]) for i, w in enumerate("abcde"))
SITES = [Site(1), Site(3), Site(2, "resid_pre"), Site(0, "mlp_out"), Site(1, "z"), Site(1, "z", 2),
         Site(2, "resid_mid")]  # fmt: skip
FAMILIES = ("gpt2", "llama", "qwen2", "qwen3", "mistral", "gemma", "gemma2", "gemma3_text", "gpt_neox", "opt")


@pytest.fixture
def whole(monkeypatch):
    """Switches sharing off, for what is compared with."""

    def off():
        monkeypatch.setattr(module, "worth_sharing", lambda *_: [])

    return off


def run_tokens(model) -> tuple[list[int], object]:
    """A count of the tokens that enter block 0, and the hook that counts."""
    seen = [0]

    def count(activation, hook):
        seen[0] += activation.shape[0] * activation.shape[1]

    return seen, hooked(model, {"blocks.0.hook_resid_pre": count})


def test_families_save_the_most_tokens():
    rows = [[1, 2, 3, 4], [1, 2, 3, 5], [1, 9], [7, 7]]
    found = families(rows, [len(r) - 1 for r in rows])
    assert sorted((f.members, f.length) for f in found) == [((0, 1), 3), ((2,), 0), ((3,), 0)]
    trunk = [[0, 0, 0, 0, i] for i in range(4)]
    (one,) = families(trunk, [4] * 4)
    assert sorted(one.members) == [0, 1, 2, 3] and one.length == 4 and one.saved == 12
    assert all(f.length <= 2 for f in families(trunk, [2] * 4))
    assert [f.saved for f in families([[5]], [0])] == [0]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=1, max_size=8), st.integers(0, 5))
def test_families_are_a_partition_and_what_they_share_is_shared(rows, most):
    limits = [min(most, len(row) - 1) for row in rows]
    found = families(rows, limits)
    assert sorted(i for f in found for i in f.members) == list(range(len(rows)))
    for f in found:
        assert all(rows[i][: f.length] == rows[f.members[0]][: f.length] and f.length <= limits[i] for i in f.members)


@pytest.mark.parametrize("prompt_type", PROMPT_TYPES)
def test_every_prompt_type_equals_whole_texts(any_model, prompt_type, whole):
    options = {"prompt_type": prompt_type, "sites": SITES, "shots": SHOTS}
    seen, counting = run_tokens(any_model)
    with counting:
        found = extract(any_model, CONCEPT, **options, batch_tokens=120)
        shared = seen[0]
        whole()
        plain = extract(any_model, CONCEPT, **options)
    assert shared < 0.75 * (seen[0] - shared)
    for site in SITES:
        assert torch.equal(found[site].mask, plain[site].mask) and found[site].source == plain[site].source
        torch.testing.assert_close(found[site].values, plain[site].values, atol=1e-5, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("rule", ["last", "last_k:3", "answer"])
def test_every_family_equals_whole_texts_or_is_run_whole(family, rule, byte_tokenizer, tiny_module, whole):
    window = {"sliding_window": 6} if family in ("mistral", "gemma2", "gemma3_text") else {}
    model = load(tiny_module(family, len(byte_tokenizer), **window), tokenizer=byte_tokenizer)
    options = {"prompt_type": "prefilled", "sites": [Site(0), Site(2)], "rule": rule}
    found = extract(model, CONCEPT, **options)
    whole()
    plain = extract(model, CONCEPT, **options)
    for site in options["sites"]:
        torch.testing.assert_close(found[site].values, plain[site].values, atol=1e-5, rtol=1e-5)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    heads=st.lists(st.text("ab ", max_size=9), min_size=1, max_size=3),
    tails=st.lists(st.text("xy.", min_size=1, max_size=7), min_size=1, max_size=4),
    batch_tokens=st.sampled_from([1, 40, 400]),
)
def test_any_ragged_texts_equal_whole_ones(any_model, heads, tails, batch_tokens):
    from workbench.activations import extract_texts

    texts = [head + tail for head in heads for tail in tails]
    together = extract_texts(any_model, texts, [Site(2)], batch_tokens=batch_tokens)[Site(2)]
    alone = torch.cat([extract_texts(any_model, [t], [Site(2)])[Site(2)].values for t in texts])
    torch.testing.assert_close(together.values, alone, atol=1e-5, rtol=0)


def test_rules_that_keep_the_beginning_and_steered_models_are_run_whole(gpt2_model):
    total = sum(1 + len(text) for text in ("abcdefgh", "abcdefgi"))
    from workbench.activations import extract_texts

    for model, rule, expected in (
        (gpt2_model, "last", 8 + 2),
        (gpt2_model, "all", total),
        (gpt2_model.altered("nothing", (("blocks.1.hook_resid_post", lambda activation, hook: None),)), "last", total),
    ):
        seen, counting = run_tokens(model)
        with counting:
            extract_texts(model, ["abcdefgh", "abcdefgi"], [Site(2)], rule)
        assert seen[0] == expected


def test_a_budget_gives_the_same_plan_everywhere_and_bounds_it(gpt2_model, llama_model):
    assert Budget(1.0).tokens(gpt2_model, 16) == Budget(1.0).tokens(gpt2_model, 16) > Budget(0.5).tokens(gpt2_model, 16)
    assert Budget(1.0).tokens(llama_model, 16) > Budget(1.0).tokens(gpt2_model, 16), "fewer keys and values"
    assert Budget(1e-9).tokens(gpt2_model, 40) == 40, "one text is always possible"
    assert planned(7, gpt2_model, [1]) == 7 and planned(Budget(1.0), gpt2_model, [3, 16]) == Budget(1.0).tokens(
        gpt2_model, 16
    )
    for wrong in (lambda: Budget(0), lambda: planned(0, gpt2_model, [])):
        with pytest.raises(WorkbenchError, match="expected"):
            wrong()


def test_out_of_memory_halves_the_batch_and_goes_on():
    calls = []

    def run(part, tokens):
        calls.append((len(part), tokens))
        if len(part) * 10 > 25:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return sum(part)

    def split(part):
        return [part[: len(part) // 2], part[len(part) // 2 :]] if len(part) > 1 else [part]

    with pytest.warns(UserWarning, match="going on with"):
        found = list(halving(run, [[1, 2, 3, 4], [5]], 64, split))
    assert [sum(part) for part, _ in found] == [3, 7, 5] == [result for _, result in found]
    assert calls == [(4, 64), (2, 32), (2, 32), (1, 32)]

    def never(part, tokens):
        raise torch.OutOfMemoryError("CUDA out of memory\nmore lines")

    with pytest.warns(UserWarning), pytest.raises(WorkbenchError, match="device with more memory") as error:
        list(halving(never, [[1, 2]], 4, split))
    assert "\n" not in str(error.value)


def test_extraction_survives_running_out_of_memory(gpt2_model, monkeypatch):
    sites, options = [Site(2)], {"prompt_type": "5-shot", "shots": SHOTS}
    calm = extract(gpt2_model, CONCEPT, sites=sites, **options)[Site(2)]
    from workbench.models import shared

    real = shared.step

    def tight(model, state, tokens, **settings):
        if tokens.numel() > 40:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(model, state, tokens, **settings)

    monkeypatch.setattr(shared, "step", tight)
    with pytest.warns(UserWarning, match="out of memory"):
        found = extract(gpt2_model, CONCEPT, sites=sites, **options)[Site(2)]
    torch.testing.assert_close(found.values, calm.values, atol=1e-5, rtol=0)
