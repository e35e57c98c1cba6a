"""The loop: resumes into the same run, gates open on competence, schedules and batches are what they say."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from workbench.training.loop import (
    DETERMINED,
    IGNORE,
    OTHER,
    Document,
    Gate,
    Progress,
    TrainConfig,
    advance,
    batches,
    collate,
    learning_rate,
    optimiser,
    step,
    train,
)


class Copying:
    """The second token has to be repeated: learned in a few dozen steps."""

    stages = ("easy", "all")
    gates = (Gate(below=1.5, max_tokens=10**9, window=10, every=5),)

    def documents(self, stage, chunk, seed):
        rng = np.random.default_rng([seed, stage, chunk])
        rows = rng.integers(2, 8 if stage == 0 else 12, size=200)
        return [Document([0, int(r), int(r)], [IGNORE, OTHER, DETERMINED]) for r in rows]


def tiny() -> GPT2LMHeadModel:
    torch.manual_seed(0)
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=16,
            n_positions=8,
            n_embd=16,
            n_layer=1,
            n_head=2,
            resid_pdrop=0,
            embd_pdrop=0,
            attn_pdrop=0,
            pad_token_id=1,
            bos_token_id=0,
            eos_token_id=0,
        )
    )


def settings(tokens: int, dropout: float = 0.0, mlp_drop: tuple[float, ...] = ()) -> TrainConfig:
    return TrainConfig(
        tokens=tokens,
        batch_tokens=96,
        learning_rate=1e-2,
        final_learning_rate=1e-2,
        warmup_steps=5,
        dropout=dropout,
        mlp_drop=mlp_drop,
        checkpoint_every=20,
    )


def test_it_learns_and_the_gate_opens_by_competence(tmp_path):
    done = train(tiny(), Copying(), settings(20_000), tmp_path)
    gate = next(e for e in done.log if e["event"] == "gate")
    assert not gate["late"]
    assert gate["determined_loss"] < 1.5
    assert np.mean(done.window[-20:]) < 0.3


@pytest.mark.parametrize(("dropout", "mlp_drop"), [(0.0, ()), (0.1, ()), (0.0, (0.5,))])
def test_an_interrupted_run_resumes_into_the_same_run(tmp_path, dropout, mlp_drop):
    whole, halves = tiny(), tiny()
    config = settings(9_000, dropout, mlp_drop)
    train(whole, Copying(), config, tmp_path / "whole")

    class Stop(Exception):
        pass

    def stop(progress: Progress, loss: float) -> None:
        if progress.step == 50:
            raise Stop

    with pytest.raises(Stop):
        train(halves, Copying(), config, tmp_path / "halves", stop)
    again = tiny()
    steps: list[int] = []
    train(again, Copying(), config, tmp_path / "halves", lambda progress, loss: steps.append(progress.step))
    assert steps[0] == 41  # from the checkpoint at 40, not from the beginning: that would end in the same weights too
    for a, b in zip(whole.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_a_late_gate_is_logged_as_late():
    progress = Progress(step=40, stage_tokens=11, window=[9.0] * 10)
    curriculum = Copying()
    curriculum.gates = (Gate(below=0.1, max_tokens=10, window=10, every=5),)
    assert advance(progress, curriculum)
    assert progress.log[-1]["late"]


def test_a_closed_gate_stays_closed():
    progress = Progress(step=40, stage_tokens=5, window=[9.0] * 10)
    assert not advance(progress, Copying())


def test_learning_rate_warms_up_and_decays():
    config = TrainConfig(tokens=1000, warmup_steps=10, learning_rate=1.0, final_learning_rate=0.5)
    assert learning_rate(config, Progress(step=0), False) == pytest.approx(0.1)
    assert learning_rate(config, Progress(step=50, tokens=100), False) == pytest.approx(1.0)
    assert learning_rate(config, Progress(step=50, tokens=1000), True) == pytest.approx(0.025)


def test_each_cycle_of_the_schedule_starts_at_the_full_rate():
    config = TrainConfig(tokens=1000, warmup_steps=1, learning_rate=1.0, cycles=2)
    rates = [learning_rate(config, Progress(step=50, tokens=t), False) for t in (0, 499, 500, 760, 1000)]
    assert rates == pytest.approx([1.0, 0.05, 1.0, 1.0, 0.05], abs=0.001)


@pytest.mark.parametrize(("final_stages", "rates"), [(1, [1.0, 0.5]), (2, [0.5, 0.5])])
def test_the_last_stages_have_the_final_rate(final_stages, rates):
    config = replace(
        settings(9_000), warmup_steps=1, learning_rate=1.0, final_learning_rate=0.5, final_stages=final_stages
    )
    model = tiny()
    adam = optimiser(model, config)
    seen = []
    for stage in (0, 1):
        step(model, adam, Copying().documents(stage, 0, 0)[:4], config, Progress(step=9, stage=stage), Copying())
        seen.append(adam.param_groups[0]["lr"])
    assert seen == rates


def test_batches_hold_every_document_once_within_the_budget():
    rng = np.random.default_rng(0)
    documents = [Document(list(range(n)), [OTHER] * n) for n in rng.integers(3, 40, size=100)]
    made = batches(documents, 120, rng)
    assert sorted(len(d.ids) for b in made for d in b) == sorted(len(d.ids) for d in documents)
    assert all(max(len(d.ids) for d in b) * len(b) <= 120 for b in made)


def test_collate_pads_on_the_right_and_ignores_padding():
    ids, kinds = collate([Document([5, 6], [OTHER, OTHER]), Document([7], [OTHER])], pad=1)
    assert ids.tolist() == [[5, 6], [7, 1]]
    assert kinds.tolist() == [[OTHER, OTHER], [OTHER, IGNORE]]
