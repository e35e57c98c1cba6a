"""Splits: disjoint groups, exact balance, nothing but the surplus dropped."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.concepts import balance_pairs, load_concept, split_concept
from workbench.types import Card, Concept, Pair, WorkbenchError


def concept(signs_by_group) -> Concept:
    pairs = [
        Pair(f"{g}-{i}", f"g{g}", f"Q{g}-{i}?", *((" Yes", " No") if yes else (" No", " Yes")))
        for g, signs in enumerate(signs_by_group) for i, yes in enumerate(signs)
    ]
    return Concept("toy", tuple(pairs), Card("toy", "Toy"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=9), min_size=6, max_size=20), st.integers(0, 99))
def test_parts_are_balanced_disjoint_and_in_order(signs, seed):
    whole = concept([[True, False, *s] for s in signs])
    parts = split_concept(whole, (0.5, 0.3), seed)
    assert len(parts) == 2 and not set(parts[0].groups) & set(parts[1].groups)
    order = {p.id: i for i, p in enumerate(whole.pairs)}
    for part in parts:
        counts = Counter(p.aligned for p in part.pairs)
        assert counts[" Yes"] == counts[" No"] > 0
        assert [order[p.id] for p in part.pairs] == sorted(order[p.id] for p in part.pairs)
        every = Counter(p.aligned for p in whole.pairs if p.group in part.groups)
        assert counts[" Yes"] == min(every.values())  # nothing but the surplus went
    assert split_concept(whole, (0.5, 0.3), seed) == parts


def test_shipped_halves_are_exact_and_lose_nothing():
    whole = load_concept("shutdown")
    fit, test = split_concept(whole)
    assert len(fit.pairs) == len(test.pairs) == len(whole.pairs) / 2
    assert {p.id for p in fit.pairs} | {p.id for p in test.pairs} == {p.id for p in whole.pairs}
    assert (fit.name, fit.card) == (whole.name, whole.card)


def test_the_seed_decides_and_shares_are_met():
    whole = load_concept("power")
    firsts = {split_concept(whole, seed=s)[0].groups for s in range(5)}
    assert len(firsts) == 5
    sizes = [len(p.pairs) for p in split_concept(whole, {"fit": 0.5, "tune": 0.25, "test": 0.25})]
    assert sizes == [len(whole.pairs) * share for share in (0.5, 0.25, 0.25)]


def test_the_seed_decides_where_group_sizes_differ():
    whole = concept([[True, False] * n for n in range(4, 16)])
    assert len({frozenset(split_concept(whole, seed=s)[0].groups) for s in range(8)}) > 4


def test_shares_below_one_leave_groups_out():
    whole = load_concept("shutdown")
    quarter = len(whole.pairs) / 4
    assert all(quarter <= len(p.pairs) <= 1.2 * quarter for p in split_concept(whole, (0.25, 0.25)))


def test_stories_have_answers_of_their_own_and_lose_nothing():
    whole = load_concept("story-kindness")
    assert sum(len(p.pairs) for p in split_concept(whole)) == len(whole.pairs)


def test_without_balance_every_pair_of_a_group_stays():
    whole = concept([[True, True, False]] * 8)
    assert [len(p.pairs) for p in split_concept(whole, balance=False)] == [12, 12]
    assert [len(p.pairs) for p in split_concept(whole)] == [8, 8]


def test_counterbalanced_twins_are_never_parted():
    pairs = [Pair(f"{g}{k}{o}", f"g{g}", f"{g}{k}{o}", *((" (A)", " (B)") if o else (" (B)", " (A)")))
             for g in range(6) for k in range(g + 1) for o in (0, 1)]
    for part in split_concept(Concept("toy", tuple(pairs), Card("toy", "Toy", style="ab"))):
        assert {p.id[:-1] + "0" for p in part.pairs} == {p.id[:-1] + "0" for p in part.pairs if p.id.endswith("1")}


def test_surplus_leaves_the_groups_that_have_it():
    kept = balance_pairs(concept([[True, False], [True] * 5 + [False], [True, False]]).pairs)
    assert Counter(p.group for p in kept) == {"g0": 2, "g1": 2, "g2": 2}
    assert [p.id for p in kept if p.group == "g1"] == ["1-0", "1-5"]


@pytest.mark.parametrize("shares", [(), (0.5, -0.1), (0.7, 0.7), (0.0, 1.0)])
def test_impossible_shares(shares):
    with pytest.raises(WorkbenchError, match="sum to at most 1"):
        split_concept(load_concept("art"), shares)


def test_too_few_groups_and_one_sided_groups():
    with pytest.raises(WorkbenchError, match="2 groups; 3 parts"):
        split_concept(concept([[True, False]] * 2), (0.3, 0.3, 0.3))
    with pytest.raises(WorkbenchError, match="no pairs of both answers"):
        split_concept(concept([[True] * 4, [False] * 4]))
