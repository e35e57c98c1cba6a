"""A hook that a user registers with torch itself, on any module inside the blocks, is heard by every fast path."""

import numpy as np
import pytest
import torch

from workbench.activations import extract
from workbench.models import encode, forward, load, prefix, step, unembed
from workbench.models.unhooked import may_run_unhooked
from workbench.sweep import plain_sweep, sweep
from workbench.types import Site

OPTIONS = {"sites": [Site(0), Site(2)], "multipliers": (-1.0, 2.0)}
TEXTS = ["Hello there", "Is it? Yes", "a longer text than the others are"]


def doubled(module, inputs, output):
    """A block's output, or a part's, twice as large."""
    return (2 * output[0], *output[1:]) if isinstance(output, tuple) else 2 * output


def outer(model):
    return model.bridge.blocks[1]


def inner(model):
    """A module of transformers, within the wrapping."""
    return model.bridge.blocks[2].mlp.original_component


def attention(model):
    """A part of the bridge that a fused pass leaves out."""
    return model.bridge.blocks[2].attn


PLACES = {"gpt2 block": outer, "llama attention": attention, "qwen2 block": outer, "gpt2 inner mlp": inner}


@pytest.fixture(params=PLACES)
def heard(request):
    """The model while a torch hook doubles something in it, which was run without hooks before, and is again."""
    model = request.getfixturevalue(f"{request.param.split()[0]}_model")
    batch = encode(model, TEXTS)
    assert may_run_unhooked(model)
    before = forward(model, batch)
    handle = PLACES[request.param](model).register_forward_hook(doubled)
    assert (forward(model, batch) - before).abs().max() > 0.01, "a hook that does nothing tests nothing"
    yield model
    handle.remove()
    assert may_run_unhooked(model), "removed, so nobody listens"


@pytest.mark.parametrize("where", ["all", "last"])
def test_a_sweep_hears_it(heard, statements, direction, where):
    fast = sweep(heard, statements, {"u": direction(1)}, **OPTIONS, where=where)
    slow = plain_sweep(heard, statements, {"u": direction(1)}, **OPTIONS, where=where)
    assert np.allclose(fast.values, slow.values, atol=1e-5, rtol=2e-6)


def test_prefix_and_step_hear_it(heard):
    batch = encode(heard, TEXTS)
    state = prefix(heard, batch)
    final = step(heard, state, state.rest[:, None])[:, 0, 0]
    torch.testing.assert_close(unembed(heard, final), forward(heard, batch, positions="last"), atol=1e-5, rtol=0)


def test_extraction_hears_it(heard, small_concept):
    """A site inside a block makes the same call run through the bridge."""
    site = Site(3)
    found = extract(heard, small_concept, sites=[site])[site].values
    bridge = extract(heard, small_concept, sites=[site, Site(3, "attn_out")])[site].values
    torch.testing.assert_close(found, bridge, atol=1e-5, rtol=0)


@pytest.mark.parametrize("register", ["register_forward_pre_hook", "register_full_backward_hook",
                                      "register_full_backward_pre_hook", "register_forward_hook"])  # fmt: skip
def test_every_kind_of_hook_brings_the_bridge_back(gpt2_model, register):
    handle = getattr(inner(gpt2_model), register)(lambda *given: None)
    assert not may_run_unhooked(gpt2_model)
    handle.remove()
    assert may_run_unhooked(gpt2_model)


def test_a_hook_on_every_module_of_the_process_too(gpt2_model):
    handle = torch.nn.modules.module.register_module_forward_hook(lambda *given: None)
    try:
        assert not may_run_unhooked(gpt2_model)
    finally:
        handle.remove()
    assert may_run_unhooked(gpt2_model)


def test_a_hook_that_was_there_before_the_first_pass_is_heard_and_remembered_by_nobody(tiny_module, byte_tokenizer):
    """Had the comparison with the bridge been made under the hook, the model would be slow for ever after."""
    model = load(tiny_module("llama", len(byte_tokenizer)), tokenizer=byte_tokenizer)
    handle = inner(model).register_forward_hook(doubled)
    assert not may_run_unhooked(model)
    handle.remove()
    assert may_run_unhooked(model)


def test_what_the_libraries_attach_for_themselves_is_no_listener(tiny_module, byte_tokenizer):
    """TransformerLens and transformers leave hooks of their own in a model once it has run."""
    model = load(tiny_module("qwen2", len(byte_tokenizer)), tokenizer=byte_tokenizer)
    batch = encode(model, TEXTS)
    with torch.no_grad():
        model.bridge(batch.ids, attention_mask=batch.mask.long(), output_attentions=True)
    left = [fn for module in model.bridge.blocks.modules()
            for fn in (*module._forward_hooks.values(), *module._forward_pre_hooks.values())]  # fmt: skip
    assert left, "nothing to tell apart"
    assert may_run_unhooked(model)
