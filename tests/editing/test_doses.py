"""Doses of an edit, the share that mirrors a margin, and random edits do what their names say."""

import numpy as np
import pytest
import torch

from workbench.editing import (
    Edit,
    Fact,
    Fitting,
    Tuning,
    cases,
    edit_doses,
    margins,
    mirrored,
    moments,
    random_edit,
    rome,
    rome_each,
    tuned,
)
from workbench.editing.memory import weights

TEXTS = ("A quiet sentence about rain.", "Tea is hot, and milk is not.")
FACTS = tuple(Fact(name, f"The {name} lives in", f"The {name}", " Yes", " No") for name in ("cat", "tiger", "fox"))


def test_edits_fitted_together_are_those_fitted_alone(gpt2_model):
    known, fitting = moments(gpt2_model, [1], TEXTS), Fitting(steps=6, prefixes=("", "Then. "))
    requests = [fact.rewrite(truth) for fact, truth in zip(FACTS, (True, False, True), strict=True)]
    together = rome_each(gpt2_model, requests, 1, known, fitting)
    alone = [rome(gpt2_model, request, 1, known, fitting) for request in requests]
    for one, other in zip(together, alone, strict=True):
        assert float((one.deltas[1] - other.deltas[1]).norm() / other.deltas[1].norm()) < 1e-3
    apart = float((together[0].deltas[1] - together[1].deltas[1]).norm() / together[0].deltas[1].norm())
    assert apart > 0.1 and together[0].steps == max(edit.steps for edit in alone)


def test_doses_are_the_gains_at_each_strength_and_zero_gains_nothing(gpt2_model):
    asked = cases(gpt2_model, FACTS[:2])
    edit = rome(gpt2_model, asked[0].fact.rewrite(asked[0].truth), 1, moments(gpt2_model, [1], TEXTS), Fitting(steps=6))
    rows = edit_doses(gpt2_model, edit, asked, (0.0, 0.5, 1.0), lambda model: float(weights(model, 1).norm()))
    assert list(rows["strength"]) == [0, 0, 0.5, 0.5, 1, 1] and list(rows["fact"]) == ["cat", "tiger"] * 3
    assert np.allclose(rows["gain"][:2], 0, atol=1e-5)
    assert np.allclose(rows["norm"], rows["strength"] * edit.norm(gpt2_model))
    with edit.applied(gpt2_model, 1.0) as changed:
        now = margins(changed, [case.fact for case in asked]).numpy()
        assert rows["kl"].iloc[-1] == pytest.approx(float(weights(changed, 1).norm()))
    signs = np.array([1 if case.truth else -1 for case in asked])
    assert np.allclose(rows["gain"][4:], signs * now + [case.margin for case in asked], atol=1e-5)
    assert rows["gain"].iloc[4] > rows["gain"].iloc[2] > 0
    assert edit_doses(gpt2_model, edit, asked, (1.0,))["kl"].isna().all()


def test_the_mirrored_share_starts_the_way_back_where_the_way_there_started(gpt2_model):
    # true is what the model prefers, so that there is a margin to mirror
    facts = [case.fact if not case.truth else Fact(f.id, f.prompt, f.subject, f.false, f.true)
             for case in cases(gpt2_model, FACTS[:2]) for f in [case.fact]]  # fmt: skip
    before = float(margins(gpt2_model, facts).mean())
    assert before > 0
    settings = Tuning(steps=25, rate=0.05, radius=3.0, stop=0.001)
    edit = tuned(gpt2_model, [fact.rewrite(False) for fact in facts], [0, 1, 2], settings)
    for level in (None, 0.5 * before):
        share = mirrored(gpt2_model, edit, facts, level, points=17)
        assert 0 < share < 1
        with edit.applied(gpt2_model, share) as moved:
            after = -float(margins(moved, facts).mean())
        assert after == pytest.approx(before if level is None else level, abs=0.1 * before)
    assert np.isnan(mirrored(gpt2_model, edit, facts, 100.0))
    assert np.isnan(mirrored(gpt2_model, Edit({1: torch.zeros_like(weights(gpt2_model, 1))}, "x"), facts))


@pytest.mark.parametrize("part", ["key", "value"])
def test_a_random_edit_has_the_size_and_keeps_what_is_not_drawn(gpt2_model, part):
    known = moments(gpt2_model, [1], TEXTS)
    edit = rome(gpt2_model, FACTS[0].rewrite(False), 1, known, Fitting(steps=4))
    drawn, again = (random_edit(edit, part, seed) for seed in (0, 0))
    delta, chance = edit.deltas[1], drawn.deltas[1]
    assert torch.equal(chance, again.deltas[1]) and not torch.equal(chance, random_edit(edit, part, 1).deltas[1])
    assert float(chance.norm()) == pytest.approx(float(delta.norm()), rel=1e-9)
    assert torch.linalg.matrix_rank(chance) == 1

    def overlap(matrix_a, matrix_b):  # of the spaces that two rank-one matrices write into
        first, second = (torch.linalg.svd(m)[0][:, 0] for m in (matrix_a, matrix_b))
        return abs(float(first @ second))

    values, keys = overlap(delta, chance), overlap(delta.T, chance.T)
    kept, lost = (values, keys) if part == "key" else (keys, values)
    assert kept == pytest.approx(1, abs=1e-9) and lost < 0.8


def test_an_edits_note_names_its_numbers_and_its_strength(gpt2_model):
    delta = torch.ones_like(weights(gpt2_model, 1))
    one, same, other = Edit({1: delta}, "x"), Edit({1: delta.clone()}, "y"), Edit({1: delta + 1e-12}, "x")
    assert one.note(1.0) == same.note(1.0) and one.note(1.0) != one.note(0.5)
    assert one.note(1.0) != other.note(1.0) and one.note(1.0) != Edit({2: delta}, "x").note(1.0)
