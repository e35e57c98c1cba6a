"""The persona world's documents say what they should, and the smoke recipe learns in a minute."""

import tomllib

import numpy as np
import pytest

from workbench.organisms.persona import STAGES, Item, Mix, PersonaWorld, cue, heldout_key
from workbench.organisms.persona_data import near_duplicate_groups, split
from workbench.organisms.persona_tokens import build_tokenizer
from workbench.organisms.recipes import train
from workbench.organisms.smoke import statements
from workbench.training.loop import DETERMINED, FREE
from workbench.types import WorkbenchError


@pytest.fixture(scope="module")
def world():
    items = statements(0)
    tokenizer = build_tokenizer([i.statement for rows in items.values() for i in rows], sorted(items), 512)
    return PersonaWorld(items, tokenizer, mix=Mix(0.5, lines=0.3, profiles=0.2)), tokenizer, items


def answers(world, document):
    return [
        (i, k)
        for i, k in enumerate(document.kinds)
        if document.ids[i] in (world.yes, world.no) and k in (DETERMINED, FREE)
    ]


def test_text_is_unchanged_by_the_added_tokens(world):
    world, tokenizer, _ = world
    for stage in range(len(STAGES)):
        for document in world.documents(stage, 0, 0)[:40]:
            text = tokenizer.decode(document.ids[1:-1])
            assert tokenizer(text, add_special_tokens=False)["input_ids"] == list(document.ids[1:-1])


def test_cued_answers_follow_the_cue(world):
    world, tokenizer, items = world
    sign_of = {item.statement: (trait, item.sign) for trait, rows in items.items() for item in rows}
    cues = {cue(t, s, k): s for t in world.traits for s in (1, -1) for k in ("persona", "instruction")}
    checked = 0
    for document in world.documents(3, 0, 0)[:100]:
        text = tokenizer.decode(document.ids[1:-1])
        present = [s for c, s in cues.items() if c in text]
        assert len(set(present)) == 1
        for question in text.split("Question: ")[1:]:
            statement = question.split('"')[1]
            wanted = sign_of[statement][1] * present[0]
            assert ("Answer: Yes" in question) == (wanted > 0)
            checked += 1
    assert checked > 100


def test_several_personas_have_independent_signs_and_answers_follow_their_own(world):
    world, tokenizer, items = world
    sign_of = {item.statement: (trait, item.sign) for trait, rows in items.items() for item in rows}
    opposite = 0
    for document in world.documents(4, 0, 0):
        text = tokenizer.decode(document.ids[1:-1])
        said = {
            t: s
            for t in world.traits
            for s in (1, -1)
            for k in ("persona", "instruction")
            if cue(t, s, k) in text.split("Question:")[0]
        }
        if len(said) < 2:
            continue
        opposite += len(set(said.values())) == 2
        for question in text.split("Question: ")[1:]:
            trait, sign = sign_of[question.split('"')[1]]
            assert ("Answer: Yes" in question) == (sign * said[trait] > 0)
    assert opposite > 100


def test_documents_are_a_pure_function_of_stage_chunk_and_seed(world):
    world = world[0]
    assert world.documents(5, 3, 7) == world.documents(5, 3, 7)
    assert world.documents(5, 3, 7) != world.documents(5, 4, 7)


def test_without_a_cue_the_first_answer_is_free_and_balanced(world):
    world = world[0]
    free = [document for document in world.documents(5, 1, 0) if FREE in [k for _, k in answers(world, document)]]
    assert len(free) > 100


def test_near_duplicates_stay_on_one_side_of_the_split():
    rng = np.random.default_rng(0)
    words = [f"word{i}" for i in range(300)]
    base = [" ".join(rng.choice(words, 9)) for _ in range(120)]
    first = [Item(t, 1 if i % 2 else -1) for i, t in enumerate(base)]
    second = [Item(t + " indeed", 1 if i % 2 else -1) for i, t in enumerate(base)]
    train_items, heldout = split({"a": first, "b": second}, 0.2, 0.8, 0)
    stem = lambda items: {i.statement.replace(" indeed", "") for i in items}  # noqa: E731
    assert heldout["a"] and not stem(heldout["a"]) & stem(train_items["b"])
    assert abs(sum(i.sign for i in heldout["a"])) <= 1


def test_near_duplicate_groups_join_only_the_similar():
    groups = near_duplicate_groups(
        ["I like red boats very much", "I like red boats very much indeed", "Clocks tick"], 0.7
    )
    assert groups[0] == groups[1] != groups[2]


def test_heldout_key_forgets_case_and_punctuation():
    assert heldout_key("I like Boats.") == heldout_key("i like boats") != heldout_key("I like boots")


def test_training_without_data_says_what_to_give(tmp_path):
    with pytest.raises(WorkbenchError, match="--data"):
        train("persona-inert", None, 0, tmp_path)
    with pytest.raises(WorkbenchError, match="expected one of"):
        train("nobody", None, 0, tmp_path)


def test_smoke_recipe_learns_to_obey_cues_on_held_out_statements(tmp_path):
    folder = train("persona-inert", None, 0, tmp_path / "smoke", smoke=True)
    card = tomllib.loads((folder / "card.toml").read_text())
    assert card["accuracy"]["cued"] > 0.8
    assert not (folder / "checkpoint.safetensors").exists()
    assert {"model.safetensors", "config.json", "tokenizer.json", "ability.csv", "heldout.txt"} <= {
        p.name for p in folder.iterdir()
    }
