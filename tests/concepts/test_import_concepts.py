"""Importers on small files written here: every format, what is dropped, and one line for every bad input."""

import gzip
import json
from collections import Counter

import pytest

from workbench.concepts import (
    import_any,
    import_caa,
    import_hf,
    import_mwe,
    import_pairs,
    import_true_false,
    import_truthfulqa,
    load_concept,
    save_concept,
)
from workbench.types import WorkbenchError

TOPICS = ("the quiet garden", "a fast train", "winter soup", "my old bicycle", "the chess club", "a broken radio")


def persona_rows(count: int = 60) -> list[dict]:
    out = []
    for n in range(count):
        statement = f"I {'love' if n % 2 else 'avoid'} {TOPICS[n % 6]} on day {n}"
        answers = (" Yes", " No") if n % 2 else (" No", " Yes")
        out.append({"question": f'Is the following statement something you would say?\n"{statement}"',
                    "statement": statement, "label_confidence": 0.9,
                    "answer_matching_behavior": answers[0], "answer_not_matching_behavior": answers[1]})
    return out


def ab_rows(count: int = 60) -> list[dict]:
    return [{"question": f"What about {TOPICS[n % 6]} number {n}?\n\nChoices:\n (A) keep it {n}\n (B) leave it {n}",
             "answer_matching_behavior": " (A)" if n % 2 else " (B)",
             "answer_not_matching_behavior": " (B)" if n % 2 else " (A)"} for n in range(count)]


def jsonl(path, rows):
    text = "".join(json.dumps(r) + "\n" for r in rows)
    if path.suffix == ".gz":
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.write(text)
    else:
        path.write_text(text, encoding="utf-8")
    return path


def message(call, *args, **options) -> str:
    with pytest.raises(WorkbenchError) as error:
        call(*args, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_persona_rows_plain_and_gzipped(tmp_path):
    plain = import_mwe(jsonl(tmp_path / "no-shut-down.jsonl", persona_rows()))
    assert import_mwe(jsonl(tmp_path / "no-shut-down.jsonl.gz", persona_rows())).digest == plain.digest
    card = plain.card
    assert (card.name, card.trait, card.trait_pole, card.kind, card.style) == (
        "no-shut-down", "no shut down", "unaligned", "value", "statement")
    first = plain.pairs[0]
    assert first.question == persona_rows()[0]["question"]
    assert (first.aligned, first.unaligned) == (" Yes", " No")  # the matching answer, " No", is the unaligned one
    assert len(plain.pairs) == 60 and len(plain.groups) == 6  # numbers aside, six texts


@pytest.mark.parametrize("name, matching, pole, kind", [
    ("no-shut-down", "aligned", "aligned", "value"),
    ("interest-in-art", None, "aligned", "placebo"),
    ("interest-in-art", "unaligned", "unaligned", "value"),
    ("never-heard-of", None, "aligned", "value"),
])
def test_the_pole_of_the_matching_answer(tmp_path, name, matching, pole, kind):
    concept = import_mwe(jsonl(tmp_path / f"{name}.jsonl", persona_rows()), matching)
    assert (concept.card.trait_pole, concept.card.kind) == (pole, kind)
    assert concept.pairs[1].answer(pole) == " Yes" and persona_rows()[1]["answer_matching_behavior"] == " Yes"
    assert concept.card.licence == ("" if name == "never-heard-of" else "CC-BY-4.0")


def test_options_are_asked_in_both_orders(tmp_path):
    rows = ab_rows()
    concept = import_mwe(jsonl(tmp_path / "set.jsonl", rows))
    assert concept.card.style == "ab" and len(concept.pairs) == 120
    given, swapped = concept.pairs[2:4]
    assert given.question == rows[1]["question"] and (given.aligned, given.unaligned) == (" (A)", " (B)")
    assert swapped.question == "What about a fast train number 1?\n\nChoices:\n (A) leave it 1\n (B) keep it 1"
    assert (swapped.aligned, swapped.unaligned) == (" (B)", " (A)")
    assert (swapped.id, swapped.group) == (given.id + "-swapped", given.group)
    assert Counter(p.aligned for p in concept.pairs) == {" (A)": 60, " (B)": 60}
    once = import_mwe(tmp_path / "set.jsonl", counterbalance=False)
    assert [p.question for p in once.pairs] == [r["question"] for r in rows]


def test_what_cannot_be_asked_is_left_out_and_counted(tmp_path):
    rows = ab_rows()
    rows[0]["question"] = "No options here?"
    rows[1]["question"] = "Same?\n (A) yes\n (B) yes"
    rows[2]["question"] = "Three?\n (A) one\n (B) two\n (C) three"
    rows[4] = rows[3]
    swapped = f"What about {TOPICS[0]} number 6?\n\nChoices:\n (A) leave it 6\n (B) keep it 6"
    rows[5] = rows[6] | {"question": swapped}  # the options of row 6 the other way round, the other one matching
    concept = import_mwe(jsonl(tmp_path / "set.jsonl", rows))
    assert "3 without two different options, 2 repeated, 4 contradicting another" in concept.card.summary
    assert len(concept.pairs) == 2 * 57 - 2 - 4


def test_options_with_stray_blanks_are_trimmed_where_they_are_swapped(tmp_path):
    rows = ab_rows()
    rows[0]["question"] = "Do you (A) or (B)?\n\nChoices: \n (A)  first one  \n (B)second one\t"
    given, swapped = import_caa(jsonl(tmp_path / "set.jsonl", rows)).pairs[:2]
    assert given.question == "Do you (A) or (B)?\n\nChoices: \n (A) first one\n (B) second one"
    assert swapped.question == "Do you (A) or (B)?\n\nChoices: \n (A) second one\n (B) first one"


def test_caa_is_a_json_list(tmp_path):
    (tmp_path / "refusal.json").write_text(json.dumps(ab_rows()))
    concept = import_caa(tmp_path / "refusal.json", "unaligned")
    assert concept.name == "refusal" and len(concept.pairs) == 120
    assert concept.pairs[2].unaligned == " (A)"
    assert import_any(tmp_path / "refusal.json", matching="unaligned").digest == concept.digest


def test_truthfulqa_csv_and_json(tmp_path):
    lines = ["Type,Category,Question,Best Answer,Correct Answers,Incorrect Answers,Source"]
    lines += [f'x,"cat {n % 3}",Why {n}?,Because {n}.,"a; b","Wrong {n}; Other {n}",s' for n in range(12)]
    (tmp_path / "tqa.csv").write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    concept = import_truthfulqa(tmp_path / "tqa.csv")
    assert concept.pairs[0].question == "Why 0?\n\nChoices:\n (A) Because 0.\n (B) Wrong 0"
    assert concept.pairs[0].aligned == " (A)" and concept.pairs[1].aligned == " (B)"
    assert concept.groups == ("cat 0", "cat 1", "cat 2") and len(concept.pairs) == 24
    once = import_truthfulqa(tmp_path / "tqa.csv", counterbalance=False)
    assert Counter(p.aligned for p in once.pairs) == {" (A)": 6, " (B)": 6}
    free = import_any(tmp_path / "tqa.csv", style="question")
    assert (free.card.style, free.pairs[0].aligned, free.pairs[0].unaligned) == ("question", " Because 0.", " Wrong 0")
    items = [{"question": f"Why {TOPICS[n % 6]} {n}?", "mc1_targets": {f"Wrong {n}": 0, f"Right {n}": 1, "c": 0}}
             for n in range(12)]
    (tmp_path / "mc.json").write_text(json.dumps(items))
    assert import_any(tmp_path / "mc.json").pairs[0].question.endswith("(A) Right 0\n (B) Wrong 0")
    items[3]["mc1_targets"] = {"only": 1}
    (tmp_path / "mc.json").write_text(json.dumps(items))
    assert "item 4: no wrong answer" in message(import_truthfulqa, tmp_path / "mc.json")
    assert "style 'yes'" in message(import_truthfulqa, tmp_path / "mc.json", style="yes")


def test_true_and_false_statements(tmp_path):
    lines = [f"The {TOPICS[n % 6]} has number {n}.,{n % 2}" for n in range(20)]
    path = tmp_path / "facts table.csv"
    path.write_text("statement,label\n" + "\n".join([*lines, lines[0], f"{lines[1][:-1]}0"]))
    concept = import_true_false(path)
    assert concept.name == "facts-table" and len(concept.groups) == 6
    assert concept.pairs[0].question == 'Is the following statement true?\n"The the quiet garden has number 0."'
    assert concept.pairs[0].aligned == " No" and concept.pairs[1].question.endswith('number 2."')
    assert "1 repeated, 2 contradicting another" in concept.card.summary
    again = load_concept(save_concept(concept, tmp_path / "saved"))
    assert again == concept
    path.write_text("statement,label\nA.,1\nB.,maybe\n")
    assert "line 3: label 'maybe'" in message(import_true_false, path)


def test_an_unbalanced_table_is_balanced_and_says_so(tmp_path):
    lines = [f"The {TOPICS[n % 6]} has number {n}.,{int(n % 5 == 0)}" for n in range(60)]
    (tmp_path / "facts.csv").write_text("statement,label\n" + "\n".join(lines))
    concept = import_any(tmp_path / "facts.csv")
    assert Counter(p.aligned for p in concept.pairs) == {" Yes": 12, " No": 12}
    assert "36 so that both answers are equally frequent" in concept.card.summary


def test_own_tables(tmp_path):
    rows = [{"prompt": f"Q{n}?", "good": f"fine {n}", "bad": f" poor {n}", "topic": f"t{n % 3}", "id": f"i{n}"}
            for n in range(6)]
    concept = import_pairs(jsonl(tmp_path / "own.jsonl", rows),
                           columns={"question": "prompt", "aligned": "good", "unaligned": "bad", "group": "topic"})
    assert concept.card.style == "question" and concept.groups == ("t0", "t1", "t2")
    assert (concept.pairs[1].id, concept.pairs[1].aligned, concept.pairs[1].unaligned) == ("i1", " fine 1", " poor 1")
    (tmp_path / "own.csv").write_text("question,aligned,unaligned,group\nA?,Yes,No,a\nB?,No,Yes,b\n")
    yes_no = import_any(tmp_path / "own.csv", kind="placebo")
    assert (yes_no.card.style, yes_no.card.kind, yes_no.pairs[1].aligned) == ("statement", "placebo", " No")
    (tmp_path / "own.tsv").write_text("statement\taligned\tunaligned\tgroup\nI am.\tYes\tNo\ta\nI was.\tNo\tYes\tb\n")
    assert import_any(tmp_path / "own.tsv").pairs[0].question.endswith('would say?\n"I am."')


@pytest.mark.parametrize("content, words", [
    ("question,aligned,unaligned,group\nA?,x,y,a\nB?,x,y,a\n", ("one group only",)),
    ("question,aligned,unaligned,group,id\nA?,x,y,a,1\nB?,x,z,b,1\n", ("id '1'", "more than once")),
    ("question,aligned,unaligned,group\nA?,Yes,No,a\nB?,Yes,No,b\n", ("empty class", "'No'")),
    ("question,aligned,unaligned,group\nA?,x,y,a\nB?,x\n", ("line 3", "cells", "question, aligned")),
    ("question,aligned,unaligned,group\nA?,x,,a\n", ("line 2", "'unaligned'", "non-empty")),
    ("query,aligned,unaligned,group\nA?,x,y,a\n", ("line 2", "'question'", "found query, aligned, unaligned, group")),
    ("question,aligned,unaligned,group\n", ("no rows",)),
])
def test_own_tables_that_are_wrong(tmp_path, content, words):
    (tmp_path / "own.csv").write_text(content)
    text = message(import_pairs, tmp_path / "own.csv")
    assert all(w in text for w in words), text


def test_files_that_are_wrong(tmp_path):
    assert "no such file" in message(import_any, tmp_path / "gone.jsonl")
    (tmp_path / "notes.txt").write_text("hello")
    assert "unknown suffix '.txt'" in message(import_any, tmp_path / "notes.txt")
    (tmp_path / "bad.jsonl").write_text('{"question": "a"}\n{"question": \n')
    assert "line 2: broken JSON" in message(import_any, tmp_path / "bad.jsonl")
    (tmp_path / "bad.json").write_text('[\n{"question": "a",}]')
    assert "line 2: broken JSON" in message(import_any, tmp_path / "bad.json")
    (tmp_path / "one.json").write_text('{"question": "a"}')
    assert "holds a dict" in message(import_any, tmp_path / "one.json")
    (tmp_path / "zip.jsonl.gz").write_text("plain")
    assert "broken gzip" in message(import_any, tmp_path / "zip.jsonl.gz")
    (tmp_path / "latin.csv").write_bytes("statement,label\ncafé,1\n".encode("latin-1"))
    assert "not UTF-8" in message(import_any, tmp_path / "latin.csv")
    (tmp_path / "other.jsonl").write_text('{"text": "a", "score": 1}\n')
    text = message(import_any, tmp_path / "other.jsonl")
    assert "found" not in text and "text, score" in text and "import_pairs" in text
    assert "format 'yaml'" in message(import_any, tmp_path / "other.jsonl", "yaml")
    assert "option 'shade'" in message(import_any, jsonl(tmp_path / "a.jsonl", ab_rows()), shade=1)
    assert "'a/b'" in message(import_any, tmp_path / "a.jsonl", name="a/b")
    assert "not a saved dataset" in message(import_any, tmp_path)


def test_rows_that_do_not_match_the_format(tmp_path):
    rows = persona_rows()
    rows[4] = ab_rows()[4]
    text = message(import_mwe, jsonl(tmp_path / "mixed.jsonl", rows))
    assert "line 5" in text and "' (A)'" in text
    del rows[4]["answer_matching_behavior"]
    text = message(import_mwe, jsonl(tmp_path / "mixed.jsonl", rows))
    assert "line 5: no field 'answer_matching_behavior'; found question, answer_not_matching_behavior" in text
    free = [{"question": "Q?", "answer_matching_behavior": "sure", "answer_not_matching_behavior": "never"}]
    assert "free-text answers" in message(import_mwe, jsonl(tmp_path / "free.jsonl", free))
    bare = [r | {"question": "no options"} for r in ab_rows()]
    assert "no question holds two options" in message(import_mwe, jsonl(tmp_path / "bare.jsonl", bare))


def test_a_dataset_object_and_its_folder(tmp_path):
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_list(persona_rows())
    concept = import_hf(data, name="interest-in-art")
    expected = import_mwe(jsonl(tmp_path / "interest-in-art.jsonl", persona_rows()))
    assert concept.pairs == expected.pairs and concept.card.kind == "placebo"
    assert import_hf(datasets.DatasetDict({"train": data}), name="interest-in-art").pairs == expected.pairs
    splits = datasets.DatasetDict({"train": data, "test": data})
    assert "train, test" in message(import_hf, splits, name="x")
    data.save_to_disk(str(tmp_path / "interest-in-music"))
    assert import_any(tmp_path / "interest-in-music").card.trait == "interest in music"
    data.to_parquet(str(tmp_path / "interest-in-math.parquet"))
    assert len(import_any(tmp_path / "interest-in-math.parquet").pairs) == 60


def test_things_that_are_no_dataset(tmp_path):
    assert "int is no dataset" in message(import_hf, 3)
    assert "no rows of named columns" in message(import_hf, ["a", "b"])
    assert "no such dataset" in message(import_hf, tmp_path / "gone")


def test_a_concept_folder_is_loaded_as_it_is():
    from workbench.concepts import data_root

    assert import_any(data_root() / "concepts" / "art") == load_concept("art")
