"""Vector arithmetic adds what multiplier 1.0 adds, and refuses what cannot be added."""

import pytest
import torch

from workbench.directions import combine
from workbench.types import Direction, Site, WorkbenchError


def direction(values, gap=2.0, layer=0) -> Direction:
    vector = torch.tensor(values, dtype=torch.float32)
    return Direction(vector / vector.norm(), gap, Site(layer), "mean_difference", {"concept": "x"})


def test_the_sum_adds_every_part_by_its_weight():
    parts = [direction([1.0, 2.0, 2.0], 3.0), direction([0.0, 3.0, 4.0], 0.5)]
    found = combine(parts, [0.5, -2.0])
    torch.testing.assert_close(found.step, 0.5 * parts[0].step - 2.0 * parts[1].step)
    assert found.site == Site(0) and [p["weight"] for p in found.source["parts"]] == [0.5, -2.0]
    torch.testing.assert_close(combine(parts[:1], [1.0]).step, parts[0].step)


@pytest.mark.parametrize(("weights", "layer", "words"), [
    ([1.0], 0, "expected one weight each"), ([1.0, 1.0], 1, "expected one site"), ([1.0, -1.0], 0, "cancel"),
])  # fmt: skip
def test_what_cannot_be_added_is_one_line(weights, layer, words):
    with pytest.raises(WorkbenchError, match=words):
        combine([direction([1.0, 0.0]), direction([1.0, 0.0], layer=layer)], weights)
