"""Texts of unequal length, so that every batch here is left-padded, and the numbers the plain bridge gives."""

import pytest
import torch

TEXTS = ["Hello there", "Is it? Yes", "a longer text than the others are", "x"]


@pytest.fixture
def batch(any_model):
    from workbench.models import encode

    return encode(any_model, TEXTS)


@pytest.fixture
def plain(any_model, batch):
    """Logits of one ordinary forward of the bridge, [batch position vocab]."""
    with torch.no_grad():
        return any_model.bridge(batch.ids, attention_mask=batch.mask.long())
