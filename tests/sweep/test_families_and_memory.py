"""Every family equals its plain pass or says that it takes it; memory is bounded, flat, and halved where it ends."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.models import Budget, hooked, load
from workbench.sweep import plain_sweep, run, sweep
from workbench.types import Card, Concept, Pair, Site, WorkbenchError

OTHERS = ("qwen3", "mistral", "gemma", "gemma2", "gemma3_text", "gpt_neox", "phi", "opt")
WINDOW = {"sliding_window": 6}


def same(one, other) -> bool:
    return np.allclose(one.values, other.values, atol=1e-5, rtol=2e-6)


@pytest.mark.parametrize("family", OTHERS)
@pytest.mark.parametrize("where", ["all", "last"])
def test_other_families_equal_the_plain_pass_or_say_that_they_take_it(  # noqa: PLR0913
    family, where, tiny_module, byte_tokenizer, statements, direction, recwarn
):
    changed = WINDOW if family in ("mistral", "gemma2", "gemma3_text") else {}
    model = load(tiny_module(family, len(byte_tokenizer), **changed), tokenizer=byte_tokenizer)
    options = {"sites": [Site(0), Site(2)], "multipliers": (-1.0, 2.0), "where": where}
    fast = sweep(model, statements, {"u": direction(1)}, **options)
    assert same(fast, plain_sweep(model, statements, {"u": direction(1)}, **options))
    noticed = any("full passes" in str(warning.message) for warning in recwarn)
    assert noticed == (fast.source["method"] == "plain"), "never silently another way"
    assert np.ptp(fast.values, axis=-1).max() > 0.01


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    family=st.sampled_from(["gpt2", "llama", "qwen2"]),
    seed=st.integers(0, 99),
    shape=st.tuples(st.sampled_from([(16, 2, 1), (24, 3, 3), (32, 4, 2)]), st.integers(1, 5)),
    texts=st.lists(st.text("abc XYZ.", min_size=1, max_size=30), min_size=1, max_size=6),
    where=st.sampled_from(["all", "last", "answer", "last_k:2"]),
)
def test_random_shapes_equal_the_plain_pass(  # noqa: PLR0913
    tiny_module, byte_tokenizer, direction, family, seed, shape, texts, where
):
    """Width, heads, grouped key-value heads, depth, ragged lengths and position rules drawn at random."""
    (width, heads, kv), layers = shape
    sized = {"n_embd": width, "n_head": heads, "n_layer": layers} if family == "gpt2" else {
        "hidden_size": width, "num_attention_heads": heads, "num_key_value_heads": kv, "head_dim": width // heads,
        "num_hidden_layers": layers, "intermediate_size": 2 * width}  # fmt: skip
    model = load(tiny_module(family, len(byte_tokenizer), seed, **sized), tokenizer=byte_tokenizer)
    pairs = tuple(Pair(f"{i}", f"g{i}", text, " Yes", " No") for i, text in enumerate(texts))
    concept = Concept("any", pairs, Card("any", "Any", style="question"))
    options = {"sites": [Site(k) for k in range(layers)], "multipliers": (-1.0, 2.0), "where": where}
    named = {"u": direction(seed, width=width)}
    fast = sweep(model, concept, named, **options, batch_tokens=97)
    assert same(fast, plain_sweep(model, concept, named, **options))


@pytest.mark.parametrize("where", ["all", "last", "answer"])
def test_running_out_of_memory_halves_the_batch_and_changes_no_number(llama_model, toy, direction, where, monkeypatch):
    options = {"sites": [Site(0), Site(2)], "multipliers": (-1.0, 1.0, 2.0), "where": where}
    calm = sweep(llama_model, toy, {"u": direction(1)}, **options)
    real, asked = run._run_bundle, []

    def tight(request, bundle, batch_tokens):
        asked.append((len(bundle.batch), batch_tokens))
        if len(bundle.batch) > 1 or batch_tokens > 300:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate\nmore")
        return real(request, bundle, batch_tokens)

    monkeypatch.setattr(run, "_run_bundle", tight)
    with pytest.warns(UserWarning, match="going on with"):
        found = sweep(llama_model, toy, {"u": direction(1)}, **options)
    assert same(found, calm) and asked[-1] == (1, min(size for _, size in asked))


def test_no_memory_at_all_is_one_line(gpt2_model, statements, direction, monkeypatch):
    def never(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(run, "_run_bundle", never)
    with pytest.warns(UserWarning), pytest.raises(WorkbenchError, match="one text and one token at a time"):
        sweep(gpt2_model, statements, {"u": direction(1)}, sites=[Site(1)])


@pytest.mark.parametrize("where", ["all", "last"])
def test_memory_is_flat_in_the_number_of_prompts(gpt2_model, statements, direction, where):
    """No activation is larger for 60 prompts than the batch allows, and none larger than for 20."""

    def largest(copies: int) -> int:
        pairs = tuple(Pair(f"{p.id}-{i}", p.group, p.question, p.aligned, p.unaligned)
                      for i in range(copies) for p in statements.pairs)  # fmt: skip
        sizes = []
        spy = {
            f"blocks.{k}.hook_resid_post": lambda activation, hook: sizes.append(activation[..., 0].numel())
            for k in range(4)
        }
        with hooked(gpt2_model, spy):
            sweep(gpt2_model, statements.select(pairs), {"u": direction(1)}, sites=[Site(0)], where=where,
                  multipliers=(-1.0, 1.0), batch_tokens=300)  # fmt: skip
        return max(sizes)

    assert largest(12) <= max(largest(4), 300)


def test_a_budget_stands_for_tokens_and_is_written_into_the_cube(gpt2_model, stories, direction):
    options = {"sites": [Site(1)], "multipliers": (1.0,)}
    named, budgets = {"u": direction(1)}, (Budget(0.2), Budget(9))
    small, large = (sweep(gpt2_model, stories, named, **options, batch_tokens=budget) for budget in budgets)
    assert small.source["batch_tokens"] < large.source["batch_tokens"] and same(small, large)
    again = sweep(gpt2_model, stories, {"u": direction(1)}, **options, batch_tokens=Budget(0.2))
    assert np.array_equal(again.values, small.values) and again.source == small.source
