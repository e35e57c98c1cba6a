"""Loading and listing: shipped concepts, the story style, and one line for every bad input."""

import json
from pathlib import Path

import pytest

from workbench.concepts import data_root, list_concepts, load_concept, save_concept
from workbench.types import WorkbenchError

CARD = 'name = "toy"\nkind = "value"\nstyle = "statement"\ntrait = "toy trait"\n'


def row(number: int, **changes) -> dict:
    yes = number % 2 == 0
    plain = {"id": f"toy-{number}", "group": f"g{number // 2}", "statement": f"I like number {number}.",
             "aligned": "Yes" if yes else "No", "unaligned": "No" if yes else "Yes"}
    return {k: v for k, v in (plain | changes).items() if v is not None}


def write(folder: Path, rows, card: str = CARD) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "card.toml").write_text(card)
    (folder / "pairs.jsonl").write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows) + "\n")
    return folder


def message(folder) -> str:
    with pytest.raises(WorkbenchError) as error:
        load_concept(folder)
    text = str(error.value)
    assert "\n" not in text
    return text


def test_a_statement_becomes_the_question_and_answers_get_their_blank(tmp_path):
    pair = load_concept(write(tmp_path / "toy", [row(n) for n in range(4)])).pairs[1]
    assert pair.question == 'Is the following statement something you would say?\n"I like number 1."'
    assert (pair.aligned, pair.unaligned, pair.id, pair.group) == (" No", " Yes", "toy-1", "g0")


def test_a_story_keeps_its_question_and_endings():
    concept = load_concept("story-kindness")
    assert concept.card.style == concept.card.kind == "story"
    assert concept.pairs[0].question == "Lily and Ben ran in the park. Ben fell and hurt his knee."
    assert concept.pairs[0].aligned == " She helped him get up."


def test_a_name_a_path_and_a_string_path_load_the_same():
    folder = data_root() / "concepts" / "shutdown"
    assert load_concept("shutdown") == load_concept(folder) == load_concept(str(folder))


def test_a_shipped_name_wins_over_a_folder_of_that_name(tmp_path, monkeypatch):
    write(tmp_path / "art", [row(n) for n in range(4)])
    monkeypatch.chdir(tmp_path)
    assert load_concept("art").name == "art"
    assert load_concept(Path("art")).name == "toy"


def test_listing_is_alphabetical_complete_and_by_kind(tmp_path):
    names = list_concepts()
    assert names == sorted(names) == list_concepts()
    assert sorted(n for kind in ("value", "placebo", "subtle", "story") for n in list_concepts(kind)) == names
    for name in ("b", "a", "c"):
        write(tmp_path / name, [row(n) for n in range(4)])
    (tmp_path / "not-a-concept").mkdir()
    assert list_concepts(folder=tmp_path) == ["a", "b", "c"]
    assert list_concepts("placebo", tmp_path) == []


@pytest.mark.parametrize("bad, words", [
    (lambda: list_concepts("values"), ("'values'", "value, placebo, subtle, story")),
    (lambda: list_concepts(folder="/nowhere/at/all"), ("/nowhere/at/all", "no such folder")),
    (lambda: load_concept("shutdwon"), ("'shutdwon'", "unknown", "shutdown")),
    (lambda: load_concept("values/shutdown"), ("'values/shutdown'", "no slash")),
    (lambda: load_concept(""), ("''", "unknown")),
])
def test_names_that_are_not_there(bad, words):
    with pytest.raises(WorkbenchError) as error:
        bad()
    assert all(w in str(error.value) for w in words) and "\n" not in str(error.value)


def test_missing_files(tmp_path):
    folder = write(tmp_path / "toy", [row(0)])
    (folder / "pairs.jsonl").unlink()
    assert "no pairs.jsonl" in message(folder)
    (folder / "card.toml").unlink()
    assert "no card.toml" in message(folder)


@pytest.mark.parametrize("rows, words", [
    ([row(0), row(1, group=None), row(2)], ("line 2", "found id, statement, aligned, unaligned", "expected id, group")),
    ([row(0), row(1), row(2, topic="x")], ("line 3", "topic", "expected")),
    ([row(0, question="And?"), row(1)], ("line 1", "found", "statement or question")),
    ([row(0, statement=None), row(1)], ("line 1", "found id, group, aligned, unaligned")),
    ([row(0), "", row(1, group=7)], ("line 3", "'group'", "7", "non-empty text")),
    ([row(0, statement="  "), row(1)], ("line 1", "'statement'", "non-empty text")),
    ([row(0), row(1, aligned="Maybe")], ("line 2", "'Maybe'", "expects 'Yes' and 'No'")),
    ([row(0), row(1, unaligned="No")], ("line 2", "'No' and 'No'")),
    ([row(0), '{"id": "toy-1", '], ("line 2", "broken JSON")),
    ([row(0), "[1, 2]"], ("line 2", "list", "object")),
    ([row(0), row(1), row(2), row(1)], ("'toy-1'", "more than once")),
    ([row(0, group="g"), row(1, group="g")], ("one group only", "'g'")),
    ([row(0), row(2), row(4)], ("empty class", "'No'")),
    ([row(n) for n in (0, 1, 2, 4, 6)], ("imbalance", "1 of 5", "40%")),
    ([""], ("no rows",)),
])
def test_every_bad_row_is_one_line_that_says_where(tmp_path, rows, words):
    text = message(write(tmp_path / "toy", rows))
    missing = [w for w in words if w not in text]
    assert not missing, text
    assert str(tmp_path / "toy" / "pairs.jsonl") in text


@pytest.mark.parametrize("card, words", [
    ('name = "to/y"\n', ("'to/y'", "slash")),
    ('name = ".toy"\n', ("'.toy'",)),
    ('name = ""\n', ("''",)),
    ('title = "Toy"\n', ("no field 'name'", "found title")),
    ('name = "toy"\ntitel = "Toy"\n', ("unknown field 'titel'", "found name, titel", "title")),
    ('name = "toy"\ntrait = 3\n', ("'trait'", "3", "text")),
    ('name = "toy"\nconfounds = "none"\n', ("'confounds'", "list of texts")),
    ('name = "toy"\ntrait_pole = "good"\n', ("'good'", "aligned or unaligned")),
    ('name = "toy"\nkind = "values"\n', ("kind 'values'", "value, placebo, subtle, story")),
    ('name = "toy"\nstyle = "yesno"\n', ("style 'yesno'", "statement, ab, question, story")),
    ('name = toy\n', ("broken TOML", "line 1")),
])
def test_every_bad_card_is_one_line(tmp_path, card, words):
    text_field = {"statement": None, "question": "Q?"} if "yesno" in card else {}  # only Yes/No sets have statements
    rows = [row(n, **text_field) for n in range(4)]
    text = message(write(tmp_path / "toy", rows, card))
    assert all(w in text for w in words), text


def test_equal_answers_at_both_poles_are_refused_in_free_styles(tmp_path):
    rows = [row(n, statement=None, question=f"Q{n}?", aligned=f" a{n}", unaligned=f" b{n % 3}") for n in range(4)]
    rows[2]["unaligned"] = rows[2]["aligned"]
    text = message(write(tmp_path / "toy", rows, 'name = "toy"\nstyle = "question"\n'))
    assert "'toy-2'" in text and "both poles" in text


@pytest.mark.parametrize("name", ["shutdown", "story-sharing", "travel"])
def test_saved_and_loaded_again_is_the_same(tmp_path, name):
    concept = load_concept(name)
    again = load_concept(save_concept(concept, tmp_path / "copy"))
    assert again == concept and again.digest == concept.digest


def test_saving_survives_awkward_text_and_leaves_no_temporary_file(tmp_path):
    awkward = 'say "hi" \\ to\tΩ \x7f'
    rows = [row(n, statement=f"{awkward} {n}") for n in range(4)]
    card = CARD + "confounds = [\n" + json.dumps(awkward).replace("\x7f", "\\u007f") + "]\n"
    concept = load_concept(write(tmp_path / "toy", rows, card))
    again = load_concept(save_concept(concept, tmp_path / "new" / "copy"))
    assert again == concept and awkward in again.card.confounds[0] and awkward in again.pairs[0].question
    assert sorted(p.name for p in (tmp_path / "new" / "copy").iterdir()) == ["card.toml", "pairs.jsonl"]


def test_a_failed_save_keeps_what_was_there(tmp_path, monkeypatch):
    concept = load_concept("art")
    folder = save_concept(concept, tmp_path / "art")
    before = (folder / "pairs.jsonl").read_bytes()
    with pytest.raises(WorkbenchError, match="one group only"):
        save_concept(concept.select(concept.pairs[:4]), folder)

    def full_disk(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(OSError, match="disk full"):
        save_concept(concept.select(concept.pairs[:40]), folder)
    assert (folder / "pairs.jsonl").read_bytes() == before
    assert sorted(p.name for p in folder.iterdir()) == ["card.toml", "pairs.jsonl"]
