"""The sweep equals the plain forward pass with hooks: every family, site, position rule, answer length and dose."""

import numpy as np
import pytest

from workbench.sweep import plain_sweep, sweep
from workbench.types import Site

from .conftest import direction, statements, stories

WHERE = ("all", "after_prompt", "answer", "last", "last_k:3")


@pytest.mark.parametrize("where", WHERE)
def test_equals_the_plain_sweep(any_model, toy, where):
    sites = [Site(0), Site(2), Site(3), Site(1, "resid_pre"), Site(0, "resid_pre")]
    given = {"own": {s: direction(32, s, i) for i, s in enumerate(sites)}, "other": direction(32, sites[0], 9, 1.0)}
    settings = {"sites": sites, "multipliers": (-2.0, -0.5, 0.0, 1.0), "where": where}
    fast = sweep(any_model, toy, given, **settings, batch_tokens=150)
    slow = plain_sweep(any_model, toy, given, **settings)
    assert np.abs(fast.values - slow.values).max() < 1e-5
