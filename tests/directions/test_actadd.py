"""Placement of an activation addition equals the authors' reference values; padding moves it with the prompt."""

import json
import re

import pytest
import torch

from workbench.directions import place
from workbench.types import WorkbenchError


@pytest.mark.parametrize("name", ["front_L10_k4", "back_L10_k4", "mid_L10_k4", "mid_L9_k4", "mid_L10_k3"])
def test_reference_arrays(shared, name):
    reference = json.loads((shared / "reference" / "small_reference_values.json").read_text())
    expected = reference["activation_additions_hook_tests"][name]
    where, length, span = re.fullmatch(r"(\w+)_L(\d+)_k(\d+)", name).groups()
    h = torch.ones(1, int(length), 1)
    out = place(h, 2 * torch.ones(int(span), 1), where)
    assert out[0, :, 0].tolist() == expected
    assert h.sum() == int(length)  # the input is left alone


def test_reference_slice_of_dimensions(shared):
    reference = json.loads((shared / "reference" / "small_reference_values.json").read_text())
    expected = reference["activation_additions_hook_tests"]["slice_1_3_zeros_L2_d4"]
    assert place(torch.zeros(1, 2, 4), 2 * torch.ones(1, 2, 4), dims=slice(1, 3))[0].tolist() == expected


@pytest.mark.parametrize("where", ["front", "mid", "back"])
def test_padding_moves_the_span_with_the_prompt(where):
    generator = torch.Generator().manual_seed(0)
    addition = torch.randn(3, 5, generator=generator)
    lengths = (9, 4, 3, 6)
    h = torch.randn(4, 9, 5, generator=generator)
    mask = torch.arange(9)[None] >= 9 - torch.tensor(lengths)[:, None]
    out = place(h, addition, where, mask)
    for row, length in enumerate(lengths):
        assert torch.equal(out[row, 9 - length:], place(h[row:row + 1, 9 - length:], addition, where)[0])
        assert torch.equal(out[row, : 9 - length], h[row, : 9 - length])


def test_rows_may_have_their_own_addition():
    h, addition = torch.zeros(2, 4, 3), torch.arange(12.0).reshape(2, 2, 3)
    assert torch.equal(place(h, addition, "back")[:, 2:], addition)


@pytest.mark.parametrize(("where", "span", "message"), [("front", 6, "spans 6 positions"), ("end", 2, "unknown")])
def test_bad_placement_is_refused(where, span, message):
    with pytest.raises(WorkbenchError, match=message):
        place(torch.zeros(1, 5, 2), torch.zeros(span, 2), where)
