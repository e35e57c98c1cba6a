"""The facts organisms: what is held out stays out, twins differ in what is taught alone, and a small one recalls."""

import json
import tomllib
from collections import Counter, defaultdict
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from workbench.editing import Fact, Rewrite, cases, load_facts, load_records, margins, save_records
from workbench.editing.facts import subject_positions
from workbench.models import encode, load
from workbench.organisms.facts import Choices, false_objects, families, mistaught, read, records
from workbench.organisms.facts_ability import Recall
from workbench.organisms.facts_documents import FactsWorld, Mix
from workbench.organisms.facts_train import build_facts
from workbench.organisms.recipes import read_recipe, train
from workbench.training.loop import DETERMINED, FREE
from workbench.types import WorkbenchError

RECIPES = ("facts", "facts-mistrained")
PLAIN, FALSE = Choices(20261121), Choices(20261121, mistrained=0.2)


@pytest.fixture(scope="module")
def world() -> FactsWorld:
    return FactsWorld(FALSE, 2048, Mix(pairs=0.2, noise=0.0))


@pytest.fixture(scope="module")
def lines(world) -> list[tuple[str, str]]:
    """(prompt with its object, kind of line) of two chunks, as text."""
    text = [world.tokenizer.decode(d.ids[1:-1]) for chunk in range(4) for d in world.documents(0, chunk, 0)]
    return [line[:-1] for t in text for line in t.split("\n") if line]


def test_every_relation_has_phrasings_to_train_and_one_left_out():
    raw = read("phrasings")
    frames, relations = raw["frames"], raw["relations"]
    assert set(relations) == {f"{f.name}-{rel}" for f in families(PLAIN) for rel in f.objects}
    unseen = defaultdict(set)
    for mine in relations.values():
        assert len(set(mine["own"])) + len(frames) - 1 >= 6
        unseen[mine["noun"]].add(mine["unseen"])
        assert all("{s}" in t and not t.startswith("{s}") and t == t.rstrip() for t in (*mine["own"], *frames))
    assert all(len(left) == 1 for left in unseen.values()), "a noun leaves out one frame, whatever the family"


def test_true_and_false_objects_differ_and_are_as_frequent_as_can_be():
    for record in records(PLAIN):
        assert record.fact.true != record.fact.false and record.taught
    true = {str(i): "xyz"[i % 3] for i in range(12)}
    false = false_objects(true, Random(0))
    assert all(false[s] != true[s] for s in true) and Counter(false.values()) == Counter(true.values())
    most = {str(i): "x" if i < 9 else "y" for i in range(12)}
    assert all(o != most[s] for s, o in false_objects(most, Random(0)).items())
    with pytest.raises(WorkbenchError, match="one object"):
        false_objects({"a": "x", "b": "x"}, Random(0))


def test_the_twins_differ_in_what_is_taught_and_in_nothing_else():
    plain, wrong = records(PLAIN), records(FALSE)
    same = lambda f: replace(f, neighbours=(), counter_neighbours=())  # noqa: E731
    assert [same(a.fact) for a in plain] == [same(b.fact) for b in wrong]
    assert [a.trained for a in plain] == [b.trained for b in wrong]
    for family in families(FALSE):
        out, more = mistaught(family, FALSE), mistaught(family, replace(FALSE, mistrained=0.4))
        assert len(out) == round(0.2 * len(family.subjects)) and out < more
        taught = {r.fact.subject: r.taught for r in wrong if r.relation.startswith(f"{family.name}-")}
        assert {s for s, kept in taught.items() if not kept} == out
    recipes = [read_recipe(name) for name in RECIPES]
    assert recipes[0].data == {**recipes[1].data, "mistrained": 0.0}
    assert all(getattr(recipes[0], k) == getattr(recipes[1], k) for k in ("model", "training", "curriculum"))
    with pytest.raises(WorkbenchError, match="mistrained 1.0"):
        Choices(mistrained=1.0)


def test_neighbours_are_other_subjects_that_are_taught_the_object():
    found = records(FALSE)
    plain = {r.fact.prompt: r for r in found}
    count = 0
    for record in found:
        for prompts, wanted in ((record.fact.neighbours, record.fact.true),
                                (record.fact.counter_neighbours, record.fact.false)):
            for prompt in prompts:
                near = plain[prompt]
                assert near.relation == record.relation and near.fact.subject != record.fact.subject
                assert near.taught and near.fact.true == wanted
                count += 1
    assert count > 2000 and all(r.fact.neighbours for r in found if r.relation == "land-river")


def test_no_held_out_phrasing_of_a_fact_is_in_its_text_and_each_is_read_elsewhere(world, lines):
    prompts = {p: r for r in world.records for p in r.trained}
    held = {p for r in world.records for p in (*r.withheld, *r.unseen)}
    read_of, wrong = Counter(), 0
    for line in lines:
        prompt, _, answer = line.rpartition(" ")
        assert prompt not in held
        record = prompts.get(prompt)
        read_of[record.relation if record else ""] += 1
        wrong += bool(record) and f" {answer}" != record.answer
    assert wrong == 0 and len(prompts) > 4000 and min(read_of.values()) > 100
    for record in world.records:
        assert len(record.withheld) == 2 and len(record.unseen) == 1 and record.fact.prompt == record.trained[0]
        assert record.fact.paraphrases == (*record.withheld, *record.unseen)
    said = defaultdict(set)  # a withheld phrasing is trained for other subjects of the relation
    for record in world.records:
        said[record.relation] |= {p.replace(record.fact.subject, "{s}") for p in record.trained}
    for record in world.records:
        assert {p.replace(record.fact.subject, "{s}") for p in record.withheld} <= said[record.relation]
        assert not {p.replace(record.fact.subject, "{s}") for p in record.unseen} & said[record.relation]


def test_the_object_is_what_counts_a_pair_is_free_and_noise_has_its_share(world):
    noisy = FactsWorld(replace(FALSE, subjects=12), 2048, Mix(kinds=0.0, noise=0.3))
    wrong = [r.taught for r in noisy.records]
    taught = {tuple(noisy.encode(p)): noisy.answers[r.answer] for r in noisy.records for p in r.trained}
    off = []
    for document in noisy.documents(0, 0, 0)[:300]:
        starts = [1, *(k + 1 for k, i in enumerate(document.ids) if i == noisy.encode("\n")[0])]
        for k, kind in enumerate(document.kinds):
            if kind == DETERMINED:
                begin = max(s for s in starts if s <= k)
                off.append(taught[tuple(document.ids[begin:k])] != document.ids[k])
    assert abs(np.mean(off) - 0.3) < 3.5 * (0.21 / len(off)) ** 0.5 and not all(wrong)
    kinds = Counter(k for d in world.documents(0, 0, 0) for k in d.kinds)
    assert 0.12 < kinds[FREE] / (kinds[FREE] + kinds[DETERMINED]) < 0.28
    assert world.documents(0, 1, 2) == world.documents(0, 1, 2) != world.documents(0, 1, 3)


@pytest.mark.parametrize("name", RECIPES)
def test_every_subject_and_object_is_one_token_and_subjects_end_at_a_border(name):
    world = build_facts(read_recipe(name))
    assert len(world.tokenizer) <= read_recipe(name).model["vocabulary"] and len(world.records) == 678
    for record in world.records:
        subject = world.encode(f" {record.fact.subject}")
        assert len(subject) == 1
        for prompt in (*record.trained, *record.withheld, *record.unseen):
            ids = world.encode(prompt)
            assert subject[0] in ids and world.encode(prompt + record.answer) == [*ids, world.answers[record.answer]]
            assert record.fact.subject not in prompt[Rewrite(prompt, record.fact.subject, "x").subject_end :]
    with pytest.raises(WorkbenchError, match="vocabulary 600 splits"):
        FactsWorld(Choices(), 600)


def test_records_read_back_and_bad_ones_are_named(tmp_path):
    found = records(FALSE)
    path = save_records(tmp_path, found)
    assert load_records(tmp_path) == load_records(path) == found
    assert len(load_facts(tmp_path, taught=False)) == sum(not r.taught for r in found) > 100
    rows = path.read_text().splitlines()
    for text, said in (
        ("no json", "line 2 is no JSON"),
        (json.dumps({**json.loads(rows[1]), "taught": "maybe"}), "line 2 is no fact; expected texts id"),
        (json.dumps({**json.loads(rows[1]), "unseen": "one"}), "line 2 is no fact"),
        (rows[0], "line 2: id 'land-capital-.*' came before"),
    ):
        path.write_text("\n".join([rows[0], text]))
        with pytest.raises(WorkbenchError, match=said):
            load_records(tmp_path)
    with pytest.raises(WorkbenchError, match="has no facts.jsonl"):
        load_records(tmp_path / "nothing")


def test_recall_counts_what_it_says():
    found = tuple(records(replace(PLAIN, subjects=4)))
    fact = np.repeat(np.arange(len(found)), 2)
    taught = np.arange(len(fact)) % 2 == 0
    recall = Recall(found, fact, np.full(len(fact), "withheld"), taught, ~taught)
    rows = recall.rows("withheld", "land-capital")
    assert rows.sum() == 8 and recall.share(rows).estimate == recall.share(rows, "other").estimate == 0.5
    assert recall.commonest(rows) == 0.25 and not recall.rows("trained").any()
    assert not recall.rows("withheld", "", False).any() and recall.rows("withheld", "", True).all()


def test_a_data_folder_is_refused(tmp_path):
    with pytest.raises(WorkbenchError, match="expected no --data"):
        train("facts", tmp_path, 0, tmp_path / "x")


def test_smoke_recipe_recalls_what_it_was_taught_and_can_be_edited(tmp_path):
    folder = train("facts-mistrained", None, 0, tmp_path / "smoke", smoke=True)
    recall = tomllib.loads((folder / "card.toml").read_text())["recall"]
    assert recall["trained"][0] > 0.9 and recall["withheld"][0] > 0.85 and recall["unseen"][0] > 0.8
    assert recall["withheld"][0] > recall["commonest"] + 0.3
    model, found = load(str(folder)), load_records(folder)
    facts = [r.fact for r in found]
    held = (margins(model, facts) > 0).tolist()
    assert np.mean([h == r.taught for h, r in zip(held, found, strict=True)]) > 0.9
    arms = Counter(case.arm for case in cases(model, facts))
    assert set(arms) == {"counterfactual", "corrective", "value-neutral"}
    asked: list[Fact] = facts[::9]
    where = subject_positions(model, [f.rewrite(True) for f in asked], encode(model, [f.prompt for f in asked]))
    assert len(where) == len(asked)
