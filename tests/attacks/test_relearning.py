"""Relearning: benign text alone, then the cue; nothing of either pole is learned, and no weight of the model moves."""

import pytest
import torch

from workbench.attacks import Effort, arena_of, find_attack
from workbench.attacks.relearning import STEPS, taught
from workbench.concepts import neutral_texts
from workbench.controls import find_method
from workbench.symmetry.readings import read
from workbench.types import WorkbenchError


@pytest.fixture(scope="module")
def arena(gpt2_model, small_concept):
    """A random model as its own defence; the questions that are searched are not those that are fitted on."""
    groups = list(dict.fromkeys(pair.group for pair in small_concept.pairs))
    first, second = (small_concept.select([p for p in small_concept.pairs if (p.group in groups[:1]) == fit])
                     for fit in (True, False))  # fmt: skip
    return arena_of(gpt2_model, gpt2_model, first, second, Effort(cap=9.0), neutral_texts("question", 4))


def test_it_is_the_cue_after_so_many_steps_of_benign_text(arena):
    before = [weight.clone() for weight in arena.model.bridge.parameters()]
    found = find_attack("relearning").search(arena, "unaligned")
    assert [candidate.control.doses for candidate in found] == [tuple(map(float, STEPS))] * 2
    control, cue = found[-1].control, find_method("instruction")(arena.model, arena.fit, "unaligned")
    with control.applied(arena.model, 0.0) as none, cue.applied(arena.model, 1.0) as told:
        alone = read(told, arena.search).log_odds
        assert torch.equal(torch.tensor(read(none, arena.search).log_odds), torch.tensor(alone))
    with control.applied(arena.model, 32.0) as after:
        assert abs(read(after, arena.search).log_odds - alone).max() > 1e-3
        plain = [after.chat is None, after.bridge is arena.model.bridge]
    assert plain == [False, False]  # other weights, behind the cue
    assert all(torch.equal(a, b) for a, b in zip(before, arena.model.bridge.parameters(), strict=True))
    spent = control.spent(32.0)
    assert spent["steps"] == 32 and spent["norm"] > control.spent(1.0)["norm"] > 0


def test_benign_text_is_learned_and_is_not_what_costs_are_measured_on(arena):
    control = taught(arena, 1e-3)
    assert control.kept.losses[-1] < control.kept.losses[0]
    # every text measured: none left to train on
    everything = arena_of(arena.bare, arena.model, arena.fit, arena.search, arena.effort, neutral_texts("question", 96))
    with pytest.raises(WorkbenchError, match="0 benign texts are left"):
        taught(everything, 1e-3)
