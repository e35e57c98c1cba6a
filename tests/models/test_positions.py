"""Position rules on padded batches, with answers, and behind a cache."""

import pytest
import torch

from workbench.models import Batch, check_rule, position_mask, select
from workbench.types import WorkbenchError

MASK = torch.tensor([[0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]]).bool()
BATCH = Batch(torch.arange(12).reshape(2, 6), MASK, torch.tensor([2, 4]))
BARE = Batch(BATCH.ids, MASK, torch.tensor([4, 6]))
DECODING = Batch(torch.tensor([[1], [2]]), MASK, torch.tensor([3, 5]), offset=5, given=torch.tensor([3, 5]))


@pytest.mark.parametrize(("rule", "batch", "expected"), [
    ("all", BATCH, [[0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]]),
    ("last", BATCH, [[0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1]]),
    ("last_k:5", BATCH, [[0, 0, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1]]),
    ("after_prompt", BATCH, [[0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1]]),
    ("answer", BATCH, [[0, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 0]]),
    ("response", BATCH, [[0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 1]]),
    ("answer", BARE, [[0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1]]),
    ("after_prompt", BARE, [[0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1]]),
    ("response", BARE, [[0] * 6, [0] * 6]),
    ("all", DECODING, [[1], [1]]), ("after_prompt", DECODING, [[1], [1]]), ("answer", DECODING, [[1], [1]]),
    ("response", DECODING, [[1], [1]]), ("last", DECODING, [[0], [0]]), ("last_k:9", DECODING, [[0], [0]]),
])
def test_rules(rule, batch, expected):
    assert position_mask(rule, batch).int().tolist() == expected


@pytest.mark.parametrize("rule", ["first", "last_k", "last_k:0", "last_k:x", ""])
def test_unknown_rules_are_refused(rule):
    with pytest.raises(WorkbenchError, match="expected one of all, after_prompt"):
        position_mask(rule, BATCH)
    with pytest.raises(WorkbenchError):
        check_rule(rule)


def test_select_by_kind():
    values = torch.arange(24.0).reshape(2, 6, 2)
    assert select(values, None, BATCH) is values
    assert torch.equal(select(values, "last", BATCH), values[:, -1])
    assert torch.equal(select(values, -2, BATCH), values[:, -2])
    assert torch.equal(select(values, "all", BATCH), values[MASK])
    assert torch.equal(select(values, torch.tensor([[0], [3]]), BATCH)[1, 0], values[1, 3])
