"""Training as a control: both poles alike, the base model untouched, dose 0 is that model, and it works both ways."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from workbench.controls import find_method, method_name, method_names, trains
from workbench.controls.trained_pairs import documents, ordered
from workbench.erasure.baking import untied
from workbench.models import encode, forward
from workbench.models.copies import copied_module
from workbench.models.loading import weights_digest
from workbench.studies.symmetry import Config
from workbench.studies.symmetry_cells import parts, respond_cell
from workbench.symmetry.protocol import load_protocol
from workbench.symmetry.readings import read
from workbench.training.adapter import put
from workbench.training.control import trainable
from workbench.types import POLES, WorkbenchError

METHODS = ("lora", "full_tuning", "dpo")
TEXTS = ["More cats?", "A quiet sentence about snow."]
SHORT = {"doses": [1, 4], "rate": 2e-3}


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def base(request):
    return request.getfixturevalue(f"{request.param}_model")


def logits(model) -> torch.Tensor:
    return forward(model, encode(model, TEXTS))


@pytest.mark.parametrize("name", METHODS)
def test_both_poles_work_and_the_base_model_stays_exactly_as_it_was(base, small_concept, name):
    inner = base.bridge.original_model
    before, digest, odds = logits(base), weights_digest(inner), read(base, small_concept).log_odds.mean()
    moved, notes = {}, set()
    for pole in POLES:
        control = find_method(name)(base, small_concept, pole, **SHORT)
        assert control.doses == (1.0, 4.0)
        with control.applied(base, 0.0) as same:
            assert torch.equal(logits(same), before)
        with control.applied(base, 4.0) as changed:
            moved[pole] = read(changed, small_concept).log_odds.mean() - odds
            assert changed.digest != base.digest and changed.source == ""
            notes.add(changed.digest)
        assert weights_digest(inner) == digest and torch.equal(logits(base), before)
    assert moved["aligned"] > 0.05 and moved["unaligned"] < -0.05 and len(notes) == 2


@pytest.mark.parametrize("name", METHODS)
def test_both_poles_spend_the_same(gpt2_model, small_concept, name):
    one, other = (find_method(name)(gpt2_model, small_concept, pole, **SHORT) for pole in POLES)
    assert one.kept.spent == other.kept.spent and set(one.spent(4.0)) == {"norm", "steps", "examples", "trained_tokens"}
    assert one.spent(4.0)["examples"] == 16 and one.spent(4.0)["steps"] == 4
    assert one.spent(4.0)["norm"] > one.spent(1.0)["norm"] > one.spent(0.0)["norm"] == 0
    assert all(torch.equal(w, other.kept.states[0][n]) for n, w in one.kept.states[0].items())
    again = find_method(name)(gpt2_model, small_concept, "aligned", **SHORT)
    assert again.note(4.0) == one.note(4.0) != other.note(4.0)


def test_merged_adapters_are_the_unmerged_ones(base, small_concept):
    control = find_method("lora")(base, small_concept, "aligned", **SHORT)
    unmerged = trainable(base)
    put(unmerged, control.kept.states[4])
    batch = encode(base, ["More cats and dogs?"])
    with control.applied(base, 4.0) as changed, torch.no_grad():
        found = forward(changed, batch)
        assert torch.allclose(found, unmerged(batch.ids).logits, atol=1e-5)
    assert not torch.allclose(found, forward(base, batch), atol=1e-3)
    assert all("lora_" in name for name in control.kept.states[4])


def test_the_norm_of_adapters_is_that_of_the_merged_change(gpt2_model, small_concept):
    control = find_method("lora")(gpt2_model, small_concept, "aligned", **SHORT)
    before = dict(copied_module(gpt2_model).named_parameters())
    after = dict(control.put(trainable(gpt2_model), {}, control.kept.states[4]).named_parameters())
    adapted = [n for n in before if ".h." in n and n.endswith("weight") and "ln_" not in n]
    moved = sum(float((after[n] - before[n]).square().sum()) for n in adapted)
    whole = sum(float(before[n].square().sum()) for n in adapted)
    assert control.spent(4.0)["norm"] == pytest.approx((moved / whole) ** 0.5, rel=1e-4)
    assert all(torch.equal(after[n], before[n]) for n in before if n not in adapted)


def test_the_trained_weights_are_exactly_those_of_the_trajectory(gpt2_model, small_concept):
    control = find_method("full_tuning")(gpt2_model, small_concept, "unaligned", **SHORT)
    module = control.put(trainable(gpt2_model), control.kept.states[0], control.kept.states[4])
    assert all(torch.equal(p, control.kept.states[4][n]) for n, p in module.named_parameters())


def test_a_dose_that_was_not_kept_is_refused_and_another_model_too(gpt2_model, llama_model, small_concept):
    for name in METHODS:
        control = find_method(name)(gpt2_model, small_concept, "aligned", **SHORT)
        with pytest.raises(WorkbenchError, match="expected 0 or one of 1, 4"), control.applied(gpt2_model, 2.0):
            pass
        with pytest.raises(WorkbenchError, match="do not fit this model"), control.applied(llama_model, 4.0):
            pass
    with pytest.raises(WorkbenchError, match="rank 0"):
        find_method("lora")(gpt2_model, small_concept, "aligned", rank=0, **SHORT)


def test_folded_weights_and_moved_copies_are_refused(gpt2_model, small_concept):
    with pytest.raises(WorkbenchError, match="folded weights"):
        copied_module(replace(gpt2_model, weights_mode="folded"))
    # an unembedding that went its own way cannot be in a module that ties it to the embedding
    with untied(gpt2_model), torch.no_grad():
        gpt2_model.bridge.unembed.original_component.weight.mul_(3.0)
        with pytest.raises(WorkbenchError, match="answers otherwise"):
            copied_module(gpt2_model)
    assert weights_digest(copied_module(gpt2_model)) == weights_digest(copied_module(gpt2_model))


def test_a_missing_peft_is_one_line(gpt2_model, small_concept, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "peft", None)
    with pytest.raises(WorkbenchError, match="pip install peft"):
        find_method("lora")(gpt2_model, small_concept, "aligned", **SHORT)


def test_batches_hold_the_same_questions_for_both_poles_and_both_answers(gpt2_model, small_concept):
    up, down = (documents(gpt2_model, small_concept, pole, 4, 0) for pole in POLES)
    assert len(up) == len(down) == 3
    for one, other in zip(up, down, strict=True):
        assert [d.ids[:-1] for d in one] == [d.ids[:-1] for d in other]
        assert sorted(d.ids[-1] for d in one) == sorted(d.ids[-1] for d in other)  # two of each answer
        assert all(a.ids[-1] != b.ids[-1] and sum(map(bool, a.kinds)) == 1 for a, b in zip(one, other, strict=True))
    assert [p.id for p in ordered(small_concept.pairs, 0)] != [p.id for p in ordered(small_concept.pairs, 1)]


def test_no_group_that_is_scored_is_trained_on(gpt2_model, small_concept, monkeypatch):
    from workbench.controls import trained_pairs

    config, read_in = Config(out="unused"), []
    wide = small_concept.select([replace(p, group=f"{p.group}{k}", id=f"{p.id}{k}", question=f"{p.question}{k}")
                                 for p in small_concept.pairs for k in range(4)])  # fmt: skip
    real = trained_pairs.ordered
    monkeypatch.setattr(trained_pairs, "ordered", lambda pairs, seed: read_in.extend(pairs) or real(pairs, seed))
    cell = respond_cell(gpt2_model, config, wide, "dpo")
    fit, items = parts(wide, config)
    assert "response" in cell, cell
    groups = {pair.group for pair in read_in}
    assert groups <= set(fit.groups) and not groups & set(items.groups) and len(read_in) == 4 * len(fit.pairs)
    assert not {p.question for p in read_in} & {question for _, question in cell["pairs"]}
    curve = cell["response"]["curves"]["aligned"]
    assert curve["budgets"]["examples"] == [4, 8, 16, 32, 64] and curve["budgets"]["steps"] == [1, 2, 4, 8, 16]
    assert {"norm", "kl", "trained_tokens"} <= set(curve["budgets"]) and np.isfinite(curve["values"]).all()


def test_they_run_only_when_named():
    assert {name for name in method_names() if trains(name)} == set(METHODS)
    assert not any(trains(name) for name in load_protocol("symmetry-v1").methods)
    assert method_name("full-tuning") == "full_tuning" and find_method("full-tuning") is find_method("full_tuning")
    assert method_name("my_package.my-module:f") == "my_package.my-module:f" and not trains("my_package:f")
