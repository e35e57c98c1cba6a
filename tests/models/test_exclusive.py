"""Two threads, one model: each gets what it would get alone (JupyterLab answers widgets in a thread of its own)."""

from threading import Event, Thread

import pytest
import torch

from workbench.editing.memory import Edit
from workbench.models import capture, encode, exclusive, forward, generate, hooked
from workbench.sweep.first_order import frozen
from workbench.types import Site

PROMPTS = ["a first prompt", "and a second one"]


def beside(act, meanwhile) -> tuple[list, bool]:
    """What ``act`` gives when another thread runs it during ``meanwhile(begun)``, and whether it had to wait."""
    found, waited = [], Event()
    thread = Thread(target=lambda: found.append(act()), daemon=True)

    def begin() -> None:
        thread.start()
        thread.join(0.5)
        if thread.is_alive():
            waited.set()

    meanwhile(begin)
    thread.join(30)
    assert not thread.is_alive()
    return found, waited.is_set()


@pytest.mark.parametrize("read", ["forward", "capture", "generate"])
def test_a_pass_waits_for_the_hooks_of_another_thread(gpt2_model, read):
    batch = encode(gpt2_model, PROMPTS)
    act = {
        "forward": lambda: forward(gpt2_model, batch, positions="last"),
        "capture": lambda: capture(gpt2_model, batch, [Site(1)])[Site(1)],
        "generate": lambda: generate(gpt2_model, PROMPTS, 4),
    }[read]
    alone = act()

    def meanwhile(begin):
        with hooked(gpt2_model, [("blocks.0.hook_resid_post", lambda activation, hook: activation * 0 + 1)]):
            begin()

    (found,), waited = beside(act, meanwhile)
    assert waited
    if read == "generate":
        assert found == alone
    else:
        torch.testing.assert_close(found, alone, atol=1e-5, rtol=1e-5)


def test_a_pass_waits_for_edited_weights_to_be_put_back(gpt2_model):
    batch = encode(gpt2_model, PROMPTS)
    alone = forward(gpt2_model, batch, positions="last")
    width = gpt2_model.bridge.cfg.d_mlp
    edit = Edit({0: torch.ones(gpt2_model.d_model, width, dtype=torch.float64)}, "test")

    def meanwhile(begin):
        with edit.applied(gpt2_model, 1.0) as edited:
            assert not torch.equal(forward(edited, batch, positions="last"), alone)
            begin()

    (found,), waited = beside(lambda: forward(gpt2_model, batch, positions="last"), meanwhile)
    assert waited and torch.equal(found, alone)


def test_an_altered_model_is_the_same_one_and_its_own_thread_goes_on(gpt2_model):
    altered = gpt2_model.altered("nothing", ())
    assert exclusive(altered) is exclusive(gpt2_model)
    with exclusive(gpt2_model):
        assert forward(altered, encode(altered, PROMPTS), positions="last").shape[0] == len(PROMPTS)


def test_what_one_thread_freezes_the_next_freezes_too(gpt2_model):
    """Read before the lock was had, the list of weights to freeze would be empty."""
    def inside() -> int:
        with frozen(gpt2_model):
            return sum(weight.requires_grad for weight in gpt2_model.bridge.parameters())

    def meanwhile(begin):
        with frozen(gpt2_model):
            begin()

    (taking,), waited = beside(inside, meanwhile)
    assert waited and taking == 0
    assert any(weight.requires_grad for weight in gpt2_model.bridge.parameters())
