"""The project's statements are its own: none is taken from the model-written evals, nor nearly."""

import re
from collections import defaultdict

from workbench.concepts import list_concepts, load_concept
from workbench.concepts.rows import read_rows

RUN, ALIKE = 6, 0.7  # a run of as many words in common, and as large a share of all words


def words(text: str) -> tuple[str, ...]:
    return tuple(re.sub(r"[^a-z ]", "", text.lower()).split())


def published(shared) -> list[tuple[str, ...]]:
    """The words of every statement of the 152 sets."""
    found = []
    for path in sorted((shared / "data" / "mwe").rglob("*.jsonl*")):
        fields = [row.fields for row in read_rows(path)]
        found += [words(row.get("statement") or row["question"]) for row in fields]
    assert len(found) > 50_000
    return found


def runs(text: tuple[str, ...]) -> set[tuple[str, ...]]:
    return {text[i : i + RUN] for i in range(len(text) - RUN + 1)}


def alike(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    a, b = set(one), set(other)
    return len(a & b) / len(a | b)


def test_no_statement_is_taken_from_the_published_sets(shared):
    others = published(shared)
    whole, by_run = set(others), defaultdict(set)
    for i, text in enumerate(others):
        for run in runs(text):
            by_run[run].add(i)
    taken = []
    for name in list_concepts():
        for pair in load_concept(name).pairs:
            quoted = re.search(r'"(.*)"', pair.question)
            text = words(quoted.group(1) if quoted else pair.question)
            near = {i for run in runs(text) for i in by_run.get(run, ())}
            if text in whole or any(alike(text, others[i]) >= ALIKE for i in near):
                taken.append(f"{name}/{pair.id}: {' '.join(text)}")
    assert taken == []
