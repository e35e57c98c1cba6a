"""Steer is a control: another digest, hooks in every pass of the yielded model, nothing left on the bare one."""

import pytest
import torch

from workbench.interventions import Ablate, Add, Clamp, Conditional, Steer, intervene, steer
from workbench.models import encode, forward, generate
from workbench.types import Control, Direction, Site, WorkbenchError

TEXTS = ["Do you?", "I would like to be seen", "x"]


def direction(seed: int, site: Site, gap: float = 4.0) -> Direction:
    vector = torch.randn(32, generator=torch.Generator().manual_seed(seed))
    return Direction(vector / vector.norm(), gap, site, f"random {seed}")


def test_what_it_yields_is_the_hooked_forward_and_the_model_is_left_alone(any_model):
    u, v = direction(1, Site(0)), direction(2, Site(2))
    control = Steer(Add(), [u, v])
    assert isinstance(control, Control)
    batch = encode(any_model, TEXTS)
    bare = forward(any_model, batch, positions="last")
    pairs = [(d.site.hook, lambda h, hook, d=d: h + 1.5 * d.step) for d in (u, v)]
    expected = forward(any_model, batch, hooks=pairs, positions="last")
    with control.applied(any_model, 1.5) as steered:
        assert torch.allclose(forward(steered, batch, positions="last"), expected, atol=1e-5)
        assert torch.equal(forward(any_model, batch, positions="last"), bare)
    assert torch.allclose(intervene(any_model, TEXTS, control, 1.5), expected, atol=1e-5)
    assert torch.allclose(intervene(any_model, batch, control, 0.0), bare, atol=1e-6)
    assert (expected - bare).abs().max() > 0.1


def test_every_difference_shows_in_the_digest(any_model):
    u, v = direction(1, Site(0)), direction(2, Site(0))
    controls = [
        Steer(Add(), u), Steer(Add(), v), Steer(Add(), [u, v]), Steer(Ablate(), u), Steer(Add(), u, "last"),
        Steer(Clamp(1.0), u), Steer(Clamp(1.5), u), Steer(Add(), direction(1, Site(1))),
        Steer(Add(), direction(1, Site(0), 4.5)),
        Steer(Conditional(Add(), u, 0.1), v), Steer(Conditional(Add(), v, 0.1), v),
    ]  # fmt: skip
    digests = {any_model.digest}
    for control in controls:
        for strength in (0.0, 1.0, -1.0):
            with control.applied(any_model, strength) as steered:
                digests.add(steered.digest)
    assert len(digests) == 1 + 3 * len(controls)
    with Steer(Add(), direction(1, Site(0))).applied(any_model, 1.0) as again:
        assert again.digest in digests


def test_controls_nest_and_each_acts(any_model):
    one, two = Steer(Add(), direction(1, Site(1))), Steer(Ablate(), direction(2, Site(1)))
    with one.applied(any_model, 2.0) as first, two.applied(first, 1.0) as second:
        assert len({any_model.digest, first.digest, second.digest}) == 3
        both = intervene(first, TEXTS, two, 1.0)
        assert torch.equal(both, forward(second, encode(second, TEXTS), positions="last"))
        assert not torch.allclose(both, intervene(any_model, TEXTS, two, 1.0), atol=1e-3)


@pytest.mark.parametrize("where", ["last", "after_prompt", "all"])
def test_positions_hold_while_generating_with_a_cache(any_model, where):
    """Generated with the cache or as one growing text without it, the continuation is the same."""
    u = direction(3, Site(1), gap=30.0)
    steered = steer(any_model, u, 1.0, where=where)
    written = generate(steered, TEXTS[:1], 5)[0]
    assert written != generate(any_model, TEXTS[:1], 5)[0]
    ids = encode(any_model, TEXTS[:1]).ids
    start = ids.shape[1]
    touched = {"last": slice(start - 1, start), "after_prompt": slice(start - 1, None), "all": slice(None)}[where]

    def push(h, hook):
        h = h.clone()
        h[:, touched] += u.step
        return h

    for _ in range(5):
        with torch.no_grad():
            logits = any_model.bridge.run_with_hooks(ids, fwd_hooks=[(u.site.hook, push)])
        ids = torch.cat([ids, logits[:, -1].argmax(-1, keepdim=True)], 1)
    assert written == any_model.tokenizer.decode(ids[0, start:], skip_special_tokens=True)


def test_what_cannot_be_steered_is_one_line(any_model):
    for make, words in (
        (lambda: Steer(Add(), []), "without directions"),
        (lambda: Steer(Add(), direction(1, Site(0)), "middle"), "position rule"),
        (lambda: steer(any_model, direction(1, Site(0, "resid_mid"))), "may be read"),
        (lambda: steer(any_model, direction(1, Site(7))), "beyond"),
    ):
        with pytest.raises(WorkbenchError, match=words) as caught:
            make()
        assert "\n" not in str(caught.value)
