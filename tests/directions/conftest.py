"""Activations with a known direction in them."""

import pytest
import torch

from workbench.types import Activations, Site


def make(n=200, d=32, gap=8.0, spread=1.0, seed=0, shared=0.0):
    """(activations, unit vector): pairs ``gap`` apart along the vector, with per-coordinate noise ``spread``.

    ``shared`` is the size of noise common to both members of a pair (the question's own content).
    """
    generator = torch.Generator().manual_seed(seed)

    def noise():
        return torch.randn(n, d, generator=generator, dtype=torch.float64)

    unit = torch.randn(d, generator=generator, dtype=torch.float64)
    spread = torch.as_tensor(spread, dtype=torch.float64).expand(d)
    unit = unit * (spread <= 1)  # the concept lies in the quiet coordinates
    unit = unit / unit.norm()
    content = shared * noise()
    values = torch.cat([content + noise() * spread + gap / 2 * unit, content + noise() * spread - gap / 2 * unit])
    groups = tuple(f"g{i % 10}" for i in range(n)) * 2
    acts = Activations(values[:, None], torch.ones(2 * n, 1, dtype=torch.bool), (1,) * n + (-1,) * n, groups,
                       Site(2), {"model": "abc", "concept": "planted", "pairs": [str(i) for i in range(n)]})
    return acts, unit


@pytest.fixture
def planted():
    """The function that plants: ``acts, unit = planted(gap=3)``."""
    return make
