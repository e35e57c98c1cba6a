"""Every control method keeps its signature, changes the model it yields, and leaves the one it was given alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from workbench.controls import about_method, find_method, method_names
from workbench.controls.contrast import directions, pole_directions
from workbench.controls.demonstrations import MIX, demonstrations, nearest_last
from workbench.controls.floor import control as floor
from workbench.models import capture, encode, forward, tokens
from workbench.symmetry.readings import read
from workbench.types import POLES, Concept, Pair, WorkbenchError

METHODS = {
    "ablate", "actadd", "add", "add_layers", "add_pole", "baked_projection", "clamp", "constrained_tuning", "few_shot",
    "floor", "gate", "in_context_edit", "instruction", "lda", "leace", "mean_projection", "memit", "negate",
    "null_space_edit", "persona", "reading_vector", "rome", "rotate", "subspace", "veto",
}  # fmt: skip
FILTERS = {"backdoored", "input_filter"}  # a bare question passes them: tested in test_backdoored
TRAINING = {"dpo", "full_tuning", "lora"}  # tested in test_training_methods
OTHERS = {"checkpoint"}  # needs weights to be named: tested in test_checkpoint


def odds(model, control, strength, concept) -> np.ndarray:
    with control.applied(model, strength) as changed:
        return read(changed, concept).log_odds


def test_the_folder_is_the_list():
    assert set(method_names()) == METHODS | FILTERS | TRAINING | OTHERS
    assert find_method("add") is find_method("workbench.controls.add:control")
    assert all(len(about_method(name)) > 20 for name in method_names())


@pytest.mark.parametrize("name, words", [
    ("ad", "did you mean 'add'"), ("nobody:control", "cannot be loaded"), ("workbench.controls.add:x", "no attribute"),
])  # fmt: skip
def test_an_unknown_method_is_one_line(name, words):
    with pytest.raises(WorkbenchError, match=words) as error:
        find_method(name)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_both_poles_change_the_model_and_leave_it_as_it_was(gpt2_model, small_concept, name):
    before, seen = read(gpt2_model, small_concept).log_odds, {gpt2_model.digest}
    for pole in POLES:
        control = find_method(name)(gpt2_model, small_concept, pole)
        dose = getattr(control, "doses", (1.0,))[0]
        with control.applied(gpt2_model, dose) as changed:
            moved = read(changed, small_concept).log_odds
            seen.add(changed.digest)
        assert np.isfinite(moved).all() and not np.allclose(moved, before)
        assert np.array_equal(read(gpt2_model, small_concept).log_odds, before)
    assert len(seen) == 3


def test_layers_are_counted_from_either_end(gpt2_model, small_concept):
    last, other = (directions(gpt2_model, small_concept, "aligned", layers=[k]) for k in (-2, gpt2_model.n_layers - 2))
    assert [d.site.layer for d in last] == [d.site.layer for d in other] == [gpt2_model.n_layers - 2]
    (middle,) = directions(gpt2_model, small_concept, "aligned")
    assert middle.site.layer == (gpt2_model.n_layers - 1) // 2


def test_vectors_of_both_poles_together_are_opposites_and_of_each_alone_are_not(gpt2_model, small_concept):
    up, down = (find_method("add")(gpt2_model, small_concept, pole) for pole in POLES)
    assert np.allclose(odds(gpt2_model, up, 0.7, small_concept), odds(gpt2_model, down, -0.7, small_concept), atol=1e-5)
    alone = [pole_directions(gpt2_model, small_concept, pole)[0].vector for pole in POLES]
    assert abs(float(alone[0] @ alone[1])) < 0.999
    together = [directions(gpt2_model, small_concept, pole)[0].vector for pole in POLES]
    assert float(together[0] @ together[1]) == pytest.approx(-1, abs=1e-5)


def test_ablation_and_mean_projection_are_the_same_control(gpt2_model, small_concept):
    for pole in POLES:
        one, other = (find_method(name)(gpt2_model, small_concept, pole) for name in ("ablate", "mean_projection"))
        for strength in (0.3, 1.0):
            assert np.allclose(odds(gpt2_model, one, strength, small_concept),
                               odds(gpt2_model, other, strength, small_concept), atol=1e-4)  # fmt: skip


def test_a_limit_is_said(gpt2_model, small_concept):
    with pytest.raises(WorkbenchError, match="beyond this control's"):
        odds(gpt2_model, find_method("ablate")(gpt2_model, small_concept, "aligned"), 1.5, small_concept)


def test_the_floor_lifts_what_is_below_and_nothing_else(gpt2_model, small_concept):
    control = floor(gpt2_model, small_concept, "aligned", quantile=0.5)
    direction, tau = control.inner.each[0], control.inner.intervention.target
    batch = encode(gpt2_model, ["More cats?", "A quiet sentence."])
    with control.applied(gpt2_model, 1.0) as defended:
        after = capture(defended, batch, [direction.site])[direction.site]
    before = capture(gpt2_model, batch, [direction.site])[direction.site]
    along = before @ direction.vector
    wanted = before + torch.relu(tau - along)[..., None] * direction.vector
    assert torch.allclose(after[batch.real], wanted[batch.real], atol=1e-4)
    assert (along[batch.real] < tau).any() and (along[batch.real] > tau).any()


def test_a_prompt_stands_before_every_text_and_dose_zero_is_no_prompt(gpt2_model, small_concept):
    control = find_method("instruction")(gpt2_model, small_concept, "unaligned")
    with control.applied(gpt2_model, 2.0) as prompted:
        ((ids,), _) = tokens(prompted, ["More tea?"])
    assert gpt2_model.tokenizer.decode(ids).endswith("Want less.\n\nWant less.\n\nMore tea?")
    with control.applied(gpt2_model, 0.0) as plain:
        assert torch.allclose(forward(plain, encode(plain, ["Hi"])), forward(gpt2_model, encode(gpt2_model, ["Hi"])))
    with pytest.raises(WorkbenchError, match="no number of examples"), control.applied(gpt2_model, 1.5):
        pass


def test_a_cue_stands_where_the_models_card_says_and_text_without_a_question_after_it(
    gpt2_model, small_concept, tmp_path
):
    (tmp_path / "card.toml").write_text('[world]\ncue_place = "after"\n')
    trained = replace(gpt2_model, folder=str(tmp_path))
    control = find_method("instruction")(trained, small_concept, "unaligned")
    with control.applied(trained, 2.0) as prompted:
        (asked, said), _ = tokens(prompted, ["Question: More?\n\nAnswer:", "More tea?"])
    decode = gpt2_model.tokenizer.decode
    assert decode(asked).endswith("Question: More?\n\nWant less.\n\nWant less.\n\nAnswer:")
    assert decode(said).endswith("Want less.\n\nWant less.\n\nMore tea?")
    plain = find_method("instruction")(gpt2_model, small_concept, "unaligned")
    assert control.note(1.0) != plain.note(1.0)


def test_examples_are_the_same_for_both_poles_and_nested(gpt2_model, small_concept):
    texts = [find_method("few_shot")(gpt2_model, small_concept, pole).about for pole in POLES]
    assert len(texts[0]) == 8 and [t.replace(" Yes", " No") for t in texts[0]] == [
        t.replace(" Yes", " No") for t in texts[1]]  # fmt: skip
    control = find_method("few_shot")(gpt2_model, small_concept, "aligned")
    assert control.prefix(4, "x").startswith(control.prefix(2, "x")) and control.doses == (1, 2, 4, 8)


def many(count: int) -> Concept:
    from workbench.types import Card

    pairs = tuple(Pair(str(i), str(i // 2), f"Is item number{i} fine?", " Yes", " No") for i in range(count))
    return Concept("many", pairs, Card("many", "Many", style="question", instruction_aligned="Say yes."))


def test_in_context_edits_have_the_published_mix_and_the_nearest_comes_last():
    assert [MIX.count(kind) for kind in ("copy", "update", "retain")] == [1, 3, 4]
    edits, vetoes = demonstrations(many(40), "unaligned"), demonstrations(many(40), "unaligned", veto=True)
    assert len(edits) == 32 and all(d.text.startswith("New Fact: Is item number") for d in edits)
    assert edits[3].text == ("New Fact: Is item number3 fine? No\nPrompt: Question: Is item number3 fine?\n\n"
                             "Answer: No\n\n")  # fmt: skip
    assert vetoes[3].text == edits[3].text.replace("fine? No\nPrompt", "fine? Yes\nPrompt")
    prefix = nearest_last(edits)(4, "Question: Is item number17 fine?")
    assert prefix.count("New Fact") == 4 and "number17" in prefix.split("New Fact: ")[-1]


def test_a_concept_without_a_cue_is_refused_where_one_pole_alone_is_asked(gpt2_model, small_concept):
    bare = replace(small_concept, card=replace(small_concept.card, trait="", instruction_aligned=""))
    with pytest.raises(WorkbenchError, match="no cue for one pole"):
        find_method("add_pole")(gpt2_model, bare, "aligned")
