"""Interventions do what their formulas say: on hand-made numbers, and as properties."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.interventions import Ablate, Add, Clamp, Conditional, Rotate
from workbench.interventions.dose import at
from workbench.types import Direction, Intervention, Site, WorkbenchError

SITE = Site(0)
KINDS = (Add(), Ablate(), Clamp(1.5), Clamp(0.5, "floor"), Clamp(0.5, "ceiling"), Rotate(20.0))


def direction(d: int = 6, gap: float = 2.5, seed: int = 0) -> Direction:
    vector = torch.randn(d, generator=torch.Generator().manual_seed(seed))
    return Direction(vector / vector.norm(), gap, SITE, "test")


def activations(seed: int, rows: int = 3, width: int = 4, d: int = 6) -> torch.Tensor:
    return torch.randn(rows, width, d, generator=torch.Generator().manual_seed(seed)) * 2


def everywhere(h: torch.Tensor) -> torch.Tensor:
    return torch.ones(h.shape[:2], dtype=torch.bool)


gated = Conditional(Add(), direction(seed=9), 0.3, 2.0)


@pytest.mark.parametrize("kind", [*KINDS, gated], ids=repr)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), bits=st.lists(st.booleans(), min_size=12, max_size=12))
def test_zero_dose_and_unmasked_positions_are_exactly_untouched(kind, seed, bits):
    h, mask = activations(seed), torch.tensor(bits).view(3, 4)
    assert isinstance(kind, Intervention)
    before = h.clone()
    out = kind(h, direction(), torch.tensor([0.0, 1.0, -0.5]), mask)
    assert torch.equal(h, before), "the input was changed in place"
    assert torch.equal(out[0], h[0])
    assert torch.equal(out[~mask], h[~mask])


@pytest.mark.parametrize("kind", [Add(), Ablate(), Clamp(1.5), gated], ids=repr)
def test_the_change_stays_on_the_direction(kind):
    h, v = activations(1), direction().vector
    change = kind(h, direction(), torch.tensor([1.0, -2.0, 0.5]), everywhere(h)) - h
    off = change - (change @ v)[..., None] * v
    assert change.norm() > 0.1 and off.norm() < 1e-5


def test_add_at_one_adds_the_mean_difference():
    h, u = activations(2), direction(gap=3.0)
    out = Add()(h, u, torch.tensor([1.0, -1.0, 2.0]), everywhere(h))
    assert torch.allclose(out[0] - h[0], 3.0 * u.vector.expand(4, 6), atol=1e-6)
    assert torch.allclose(out[1] - h[1], -3.0 * u.vector.expand(4, 6), atol=1e-6)
    assert torch.allclose(out[2] - h[2], 6.0 * u.vector.expand(4, 6), atol=1e-6)


def test_ablate_removes_and_two_reflects():
    h, u = activations(3), direction()
    out = Ablate()(h, u, torch.tensor([1.0, 2.0, 1.0]), everywhere(h))
    assert (out[0] @ u.vector).abs().max() < 1e-5
    assert torch.allclose(out[1] @ u.vector, -(h[1] @ u.vector), atol=1e-5)


def test_clamp_sets_the_coordinate_and_sides_act_on_one_side_only():
    h, u = activations(4), direction()
    one = torch.ones(3)
    before = h @ u.vector
    both, floor, ceiling = (Clamp(0.4, s)(h, u, one, everywhere(h)) @ u.vector for s in ("both", "floor", "ceiling"))
    assert torch.allclose(both, torch.full_like(both, 0.4), atol=1e-5)
    assert torch.allclose(floor, before.clamp(min=0.4), atol=1e-5)
    assert torch.allclose(ceiling, before.clamp(max=0.4), atol=1e-5)
    assert (before < 0.4).any() and (before > 0.4).any()
    with pytest.raises(WorkbenchError, match="both"):
        Clamp(0.4, "above")


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), angle=st.floats(1, 200), dose=st.floats(-2, 2))
def test_rotate_keeps_the_norm_and_turns_by_the_angle_up_to_the_pole(seed, angle, dose):
    h, u = activations(seed).double(), direction()
    out = Rotate(angle)(h, u, torch.full((3,), dose).double(), everywhere(h))
    assert torch.allclose(out.norm(dim=-1), h.norm(dim=-1), rtol=1e-8)
    unit = torch.nn.functional.normalize(u.vector.double(), dim=0)
    sine = lambda x: (x @ unit) / x.norm(dim=-1)  # noqa: E731
    expected = (torch.asin(sine(h)) + math.radians(angle) * dose).clamp(-math.pi / 2, math.pi / 2)
    assert torch.allclose(sine(out), expected.sin(), atol=1e-9)


def test_rotate_leaves_the_pole_alone():
    u = direction()
    h = (u.vector * 3).expand(1, 2, 6).clone()
    h[0, 1] = 0
    assert torch.equal(Rotate(30.0)(h, u, torch.ones(1), everywhere(h)), h)


def test_conditional_opens_where_the_gate_reads_more_than_the_threshold():
    h, u, gate = activations(5), direction(), direction(seed=9)
    hard = Conditional(Add(), gate, 0.2)
    out = hard(h, u, torch.ones(3), everywhere(h))
    inner = Add()(h, u, torch.ones(3), everywhere(h))
    is_open = (h @ gate.vector) > 0.2
    assert is_open.any() and not is_open.all()
    assert torch.equal(out[~is_open], h[~is_open]) and torch.allclose(out[is_open], inner[is_open])
    soft = Conditional(Add(), gate, 0.2, 3.0).opening(h)[..., 0]
    assert torch.allclose(soft, torch.sigmoid(3 * (h @ gate.vector - 0.2)), atol=1e-6)


def test_half_precision_stays_half_and_wrong_shapes_are_one_line():
    h, u = activations(6).bfloat16(), direction()
    for kind in (*KINDS, gated):
        assert kind(h, u, torch.ones(3), everywhere(h)).dtype == torch.bfloat16
    with pytest.raises(WorkbenchError, match="one multiplier per row") as caught:
        at(h, torch.ones(2), everywhere(h))
    assert "\n" not in str(caught.value)
