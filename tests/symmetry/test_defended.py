"""Retention and selectivity of defences whose effect is known: stiffness, a one-sided kink, and the floor itself."""

import numpy as np
import pytest
import torch

from workbench.interventions import Clamp
from workbench.symmetry import Gains
from workbench.symmetry.defended import retention
from workbench.types import Direction, Site, WorkbenchError

GROUPS = tuple(str(i // 2) for i in range(12))


def made(scale: tuple[float, float], seed: int, concepts: int = 8) -> list[Gains]:
    rng = np.random.default_rng(seed)
    strength = rng.gamma(20, 1 / 10, size=(concepts, 1)) + rng.normal(0, 0.1, (concepts, 12))
    return [Gains(scale[0] * row, scale[1] * row, GROUPS, str(i)) for i, row in enumerate(strength)]


def test_a_stiff_model_is_not_selective_and_a_one_sided_defence_is():
    stiff = retention(made((1, 1), 0), made((0.3, 0.3), 0))
    assert stiff.aligned.covers(0.3) and stiff.selectivity.estimate == pytest.approx(0, abs=1e-12)
    one_sided = retention(made((1, 1), 0), made((0.95, 0.1), 0))
    assert one_sided.selectivity.low > 0.8 and one_sided.unaligned.high < 0.2


def test_three_units_give_no_interval_and_four_do():
    few, more = (retention(made((2.0, 2.0), 0, n), made((2.0, 0.4), 1, n)) for n in (3, 4))
    assert np.isinf(few.unaligned.high) and "3 units only" in few.unaligned.method
    assert few.unaligned.estimate == pytest.approx(0.2, abs=0.1) and np.isfinite(more.unaligned.high)


def test_nothing_can_be_kept_of_nothing():
    rng = np.random.default_rng(1)
    nothing = [Gains(rng.normal(0, 1, 12), rng.normal(2, 0.1, 12), GROUPS, str(i)) for i in range(8)]
    found = retention(nothing, nothing)
    assert found.aligned.low == -np.inf and found.unaligned.covers(1.0) and found.selectivity.low == -np.inf
    assert np.isnan(found.aligned.estimate)
    backwards = [Gains(rng.normal(-2, 0.1, 12), rng.normal(2, 0.1, 12), GROUPS, str(i)) for i in range(8)]
    assert np.isnan(retention(backwards, backwards).aligned.estimate), "of a gain below 0 nothing can be kept either"
    with pytest.raises(WorkbenchError, match="same concepts"):
        retention(nothing, nothing[:3])


def floored(h: torch.Tensor, attack: torch.Tensor, v: Direction, tau: float | None) -> np.ndarray:
    """y = (v + u)·h after the attack, with the floor on v where there is one; u is orthogonal to v."""
    attacked = (h + attack)[None]
    if tau is not None:
        rows = torch.ones(1, dtype=torch.double), torch.ones(1, len(h), dtype=torch.bool)
        attacked = Clamp(tau, "floor")(attacked, v, *rows)
    return attacked[0].sum(1).numpy()


def gained(tau: float | None, axis: int, dose: float = 2.0) -> list[Gains]:
    torch.manual_seed(0)
    v = Direction(torch.eye(2)[0], 1.0, Site(0), "v")
    out = []
    for c in range(8):
        h, step = torch.randn(12, 2).double(), dose * torch.eye(2).double()[axis]
        base, up, down = (floored(h, sign * step, v, tau) for sign in (0, 1, -1))
        out.append(Gains(up - base, base - down, GROUPS, str(c)))
    return out


def test_the_floor_trades_resistance_for_control_and_an_orthogonal_attack_passes():
    own = {tau: retention(gained(None, 0), gained(tau, 0)) for tau in (-3.0, -1.6, -0.5, 0.5)}
    resisting = [found.unaligned.estimate for found in own.values()]
    controlled = [found.aligned.estimate for found in own.values()]
    # a higher floor resists more and costs more of the wanted control: no free lunch
    assert all(np.diff(resisting) < 0) and all(np.diff(controlled) <= 1e-12)
    assert own[-1.6].aligned.estimate > 0.95 and own[-1.6].unaligned.estimate < 0.85
    assert own[0.5].unaligned.estimate < 0.3 and own[0.5].aligned.estimate < 0.9
    other = retention(gained(None, 1), gained(-0.5, 1))
    assert other.unaligned.estimate == pytest.approx(1) and other.selectivity.estimate == pytest.approx(0, abs=1e-9)
