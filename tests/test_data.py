"""The shipped data: every concept is valid, balanced, large enough and distinct."""

import tomllib
from collections import Counter, defaultdict

import pytest

from workbench.concepts import data_root, list_concepts, load_concept

NAMES = list_concepts()


@pytest.mark.parametrize("name", NAMES)
def test_every_concept_is_valid_balanced_and_large_enough(name):
    concept = load_concept(name)
    card = concept.card
    assert card.name == concept.name == name
    assert len(concept.pairs) >= 80 and len(concept.groups) >= 20
    assert max(Counter(p.group for p in concept.pairs).values()) <= 8
    assert all([card.title, card.summary, card.source, card.licence, card.aligned, card.unaligned, card.confounds])
    assert card.trait or (card.instruction_aligned and card.instruction_unaligned)
    if card.style == "statement":
        counts = Counter(p.aligned for p in concept.pairs)
        assert counts[" Yes"] == counts[" No"] == len(concept.pairs) / 2
        by_group = defaultdict(Counter)
        for pair in concept.pairs:
            by_group[pair.group][pair.aligned] += 1
        assert all(counts[" Yes"] == counts[" No"] for counts in by_group.values())


def test_how_many_of_each_kind():
    counts = Counter(load_concept(n).card.kind for n in NAMES)
    assert counts["value"] >= 14 and counts["placebo"] >= 10 and counts["story"] == 3


def test_no_question_is_shared_between_or_within_concepts():
    homes = defaultdict(list)
    for name in NAMES:
        for pair in load_concept(name).pairs:
            homes["".join(c for c in pair.question.lower() if c.isalnum())].append(f"{name}/{pair.id}")
    assert [h for h in homes.values() if len(h) > 1] == []


def test_traits_are_distinct_and_known_ones_have_the_pole_of_the_table():
    cards = [load_concept(n).card for n in NAMES]
    traits = [c.trait for c in cards if c.trait and c.kind != "subtle"]  # a subtle set shares its plain twin's
    assert len(set(traits)) == len(traits)
    poles = {name.replace("-", " "): pole for table in tables().values() for name, pole in table.items()}
    for card in cards:
        known = poles.get(card.trait)
        if known:
            assert card.trait_pole == ("aligned" if known == "placebo" else known), card.name


def tables() -> dict:
    return tomllib.loads((data_root() / "poles.toml").read_text(encoding="utf-8"))


def test_poles_cover_the_152_sets():
    found = tables()
    assert {k: len(v) for k, v in found.items()} == {"persona": 135, "advanced-ai-risk": 17}
    counts = Counter(pole for table in found.values() for pole in table.values())
    assert set(counts) == {"aligned", "unaligned", "placebo"} and counts["placebo"] >= 20
    assert "override" in (data_root() / "poles.toml").read_text(encoding="utf-8").split("[persona]")[0]


def test_the_readme_names_every_entry():
    text = (data_root() / "README.md").read_text(encoding="utf-8")
    entries = {p.name for p in data_root().iterdir() if not p.name.startswith(".")} - {"README.md"}
    assert [e for e in sorted(entries) if f"`{e}" not in text] == []
