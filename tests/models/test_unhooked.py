"""Blocks without hook points: the bridge's numbers, and only where nobody listens inside."""

import pytest
import torch

from workbench.models import encode, forward, hooked, load, upper_blocks
from workbench.models.unhooked import FAMILIES, may_run_unhooked, run_unhooked
from workbench.types import Site

READ = slice(-2, None)


def streams(model, batch, start):
    """The stream entering block ``start`` and the bridge's own final stream."""
    return forward(model, batch, upto=start), forward(model, batch, upto=model.n_layers)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_equals_the_bridge_from_every_block_on(family, tiny_module, byte_tokenizer):
    settings = {"sliding_window": 6} if family == "mistral" else {}
    model = load(tiny_module(family, len(byte_tokenizer), **settings), tokenizer=byte_tokenizer)
    batch = encode(model, ["Hello there", "Is it? Yes", "a longer text than the others are", "x"])
    assert may_run_unhooked(model)
    for start in range(model.n_layers):
        entering, final = streams(model, batch, start)
        found = upper_blocks(model, entering, start, batch, READ)
        real = batch.real[:, READ]
        assert torch.allclose(found[real], final[:, READ][real], atol=1e-5)
        assert (entering[:, READ] - found)[real].abs().max() > 0.01, "blocks that do nothing test nothing"


def test_a_hook_inside_is_never_passed_by(gpt2_model):
    batch = encode(gpt2_model, ["Hello there", "and a longer one"])
    entering, final = streams(gpt2_model, batch, 1)
    assert may_run_unhooked(gpt2_model)
    with hooked(gpt2_model, [("blocks.2.mlp.hook_out", lambda activation, hook: 0 * activation)]):
        assert not may_run_unhooked(gpt2_model)
        assert not torch.allclose(upper_blocks(gpt2_model, entering, 1, batch, READ), final[:, READ], atol=1e-3)
    assert may_run_unhooked(gpt2_model)
    push = (Site(2).hook, lambda activation, hook: activation + 1)
    pushed = upper_blocks(gpt2_model, entering, 1, batch, READ, [push])
    assert not torch.allclose(pushed, final[:, READ], atol=1e-3)


def test_a_model_whose_blocks_are_something_else_keeps_the_bridge(tiny_module, byte_tokenizer):
    model = load(tiny_module("gpt2", len(byte_tokenizer), scale_attn_by_inverse_layer_idx=True),
                 tokenizer=byte_tokenizer)  # fmt: skip
    batch = encode(model, ["Hello there", "and a longer one"])
    entering, final = streams(model, batch, 0)
    assert not may_run_unhooked(model), "attention there is scaled by the layer"
    assert torch.allclose(upper_blocks(model, entering, 0, batch, READ), final[:, READ], atol=1e-6)


def test_changed_weights_are_the_ones_that_run(tiny_module, byte_tokenizer):
    """Edits and fine-tuning write into the modules that are called here, not into copies."""
    model = load(tiny_module("llama", len(byte_tokenizer)), tokenizer=byte_tokenizer)
    batch = encode(model, ["Hello there", "and a longer one"])
    assert may_run_unhooked(model)
    with torch.no_grad():
        model.bridge.blocks[2].mlp.original_component.down_proj.original_component.weight.mul_(2)
    entering, final = streams(model, batch, 1)
    assert torch.allclose(upper_blocks(model, entering, 1, batch, READ), final[:, READ], atol=1e-5)


def test_stops_where_asked(gpt2_model):
    from workbench.models.blocks import frame

    batch = encode(gpt2_model, ["Hello there", "and a longer one"])
    entering, between = forward(gpt2_model, batch, upto=0), forward(gpt2_model, batch, upto=2)
    with torch.inference_mode():
        found = run_unhooked(gpt2_model, entering, frame(gpt2_model, entering, batch), 0, 2)
    assert torch.allclose(found[batch.real], between[batch.real], atol=1e-5)
