"""Stochastic depth by token: the shares are what they say, the mean is kept, and inference is untouched."""

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from workbench.training.noise import mlps, token_drop
from workbench.types import WorkbenchError


@pytest.fixture()
def model():
    torch.manual_seed(0)
    nothing = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0)
    ends = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), 0)
    return GPT2LMHeadModel(GPT2Config(vocab_size=16, n_positions=32, n_embd=16, n_layer=2, n_head=2, **nothing, **ends))


def outputs(model, layer: int, shares) -> torch.Tensor:
    """What the MLP of a layer gives to the stream, [batch, position, d_model]."""
    seen = []
    with token_drop(model, shares):
        handle = mlps(model)[layer].register_forward_hook(lambda module, inputs, output: seen.append(output))
        model(torch.randint(0, 16, (200, 30), generator=torch.Generator().manual_seed(1)))
        handle.remove()
    return seen[0].detach()


def test_positions_are_left_out_one_by_one_and_the_mean_is_kept(model):
    torch.manual_seed(3)
    dropped = outputs(model.train(), 0, (0.75, 0.0))
    whole = outputs(model, 0, ())
    kept = dropped.abs().sum(-1) > 0
    assert kept.float().mean() == pytest.approx(0.25, abs=0.02)
    assert kept.any(1).all(), "whole rows were left out"
    assert torch.allclose(dropped[kept], whole[kept] * 4, atol=1e-6)


def test_a_share_of_zero_leaves_its_layer_alone(model):
    assert (outputs(model.train(), 1, (0.75, 0.0)).abs().sum(-1) > 0).all()


def test_inference_is_untouched_and_no_hook_stays(model):
    assert torch.equal(outputs(model.eval(), 0, (0.75, 0.5)), outputs(model, 0, ()))
    assert not any(module._forward_hooks for module in mlps(model))


def test_bad_shares_are_named(model):
    with pytest.raises(WorkbenchError, match="1 MLP drop shares for 2 layers"), token_drop(model, (0.5,)):
        pass
    with pytest.raises(WorkbenchError, match="out of range"), token_drop(model, (0.5, 1.0)):
        pass
