"""Patching restores nothing at 0 and everything at 1, and finds the place where the difference is."""

import numpy as np
import pytest

from workbench.models import encode, patch_residual
from workbench.types import Site, WorkbenchError


def margin(logits):
    return logits[:, 5] - logits[:, 7]


def test_shares_restored_at_each_layer_and_place(any_model):
    clean, corrupt = (encode(any_model, [f"a{x}cd", f"a question with {x}y"]) for x in "XY")
    sites = [Site(layer) for layer in range(4)]
    share = patch_residual(any_model, clean, corrupt, sites, ["all", "last"], margin)
    assert share.shape == (4, 2, 2)
    np.testing.assert_allclose(share[:, 0], 1, atol=1e-3)
    np.testing.assert_allclose(share[3, 1], 1, atol=1e-3)
    assert (abs(share[0, 1] - 1) > 1e-3).all()
    entry = patch_residual(any_model, clean, corrupt, [Site(0, "resid_pre")], ["last"], margin)
    np.testing.assert_allclose(entry, 0, atol=1e-3)


def test_nothing_to_restore_is_nan_and_mismatches_are_refused(any_model):
    clean = encode(any_model, ["abcd"])
    assert np.isnan(patch_residual(any_model, clean, clean, [Site(1)], ["all"], margin)).all()
    with pytest.raises(WorkbenchError, match="token for token"):
        patch_residual(any_model, clean, encode(any_model, ["abc"]), [Site(1)], ["all"], margin)
    with pytest.raises(WorkbenchError, match="cannot be patched"):
        patch_residual(any_model, clean, clean, [Site(1, "resid_mid")], ["all"], margin)
