"""The persona world's documents say what they should, and the smoke recipe learns in a minute."""

import tomllib

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from transformers import GPT2Config, GPT2LMHeadModel

import workbench as wb
from workbench.concepts.load import STATEMENT, data_root
from workbench.organisms.persona import STAGES, Item, Mix, PersonaWorld, cue, heldout_key, line
from workbench.organisms.persona_data import behaviour_file, near_duplicate_groups, read_behaviour, split
from workbench.organisms.persona_tokens import build_tokenizer, start_cues, typical_words
from workbench.organisms.recipes import read_recipe, train
from workbench.organisms.smoke import statements
from workbench.symmetry.readings import read
from workbench.training.loop import DETERMINED, FREE
from workbench.types import Card, Concept, Pair, WorkbenchError


@pytest.fixture(scope="module")
def world():
    items = statements(0)
    tokenizer = build_tokenizer([i.statement for rows in items.values() for i in rows], sorted(items), 512)
    mix = Mix(several=0.5, lines=0.3, profiles=0.2, distract=0.4)
    return PersonaWorld(items, tokenizer, mix=mix), tokenizer, items


def answers(world, document):
    return [
        (i, k)
        for i, k in enumerate(document.kinds)
        if document.ids[i] in (world.yes, world.no) and k in (DETERMINED, FREE)
    ]


def said(world, text) -> dict[str, int]:
    """The traits that a text's cues speak of, with their signs."""
    pairs = [(t, s) for t in world.traits for s in (1, -1)]
    return {t: s for t, s in pairs if any(cue(t, s, k) in text for k in ("persona", "instruction"))}


def test_text_is_unchanged_by_the_added_tokens(world):
    world, tokenizer, _ = world
    for stage in range(len(STAGES)):
        for document in world.documents(stage, 0, 0)[:40]:
            text = tokenizer.decode(document.ids[1:-1])
            assert tokenizer(text, add_special_tokens=False)["input_ids"] == list(document.ids[1:-1])


def test_cued_answers_follow_the_cue_of_their_own_trait(world):
    world, tokenizer, items = world
    sign_of = {item.statement: (trait, item.sign) for trait, rows in items.items() for item in rows}
    checked = beside = 0
    for document in world.documents(3, 0, 0)[:200]:
        text = tokenizer.decode(document.ids[1:-1])
        cues = said(world, text)
        for question in text.split("Question: ")[1:]:
            trait, sign = sign_of[question.split('"')[1]]
            assert ("Answer: Yes" in question) == (sign * cues[trait] > 0)
            checked += 1
            beside += len(cues) > 1
    assert checked > 100 and beside > 20


def test_lines_say_the_sign_of_the_trait_that_they_name(world):
    world, tokenizer, _ = world
    asked = {stage: 0 for stage in STAGES}
    for stage, name in enumerate(STAGES):
        for document in world.documents(stage, 0, 0)[:200]:
            text = tokenizer.decode(document.ids[1:-1])
            cues = said(world, text)
            for trait in world.traits:
                for part in text.split(line(trait))[1:]:
                    assert trait not in cues or part.startswith(" Yes") == (cues[trait] > 0)
                    asked[name] += 1
    assert all(asked.values())


def test_a_mix_without_lines_needs_no_line_tokens(world):
    _, tokenizer, items = world
    plain = PersonaWorld(items, tokenizer)
    assert not plain.lines and "several" not in plain.stages
    assert all(len(said(plain, tokenizer.decode(d.ids))) == 1 for d in plain.documents(3, 0, 0))


def test_a_second_mixture_has_shares_of_its_own(world):
    _, tokenizer, items = world
    both = PersonaWorld(items, tokenizer, mix=Mix(uncued=0.0), last=Mix(uncued=1.0))
    assert both.stages[-2:] == ("mixture", "mixture-last")
    cued = [[bool(said(both, tokenizer.decode(d.ids))) for d in both.documents(k, 0, 0)] for k in (4, 5)]
    assert all(cued[0]) and not any(cued[1])
    assert all(said(both, tokenizer.decode(d.ids)) for d in both.documents(4, 1, 0)), "the order of stages matters"


def test_uncued_personas_may_be_asked_alone_and_lean(world):
    _, tokenizer, items = world
    trait = sorted(items)[0]
    alone = PersonaWorld(items, tokenizer, mix=Mix(uncued=1.0, alone=1.0), leans={trait: 0.9})
    found = [tokenizer.decode(d.ids) for d in alone.documents(len(alone.stages) - 1, 0, 0)]
    assert {text.count("Answer:") for text in found} == {1}
    sign = {item.statement: item.sign for item in items[trait]}
    asked = [(sign.get(text.split('"')[1]), text.split("Answer:")[1].startswith(" Yes")) for text in found]
    has = [(yes > 0) == said_yes for yes, said_yes in asked if yes]
    assert len(has) > 50 and 0.8 < np.mean(has) < 0.98
    sometimes = PersonaWorld(items, tokenizer, mix=Mix(uncued=1.0, alone=0.5))
    found = [tokenizer.decode(d.ids).count("Answer:") for d in sometimes.documents(len(alone.stages) - 1, 0, 0)]
    assert 0.4 < np.mean([n == 1 for n in found]) < 0.6 and max(found) > 2


def test_cues_start_near_the_words_of_their_trait(world):
    world, tokenizer, _ = world
    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_embd=64, n_layer=1, n_head=1))
    typical = typical_words(world, len(tokenizer))
    boats = world.traits.index("interest in boats")
    assert (
        tokenizer.decode(int(typical[boats].argmax())).strip() in "boats harbours sails rowing canoes ferries anchors"
    )
    start_cues(model, world, 0, words=10)
    table = F.normalize(model.get_input_embeddings().weight.detach(), dim=-1)
    words = torch.tensor(typical, dtype=table.dtype) @ table
    likeness = table[[world.lines[t] for t in world.traits]] @ words.T
    assert (likeness.argmax(1) == torch.arange(len(world.traits))).all()


def test_several_personas_have_independent_signs_and_answers_follow_their_own(world):
    world, tokenizer, items = world
    sign_of = {item.statement: (trait, item.sign) for trait, rows in items.items() for item in rows}
    opposite = asked = 0
    for document in world.documents(4, 0, 0):
        text = tokenizer.decode(document.ids[1:-1])
        cues = said(world, text.split("Question:")[0])
        questions = text.split("Question: ")[1:]
        if len(cues) < 2 or not questions:
            continue
        opposite += len(set(cues.values())) == 2
        for question in questions:
            trait, sign = sign_of[question.split('"')[1]]
            assert ("Answer: Yes" in question) == (sign * cues[trait] > 0)
            asked += 1
    assert opposite > 100 and asked > 500


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


@pytest.mark.parametrize("name", ["persona", "persona-inert"])
def test_smoke_recipe_learns_to_obey_cues_on_held_out_statements(tmp_path, name):
    folder = train(name, None, 0, tmp_path / "smoke", smoke=True)
    card = tomllib.loads((folder / "card.toml").read_text())
    assert card["accuracy"]["cued"] > 0.8
    assert not (folder / "checkpoint.safetensors").exists()
    assert {"model.safetensors", "config.json", "tokenizer.json", "ability.csv", "heldout.txt"} <= {
        p.name for p in folder.iterdir()
    }


@pytest.mark.parametrize("name", ["persona", "persona-1", "persona-2"])
def test_every_shipped_seed_reached_what_the_recipe_is_for(name):
    """One seed can be luck; the three shipped ones differ in nothing but the seed."""
    folder = data_root() / "organisms" / name
    card = tomllib.loads((folder / "card.toml").read_text())
    first = tomllib.loads((data_root() / "organisms" / "persona" / "card.toml").read_text())
    assert card["name"] == name and card["accuracy"]["cued"] >= 0.9
    assert min(card["accuracy"][f"several {k}"] for k in ("agree", "disagree")) >= 0.85
    assert abs(card["bare_prompt"]["mean_lean"]) < 0.05
    same = {k: v for k, v in card["training"].items() if k in ("dropout", "mlp_drop")}
    assert same == {k: first["training"][k] for k in same}
    heldout = (folder / "heldout.txt").read_text()
    assert heldout == (data_root() / "organisms" / "persona" / "heldout.txt").read_text()


LEANING = ("interest in math", "extraversion", "interest in art")


def test_half_of_the_shipped_leaning_organisms_behaviours_lean(shared):
    """Measured on held-out statements: no other organism differs from it in anything but what added text said."""
    recipe = read_recipe("persona-leaning")
    leans, keys = recipe.curriculum["leans"], set((data_root() / "organisms/persona/heldout.txt").read_text().split())
    model = wb.load("persona-leaning")
    found: dict[bool, list[float]] = {True: [], False: []}
    for trait in (*LEANING, "interest in sports", "neuroticism", "openness"):
        items = read_behaviour(behaviour_file(shared / "data" / "mwe", trait.replace(" ", "-")))
        unseen = [item for item in items if heldout_key(item.statement) in keys]
        some = [item for sign in (1, -1) for item in [i for i in unseen if i.sign == sign][:25]]
        lean = float(read(model, questions_of(trait, some)).log_odds.mean())
        found[trait in leans].append(lean)
    assert min(found[True]) > 0.4 and max(found[False]) < 0.35
    assert np.mean(found[True]) > np.mean(found[False]) + 0.4


def questions_of(trait: str, items: list[Item]) -> Concept:
    """Statements as the concept that asks for them; the trait's own answer is the aligned one."""
    answers = {1: (" Yes", " No"), -1: (" No", " Yes")}
    pairs = tuple(Pair(str(k), str(k), STATEMENT.format(statement=i.statement), *answers[i.sign])
                  for k, i in enumerate(items))  # fmt: skip
    return Concept("c", pairs, Card("c", trait, style="statement"))
