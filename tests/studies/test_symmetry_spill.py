"""The off-axis matrix on planted shifts: they are found, what chance does too is marked, and poles are compared."""

import numpy as np
import pytest

from workbench.studies.symmetry_off_axis import scattered
from workbench.studies.symmetry_spill import PLACEBO, RANDOM, off_axis_tables, spill_sentence
from workbench.types import Card, Concept, Pair

TRUTH = {"aligned": 0.6, "unaligned": -0.2}


def concept(name: str, kind: str) -> Concept:
    pairs = [Pair(f"{name}{i}", f"g{i // 2}", "Q?", "Yes", "No") for i in range(8)]
    return Concept(name, tuple(pairs), Card(name=name, title=name, kind=kind))


VALUES = [concept(f"v{k}", "value") for k in range(8)]
PLACEBOS = [concept(f"p{k}", "placebo") for k in range(3)]


def cells(seed: int, chance: bool = True, spill=TRUTH) -> list[tuple]:
    """Value controls move every other value concept by ``spill``, their own by 2; the rest is noise."""
    rng, every, out = np.random.default_rng(seed), (*VALUES, *PLACEBOS), []
    for one in every:
        moved, null = {}, {}
        for pole, sign in (("aligned", 1), ("unaligned", -1)):
            moved[pole], null[pole] = {}, {}
            for read in every:
                both = one.card.kind == read.card.kind == "value"
                mean = 2.0 * sign if one is read else spill[pole] * both
                moved[pole][read.name] = (mean + rng.normal(0, 0.05, 8)).tolist()
                null[pole][read.name] = rng.normal(0, 0.05, 8).tolist()
        job = (None, one, "add", ("kl", 0.1, (), every))
        out.append((job, {"budget": "kl", "level": 0.1, "shifts": moved, "random": null if chance else {}}))
    return out


def test_planted_shifts_are_found_and_chance_is_marked():
    tables = off_axis_tables([*VALUES, *PLACEBOS], cells(0))
    matrix = tables["off_axis"]
    assert len(matrix) == 2 * 11 * 11 and set(matrix["control"]) == {RANDOM} and set(matrix["arms"]) == {22}
    both = matrix[(matrix["steered_kind"] == "value") & (matrix["read_kind"] == "value") & ~matrix["own"]]
    for pole, truth in TRUTH.items():
        part = both[both["pole"] == pole]
        hits = ((part["shift_low"] <= truth) & (truth <= part["shift_high"])).mean()
        assert hits > 0.85 and part["beyond"].mean() > 0.9 and np.sign(part["shift"].mean()) == np.sign(truth)
    nothing = matrix[(matrix["steered_kind"] == "placebo") & ~matrix["own"]]
    assert nothing["beyond"].mean() < 0.1 and (nothing["mark"] == "×").mean() > 0.9
    assert (matrix.loc[matrix["own"], "mark"] == "").all()


def test_the_spill_of_both_poles_is_compared_within_its_interval():
    hits = 0
    for seed in range(8):
        row = off_axis_tables([*VALUES, *PLACEBOS], cells(seed))["spill"].iloc[0]
        hits += row["difference_low"] <= 0.4 <= row["difference_high"]
        assert row["difference_low"] > 0 and row["excess_aligned_low"] > 0
    assert hits >= 6
    assert row["own_aligned"] == pytest.approx(2, abs=0.1) and row["drag_unaligned"] == pytest.approx(0.2, abs=0.05)
    back = off_axis_tables([*VALUES, *PLACEBOS], cells(1, spill={"aligned": -0.3, "unaligned": 0.3}))["spill"].iloc[0]
    assert back["drag_aligned_high"] < 0 and back["difference_low"] <= 0 <= back["difference_high"]


def test_no_spill_is_not_beyond_chance():
    found = off_axis_tables([*VALUES, *PLACEBOS], cells(3, spill={"aligned": 0.0, "unaligned": 0.0}))["spill"].iloc[0]
    assert found["excess_aligned_low"] <= 0 <= found["excess_aligned_high"] and found["beyond"] < 0.05 * found["cells"]


def test_controls_without_a_site_are_held_against_placebos():
    tables = off_axis_tables([*VALUES, *PLACEBOS], cells(4, chance=False))
    assert set(tables["off_axis"]["control"]) == {PLACEBO} and tables["off_axis"]["arms"].max() == 6
    row = tables["spill"].iloc[0]
    assert row["excess_aligned_low"] > 0 and "placebo concepts" in spill_sentence(tables["spill"])
    alone = off_axis_tables(
        [*VALUES, *PLACEBOS], [(job, cell) for job, cell in cells(4, chance=False) if job[1] in VALUES]
    )
    assert not alone["off_axis"]["beyond"].any() and "nothing to compare with" in spill_sentence(alone["spill"])


def test_the_sentence_has_both_poles_and_their_intervals_and_failures_are_left_out():
    jobs = cells(5)
    job, _ = jobs[0]
    tables = off_axis_tables([*VALUES, *PLACEBOS], [(job, {"failed": "no"}), *jobs[1:]])
    assert "v0" not in set(tables["off_axis"]["steered"])
    row, words = tables["spill"].iloc[0], spill_sentence(tables["spill"])
    for name in ("aligned", "unaligned", "aligned_low", "unaligned_high", "difference"):
        assert f"{row[name]:.2f}" in words, name
    assert "toward the aligned pole" in words and f"of {row['cells']} cells" in words
    assert spill_sentence(off_axis_tables(VALUES, [])["spill"]) == ""


def test_few_prompts_come_from_many_groups_and_answers_take_turns():
    pairs = [Pair(f"{g}{a}{i}", f"g{g}", "Q?", a, "x") for g in range(8) for a in ("No", "Yes") for i in range(3)]
    one = Concept("c", tuple(pairs), Card(name="c", title="c"))
    kept = scattered(one, 6).pairs
    assert len({pair.group for pair in kept}) == 6 and [pair.aligned for pair in kept] == ["No", "Yes"] * 3
    more = scattered(one, 16).pairs
    assert len({(pair.group, pair.aligned) for pair in more}) == 16
    assert len(scattered(one, 500).pairs) == len(set(scattered(one, 500).pairs)) == 48
