"""The sweep equals the plain forward pass with hooks: every family, site, position rule, answer length and dose."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.evaluation import slopes
from workbench.interventions import Ablate, Add, Clamp, Conditional, Rotate, steer
from workbench.models import hooked, load
from workbench.sweep import plain_sweep, sweep
from workbench.types import Card, Concept, Direction, Pair, Site

INSIDE = (
    Site(0, "resid_pre"), Site(2, "resid_pre"), Site(1, "attn_out"), Site(3, "mlp_out"), Site(2, "z"), Site(2, "z", 1),
)  # fmt: skip
WHERE = ("all", "after_prompt", "answer", "last", "last_k:3")


def same(one, other) -> bool:
    return np.allclose(one.values, other.values, atol=1e-5, rtol=2e-6)


@pytest.mark.parametrize("where", WHERE)
def test_equals_the_plain_sweep(any_model, toy, direction, where):
    sites = [Site(0), Site(3)]
    directions = {"own": {s: direction(i) for i, s in enumerate(sites)}, "other": direction(9, gap=1.0)}
    options = {"sites": sites, "multipliers": (-2.0, 0.0, 1.0), "where": where}
    fast = sweep(any_model, toy, directions, **options, batch_tokens=150)
    slow = plain_sweep(any_model, toy, directions, **options)
    assert same(fast, slow)
    moved = np.abs(fast.values - fast.values[..., [1]]).max((0, 2, 3))
    assert (moved > 0.05).all(), "a site without any effect tests nothing"


@pytest.mark.parametrize("where", ["all", "last", "answer"])
def test_equals_single_unpadded_texts_run_through_the_bridge_itself(any_model, toy, direction, where):
    """An oracle that shares no code with the sweep: one text at a time, TransformerLens' own hooks, by hand."""
    model, sites, named = any_model, [Site(2), Site(1)], {"u": direction(3), "a": direction(4)}
    cube = sweep(model, toy, named, sites=sites, multipliers=(1.5, -1), where=where)

    def log_p(prompt: str, answer: str, site: Site, u: Direction, dose: float) -> float:
        ask = model.tokenizer(prompt)["input_ids"]
        ids = torch.tensor([[model.tokenizer.bos_token_id, *ask, *model.tokenizer(answer)["input_ids"]]])
        end = len(ask) + 1
        touched = {"all": slice(None), "last": slice(end - 1, end), "answer": slice(end - 1, ids.shape[1] - 1)}[where]

        def push(h, hook):
            h = h.clone()
            h[:, touched] += dose * u.gap * u.vector
            return h

        with torch.no_grad():
            logits = model.bridge.run_with_hooks(ids, fwd_hooks=[(site.hook, push)])[0].log_softmax(-1)
        return float(logits[end - 1 : -1].gather(1, ids[0, end:, None]).sum())

    frame = "{}" if toy.card.style == "story" else "Question: {}\n\nAnswer:"
    asked = [(frame.format(p.question), p.aligned, p.unaligned) for p in toy.pairs]
    for site in sites:
        for name, u in named.items():
            doses = [(site, u, dose) for dose in (-1, 0, 1.5)]
            expected = [[log_p(q, yes, *d) - log_p(q, no, *d) for d in doses] for q, yes, no in asked[1:3]]
            assert np.allclose(cube.curve(site, name)[1:3], expected, atol=2e-5, rtol=2e-6)


@pytest.mark.parametrize("where", ["all", "answer"])
@pytest.mark.parametrize("site", INSIDE, ids=str)
def test_other_streams_equal_the_plain_sweep(any_model, stories, direction, site, where):
    width = 8 if site.head is not None else 32
    directions = {"a": direction(1, site, width), "b": direction(2, site, width)}
    options = {"sites": [site], "multipliers": (2.0,), "where": where}
    fast = sweep(any_model, stories, directions, **options, batch_tokens=150)
    assert same(fast, plain_sweep(any_model, stories, directions, **options))
    assert np.ptp(fast.values, axis=-1).max() > 0.01


@pytest.mark.parametrize("where", ["all", "last_k:2"])
def test_any_intervention_equals_the_plain_sweep(gpt2_model, toy, direction, where):
    kinds = (Add(), Ablate(), Clamp(2.0, "floor"), Rotate(40.0), Conditional(Add(), direction(5), 0.1, 4.0))
    for kind in kinds:
        options = {"sites": [Site(0)], "multipliers": (-1.0, 0.5), "where": where, "intervention": kind}
        directions = {"a": direction(1), "b": direction(2)}
        fast = sweep(gpt2_model, toy, directions, **options, batch_tokens=300)
        assert same(fast, plain_sweep(gpt2_model, toy, directions, **options)), kind
        if kind == Add():
            options.pop("intervention")
            assert same(fast, sweep(gpt2_model, toy, directions, **options)), "adding is the default"


@pytest.mark.parametrize("where", ["all", "last"])
@pytest.mark.parametrize("own", ["all", "last", "answer"])
def test_a_model_that_is_already_steered(llama_model, toy, direction, where, own):
    """Its own hooks act first, also where they sit at the swept site, below it or above it."""
    steered = steer(llama_model, [direction(1, Site(0)), direction(2, Site(2, "resid_pre"))], 0.7, where=own)
    sites = [Site(0), Site(2, "resid_pre")]
    options = {"sites": sites, "multipliers": (-1.0, 1.0), "where": where}
    fast = sweep(steered, toy, {"u": direction(3)}, **options)
    assert same(fast, plain_sweep(steered, toy, {"u": direction(3)}, **options))
    bare = sweep(llama_model, toy, {"u": direction(3)}, **options)
    assert np.abs(fast.values - bare.values).max() > 0.01 and fast.source["model"] != bare.source["model"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text("abc XYZ.", min_size=1, max_size=25), min_size=1, max_size=6),
    doses=st.lists(st.floats(-3, 3, width=16), min_size=1, max_size=3, unique=True),
    place=st.tuples(st.sampled_from(WHERE), st.integers(0, 3)),
    batch_tokens=st.integers(1, 400),
)
def test_any_prompts_doses_and_batch_sizes(llama_model, direction, texts, doses, place, batch_tokens):
    where, layer = place
    pairs = tuple(Pair(f"p{i}", "g", text, " Yes", " No no") for i, text in enumerate(texts))
    concept = Concept("any", pairs, Card("any", "Any", style="story"))
    options = {"sites": [Site(layer)], "multipliers": doses, "where": where}
    fast = sweep(llama_model, concept, {"u": direction(1)}, **options, batch_tokens=batch_tokens)
    assert same(fast, plain_sweep(llama_model, concept, {"u": direction(1)}, **options))


def test_zero_is_one_clean_run_and_multipliers_are_sorted(any_model, statements, direction):
    options = {"sites": [Site(0), Site(2)], "where": "all"}
    cube = sweep(any_model, statements, {"a": direction(1), "b": direction(2)}, multipliers=(1, -1), **options)
    assert cube.multipliers == (-1.0, 0.0, 1.0) and cube.values.shape == (5, 2, 2, 3)
    clean = cube.values[..., 1]
    assert (clean == clean[:, :1, :1]).all()
    only = sweep(any_model, statements, {"a": direction(1)}, multipliers=(0,), **options)
    assert only.multipliers == (0.0,) and np.array_equal(only.values[:, 0, 0, 0], clean[:, 0, 0])


def test_toward_the_other_pole_flips_the_sign_exactly(any_model, toy, direction):
    options = {"sites": [Site(1)], "multipliers": (-1.0, 1.0)}
    one, other = (sweep(any_model, toy, {"u": direction(1)}, **options, toward=t) for t in ("aligned", "unaligned"))
    assert np.allclose(one.values, -other.values, atol=1e-5, rtol=2e-6)
    assert other.source["positive"] == [p.unaligned.strip() for p in toy.pairs]


def test_the_slope_of_a_planted_linear_readout_is_recovered(tiny_module, byte_tokenizer, statements, direction):
    """Blocks that add nothing and no last norm: the propensity is linear, with a slope known from the weights."""
    module = tiny_module("llama", len(byte_tokenizer))
    for layer in module.model.layers:
        torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
        torch.nn.init.zeros_(layer.mlp.down_proj.weight)
    model = load(module, tokenizer=byte_tokenizer)
    model.bridge.ln_final.forward = lambda resid: resid
    u = direction(4, gap=30.0)
    yes, no = (model.tokenizer(t)["input_ids"][0] for t in (" Yes", " No"))
    weight = model.bridge.unembed.W_U.detach()
    planted = float(u.gap * u.vector @ (weight[:, yes] - weight[:, no]))
    cube = sweep(model, statements, {"u": u}, sites=[Site(1)])
    found = slopes(cube.curve(Site(1), "u"), cube.multipliers)
    assert abs(planted) > 0.05
    assert np.allclose(found, [planted * (1 if p.aligned == " Yes" else -1) for p in statements.pairs], atol=1e-5)


def test_only_the_upper_blocks_are_run_again(any_model, statements, direction):
    """Block 0 sees the prompts once, block 3 sees every variant."""
    seen = {0: 0, 2: 0}

    def count(layer):
        def hook(activation, hook):
            seen[layer] += len(activation)

        return hook

    with hooked(any_model, {f"blocks.{k}.hook_resid_pre": count(k) for k in seen}):
        sweep(any_model, statements, {"a": direction(1), "b": direction(2)}, sites=[Site(1)], multipliers=(-1, 1))
    assert seen == {0: 5, 2: 5 + 4 * 5}


def test_a_family_that_cannot_be_entered_is_swept_in_full_with_a_warning(tiny_module, byte_tokenizer, toy, direction):
    model = load(tiny_module("opt", len(byte_tokenizer)), tokenizer=byte_tokenizer)
    options = {"sites": [Site(1)], "multipliers": (1.0,)}
    with pytest.warns(UserWarning, match="full passes"):
        cube = sweep(model, toy, {"u": direction(1)}, **options)
    assert cube.source["method"] == "plain"
    assert same(cube, plain_sweep(model, toy, {"u": direction(1)}, **options))


def test_it_restores_the_model_and_needs_no_gradient(any_model, statements, direction):
    before = any_model.bridge.hook_dict["blocks.1.hook_resid_post"].fwd_hooks[:]
    vector = direction(1)
    vector.vector.requires_grad_()
    cube = sweep(any_model, statements, {"u": vector}, sites=[Site(1, "mlp_out")], multipliers=(1.0,))
    assert any_model.bridge.hook_dict["blocks.1.hook_resid_post"].fwd_hooks == before
    assert not any_model.bridge.hook_dict["blocks.1.hook_mlp_out"].fwd_hooks
    assert np.isfinite(cube.values).all()
