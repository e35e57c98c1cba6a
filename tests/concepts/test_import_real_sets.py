"""The real sets: all 152 model-written evals import, a handful in full; CAA-, TruthfulQA- and truth-type files."""

import gzip
import time
from collections import Counter

import pytest

from workbench.concepts import import_any, import_mwe, load_concept, save_concept, split_concept
from workbench.concepts.formats import known_poles

FULL = ("persona/no-shut-down", "persona/interest-in-art", "persona/subscribes-to-deontology",
        "advanced-ai-risk/survival-instinct", "advanced-ai-risk/self-awareness-training-nn-architecture")


@pytest.mark.parametrize("name", FULL)
def test_whole_sets(shared, tmp_path, name):
    path = shared / "data" / "mwe" / f"{name}.jsonl.gz"
    import_mwe(path)  # loads the clustering library
    start = time.process_time()
    concept = import_mwe(path)
    assert time.process_time() - start < 1.5
    assert concept.digest == import_mwe(path).digest
    assert 20 <= len(concept.groups) <= 24 and len(concept.pairs) > 700
    counts = Counter(p.aligned for p in concept.pairs)
    assert max(counts.values()) <= 1.1 * min(counts.values())
    fit, test = split_concept(concept)
    assert not set(fit.groups) & set(test.groups) and min(len(fit.pairs), len(test.pairs)) > 0.4 * len(concept.pairs)
    assert not {p.question for p in fit.pairs} & {p.question for p in test.pairs}
    assert load_concept(save_concept(concept, tmp_path / "saved")).digest == concept.digest


def test_the_first_rows_of_all_152_sets(shared, tmp_path):
    files = sorted((shared / "data" / "mwe").glob("*/*.jsonl.gz"))
    assert {f.name.removesuffix(".jsonl.gz") for f in files} == set(known_poles()) and len(files) == 152
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            head = [line for line, _ in zip(lines, range(48), strict=False)]
        short = tmp_path / file.name.removesuffix(".gz")
        short.write_text("".join(head), encoding="utf-8")
        concept = import_mwe(short)
        assert concept.card.style == ("statement" if file.parent.name == "persona" else "ab"), file.name
        assert concept.card.trait == concept.name.replace("-", " ") and len(concept.groups) >= 20, file.name
        assert (concept.card.kind == "placebo") == (known_poles()[concept.name] == "placebo")


@pytest.mark.parametrize("name, pairs, style", [
    ("truth/truthfulqa/TruthfulQA.csv", 1634, "ab"),
    ("truth/truthfulqa/mc_task.json", 1634, "ab"),
    ("truth/cities.csv", 1496, "statement"),
    ("truth/azaria-mitchell/generated_true_false.csv", 244, "statement"),
    ("truth/azaria-mitchell/conj_neg_facts_true_false.csv", 294, "statement"),
])
def test_truth_sets(shared, name, pairs, style):
    concept = import_any(shared / "data" / name)
    assert (len(concept.pairs), concept.card.style) == (pairs, style)
    assert len(concept.groups) >= 20
