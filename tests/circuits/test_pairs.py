"""Clean and corrupt runs made from a concept: token for token alike, balanced, and refused in one line."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from workbench.circuits import corrupted, cue_pairs, statement_pairs, steered_pairs
from workbench.circuits.wiring import log_odds
from workbench.interventions import Ablate, steer
from workbench.models import encode, forward
from workbench.prompts import contrast
from workbench.types import Direction, Site, WorkbenchError


def pointing(model, site):
    vector = torch.randn(model.d_model, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return Direction((vector / vector.norm()).to(model.dtype), 2.0, site, "drawn")


def test_cues_differ_and_nothing_else_does(gpt2_model, small_concept):
    surplus = small_concept.select(small_concept.pairs[:11])
    pairs = cue_pairs(gpt2_model, surplus, "instruction")
    assert len(pairs) == 10 and max(Counter(pairs.answers[:, 0].tolist()).values()) == 5
    want = [p for p in contrast(surplus, "instruction") if p.pair.id != "milk-0"]
    assert torch.equal(pairs.clean.ids[-1], encode(gpt2_model, [p.positive for p in want]).ids[-1])
    other = pairs.clean.ids != pairs.corrupt.ids
    assert other.any(1).all() and not other[:, -10:].any()
    shots = cue_pairs(gpt2_model, small_concept, "2-shot")
    assert len(shots) == 12 and (shots.clean.ids != shots.corrupt.ids).sum(1).tolist() == [2] * 12


def test_statements_are_each_clean_once_and_opposite(gpt2_model, small_concept):
    same = [replace(p, question="Yea" + p.question[4:] if p.id.endswith("1") else "Nay" + p.question[2:])
            for p in small_concept.pairs]  # fmt: skip
    pairs = statement_pairs(gpt2_model, small_concept.select(same))
    assert len(pairs) == 12 and sorted(pairs.groups) == sorted(p.group for p in same)
    np.testing.assert_array_equal(pairs.clean.ids[0::2], pairs.corrupt.ids[1::2])
    assert (pairs.answers[0::2].flip(1) == pairs.answers[1::2]).all()
    cued = statement_pairs(gpt2_model, small_concept.select(same), "instruction", "unaligned")
    assert "Want less." in gpt2_model.tokenizer.decode(cued.corrupt.ids[3])
    with pytest.raises(WorkbenchError, match="no group of 'small'"):
        statement_pairs(gpt2_model, small_concept)


@pytest.mark.parametrize("site", [Site(1), Site(0, "resid_pre")])
def test_the_clean_run_is_the_steered_one_and_undone_it_is_the_plain_one(any_model, small_concept, site):
    direction = pointing(any_model, site)
    pairs = steered_pairs(any_model, small_concept, direction, -1.5)
    graph = pairs.graph(any_model)
    got = corrupted(any_model, pairs, [np.zeros(graph.allowed.shape), graph.allowed.astype(float)])
    models = [steer(any_model, direction, -1.5), any_model]
    for row, model in zip(got, models, strict=True):
        logits = forward(model, pairs.clean, positions="last", columns=pairs.answers)
        np.testing.assert_allclose(row, (logits[:, 0] - logits[:, 1]).numpy(), atol=2e-4)
    assert abs(got[0] - got[1]).max() > 0.1
    # undoing what leaves the vector undoes everything: nothing else was changed
    mask = np.zeros(graph.allowed.shape)
    mask[graph.senders.index("steering")] = graph.allowed[graph.senders.index("steering")]
    np.testing.assert_allclose(corrupted(any_model, pairs, [mask])[0], got[1], atol=2e-4)


def test_any_operator_and_position_rule_is_a_sender(gpt2_model, small_concept):
    direction = pointing(gpt2_model, Site(0))
    pairs = steered_pairs(gpt2_model, small_concept, direction, 1.0, intervention=Ablate(), where="last")
    steered = steer(gpt2_model, direction, 1.0, intervention=Ablate(), where="last")
    logits = forward(steered, pairs.clean, positions="last", columns=pairs.answers)
    np.testing.assert_allclose(log_odds(gpt2_model, pairs).numpy(), (logits[:, 0] - logits[:, 1]).numpy(), atol=1e-4)
    assert (pairs.injection.values[:, :-1] == 0).all() and pairs.graph(gpt2_model).steered == 1


def test_what_does_not_fit_is_refused(gpt2_model, small_concept):
    with pytest.raises(WorkbenchError, match="gives the answer away"):
        cue_pairs(gpt2_model, small_concept, "prefilled+instruction")
    uneven = replace(small_concept, card=replace(small_concept.card, instruction_aligned="Want much more."))
    with pytest.raises(WorkbenchError, match="other numbers of tokens"):
        cue_pairs(gpt2_model, uneven)
    longer = {" Yes": " maybe", " No": " never"}
    long = small_concept.select([replace(p, aligned=longer[p.aligned], unaligned=longer[p.unaligned])
                                 for p in small_concept.pairs])  # fmt: skip
    with pytest.raises(WorkbenchError, match="one-token"):
        cue_pairs(gpt2_model, long)
    alike = small_concept.select([replace(p, aligned=" Yes", unaligned=" No") for p in small_concept.pairs])
    with pytest.raises(WorkbenchError, match="that of the word"):
        cue_pairs(gpt2_model, alike)
    with pytest.raises(WorkbenchError, match="two statements"):
        statement_pairs(gpt2_model, small_concept, "5-shot")
    for site in (Site(3), Site(1, "mlp_out")):
        with pytest.raises(WorkbenchError, match="expected resid_pre or resid_post below layer 3"):
            steered_pairs(gpt2_model, small_concept, pointing(gpt2_model, site), 1.0)
