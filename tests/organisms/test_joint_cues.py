"""Two signs in one token: every pair has its four, the text says what the answers follow, and nothing else changes."""

import re
from dataclasses import replace

import pytest

from workbench.organisms.joint_cues import joint_cues, partners, start_joint_cues
from workbench.organisms.microworld import LETTERS, chosen_axes
from workbench.organisms.microworld_documents import MicroWorld, Rules, added_tokens
from workbench.organisms.microworld_train import training_text
from workbench.organisms.persona import Mix
from workbench.organisms.persona_tokens import build_tokenizer, start_cues
from workbench.organisms.recipes import new_model, read_recipe
from workbench.training.loop import DETERMINED

NAMES = ("honesty", "kindness", "boats", "hats", "candles")


@pytest.fixture(scope="module")
def world(request):
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("workbench.organisms.microworld_documents.DOCUMENTS_PER_CHUNK", 160)
    request.addfinalizer(monkeypatch.undo)
    axes = chosen_axes(NAMES)
    tokenizer = build_tokenizer(training_text(axes), NAMES, 1200, added_tokens(NAMES, joint=True))
    return MicroWorld(axes, tokenizer, Rules(noise=0.0), Mix(several=1.0, joint=1.0)), tokenizer


def test_every_axis_has_partners_and_every_pair_four_cues():
    names = [f"axis {i}" for i in range(32)]
    pairs = partners(names)
    assert len(pairs) == 64 and all(sum(name in pair for pair in pairs) == 4 for name in names)
    assert len(set(joint_cues(names).values())) == 4 * 64


def test_answers_follow_the_sign_of_the_axis_that_is_asked(world):
    world, tokenizer = world
    stage, checked = list(world.stages).index("several"), 0
    aligned = {a: (n, p) for n, x in chosen_axes(NAMES).items() for p in ("aligned", "unaligned") for a in x.acts(p)}
    for document in world.documents(stage, 0, 0):
        text = tokenizer.decode(document.ids[1:-1])
        told = [re.findall(r"(not )?([a-z]+)", line) for line in re.findall(r"Persona: (.*)\.\n", text)]
        for cue, question in zip(told, text.split("Question: ")[1:], strict=False):
            signs = {name: -1 if no else 1 for no, name in cue}
            acts = re.search(r"\(A\) (.*)\n \(B\) (.*)\n", question)
            (name, pole), _ = (aligned[a] for a in acts.groups())
            letter = question.split("Answer: (")[1][0]
            first = (pole == "aligned") == (signs[name] > 0)
            assert letter == LETTERS[0 if first else 1].strip(" ()"), question
            checked += 1
    assert checked > 100


def test_signs_of_a_pair_are_independent_where_nothing_forces_them(world):
    free = MicroWorld(chosen_axes(NAMES), world[1], Rules(), Mix(several=1.0, joint=1.0, opposite=0.0))
    documents = free.documents(list(free.stages).index("several"), 0, 0)
    used = [key for d in documents for i in d.ids for key, token in free.joint.items() if token == i]
    same = sum(s == t for _, s, _, t in used) / len(used)
    assert 0.35 < same < 0.65
    assert sum(kind == DETERMINED for d in documents for kind in d.kinds) > 100


def test_a_joint_cue_starts_between_its_single_cues(world):
    world, tokenizer = world
    recipe = read_recipe("knob-a")
    model = new_model(replace(recipe, model={**recipe.model, "d_model": 48, "n_heads": 3}), tokenizer, 0)
    start_cues(model, world, 0, 5)
    start_joint_cues(model, world.joint, world.cues, 1)
    table = model.get_input_embeddings().weight.detach()
    cosine = lambda x, y: float(x @ y / x.norm() / y.norm())  # noqa: E731
    for (a, s, b, t), token in world.joint.items():
        singles = [[table[world.cues[n, k * sign, "persona"][0]] for n, sign in ((a, s), (b, t))] for k in (1, -1)]
        own, other = (x + y for x, y in singles)
        assert cosine(table[token], own) == pytest.approx(1.0, abs=1e-5)
        assert cosine(table[token], other) < 0.9  # where signs are opposite too


def test_without_joint_cues_the_world_is_as_it_was(world):
    plain = MicroWorld(chosen_axes(NAMES), world[1], Rules(), Mix(several=0.5))
    assert plain.joint == {} and plain.pairs == []
