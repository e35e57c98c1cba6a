"""Hooks come and go whole, whatever happens in between."""

import pytest
import torch

from workbench.models import capture, encode, forward, hook_point, hooked
from workbench.types import Site, WorkbenchError

NAME = "blocks.1.hook_resid_post"


def hooks_on(model):
    return sum(len(point.fwd_hooks) + len(point._forward_hooks) for point in set(model.bridge.hook_dict.values()))


def nothing(activation, hook):
    return None


@pytest.mark.parametrize(("name", "says"), [
    ("blocks.9.hook_resid_post", "is unknown to tiny-gpt2"), ("nonsense", "is unknown"),
    ("blocks.1.hook_resid_mid", "MLP branch only"), ("blocks.1.attn.hook_result", "never fire"),
])
def test_a_hook_that_cannot_work_is_refused_and_none_is_left(gpt2_model, name, says):
    before = hooks_on(gpt2_model)
    with pytest.raises(WorkbenchError, match=says), hooked(gpt2_model, [(NAME, nothing), (name, nothing)]):
        pass
    assert hooks_on(gpt2_model) == before


def test_hooks_leave_also_after_an_error_and_outer_ones_stay(any_model):
    batch = encode(any_model, ["Hello"])
    outer = []

    def fail(activation, hook):
        raise RuntimeError("inside")

    with hooked(any_model, {NAME: lambda activation, hook: outer.append(1)}):
        with pytest.raises(RuntimeError, match="inside"):
            forward(any_model, batch, hooks=[(NAME, fail)])
        assert len(hook_point(any_model, NAME).fwd_hooks) == 1
        forward(any_model, batch)
    assert outer == [1, 1]
    assert hooks_on(any_model) == 0
    capture(any_model, batch, [Site(0)])
    assert hooks_on(any_model) == 0


def test_a_hook_may_ask_for_the_running_batch(any_model):
    batch = encode(any_model, ["Hello", "a"])
    seen = []

    def look(activation, hook, batch):
        seen.append(batch)
        return torch.where(batch.real[..., None], activation + 1, activation)

    forward(any_model, batch, hooks=[(NAME, look)])
    assert seen[0] is batch
    with (
        hooked(any_model, {NAME: look}),
        pytest.raises(WorkbenchError, match="outside a pass"),
        torch.no_grad(),
    ):
        any_model.bridge(batch.ids)


def test_two_hooks_at_one_place_act_in_order(any_model):
    batch = encode(any_model, ["Hello"])
    site = Site(1)
    clean = capture(any_model, batch, [site])[site]
    hooks = [(NAME, lambda activation, hook: activation + 1), (NAME, lambda activation, hook: activation * 2)]
    assert torch.allclose(capture(any_model, batch, [site], hooks=hooks)[site], (clean + 1) * 2, atol=1e-5)
