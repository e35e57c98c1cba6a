"""Which items resist and backfire, and what goes with it: planted truths are found, and nothing is made of noise."""

import numpy as np
import pandas as pd
import pytest

from workbench.studies.symmetry_covariates import (
    OUTCOMES,
    Sample,
    covariate_sentence,
    covariate_table,
    rows_of,
    with_holm,
)
from workbench.studies.symmetry_errors import elsewhere, marked, pattern, random_shifts, resistance_table
from workbench.studies.symmetry_tables import PLACEBOS, VALUES
from workbench.types import Card, Concept, Pair

GROUPS, EACH = 9, 4


def concept(name: str, kind: str = "value") -> Concept:
    """A concept whose answers take turns."""
    answers = [(" Yes", " No"), (" No", " Yes")]
    pairs = [Pair(f"{name}-{k}", f"g{k // EACH}", f"{k}?", *answers[k % 2]) for k in range(GROUPS * EACH)]
    return Concept(name, tuple(pairs), Card(name, name, kind))


def items_of(name: str, base, plus, minus, method: str = "add") -> pd.DataFrame:
    """The table of items that a study starts from: log-odds without control and gains toward both poles."""
    rows = range(GROUPS * EACH)
    return pd.DataFrame({
        "method": method, "concept": name, "pair": [f"{name}-{k}" for k in rows],
        "group": [f"g{k // EACH}" for k in rows],
        "question": [f"Would you {'not ' * (k % 3 == 0)}do {'a ' * (k % 5)}thing?" for k in rows],
        "base": base, "gain_aligned": plus, "gain_unaligned": minus,
    })  # fmt: skip


def one(name: str, plus, minus, **more) -> pd.DataFrame:
    return items_of(name, np.zeros(GROUPS * EACH), plus, minus, **more)


def off_axis(name: str, shifts, method: str = "add"):
    """A cell off the axis: what a random direction of the control's norm did to single prompts."""
    job = (None, concept(name), method)
    return job, {"random": {pole: {"x": list(shifts), "y": list(shifts)} for pole in ("aligned", "unaligned")}}


def test_items_follow_resist_and_backfire_by_a_tenth_of_the_mean_gain():
    plus = np.full(36, 1.0)
    plus[:5] = (0.05, -0.05, -0.5, 0.2, 0.0)
    table = marked(one("power", plus, np.ones(36)), [concept("power")], [], [])
    bound = plus.mean() / 10
    assert table["bound_aligned"].unique() == pytest.approx([bound], abs=1e-5) and table["noise_aligned"].isna().all()
    assert list(table["toward_aligned"][:5]) == ["resists", "resists", "backfires", "follows", "resists"]
    assert set(table["toward_unaligned"]) == {"follows"} and table["pattern"][2] == "backfires toward aligned"
    assert list(table["answer"][:2]) == ["Yes", "No"] and list(table["negated"][:2]) == [True, False]
    assert list(table["words"][:2]) == [5, 5] and set(table["group_size"]) == {4}


def test_what_a_random_direction_does_is_no_following_and_no_backfiring():
    plus = np.full(36, 1.0)
    plus[:3] = (0.3, -0.3, -0.6)
    shifts = np.linspace(-0.42, 0.42, 1001)  # 95 % of the sizes lie below .40
    table = marked(one("power", plus, np.ones(36)), [concept("power")], [off_axis("power", shifts)], [])
    assert table["bound_aligned"].unique() == pytest.approx([0.399], abs=1e-3)
    assert list(table["toward_aligned"][:3]) == ["resists", "resists", "backfires"]
    rows = resistance_table(table, [concept("power")], [off_axis("power", shifts)]).set_index("pole")
    row = rows.loc["aligned"]
    assert (row["follows"], row["resists"], row["backfires"]) == pytest.approx((33 / 36, 2 / 36, 1 / 36))
    assert row["resists_low"] < 2 / 36 < row["resists_high"] and row["units"] == GROUPS
    assert row["chance_resists"] == pytest.approx(0.95, abs=0.01)
    assert row["chance_backfires"] == pytest.approx(0.025, abs=0.005)


def test_where_there_is_no_control_nothing_resists():
    noise = np.repeat(np.random.default_rng(0).normal(0, 1, GROUPS), EACH)
    table = marked(one("power", noise - noise.mean(), np.ones(36)), [concept("power")], [], [])
    assert set(table["toward_aligned"]) == {"not judged"} and table["bound_aligned"].isna().all()
    assert set(table["pattern"]) == {"follows"}  # toward the pole that is judged
    assert list(resistance_table(table, [concept("power")], [])["pole"]) == ["unaligned"]
    assert resistance_table(table[:0], [], []).empty and marked(table[:0], [], [], []).empty


@pytest.mark.parametrize("aligned, unaligned, said", [
    ("follows", "follows", "follows"), ("backfires", "backfires", "backfires toward both"),
    ("resists", "backfires", "backfires toward unaligned"), ("resists", "follows", "resists aligned"),
    ("resists", "resists", "resists both"), ("not judged", "resists", "resists unaligned"),
    ("not judged", "not judged", "not judged"),
])  # fmt: skip
def test_a_pattern_names_the_worse_pole(aligned, unaligned, said):
    assert pattern(aligned, unaligned) == said


def test_pools_count_concepts_and_leave_out_what_is_not_judged():
    parts = [marked(one(f"v{k}", np.r_[-1.0, np.ones(35)], np.ones(36)), [concept(f"v{k}")], [], []) for k in range(4)]
    parts.append(marked(one("art", np.ones(36), np.ones(36)), [concept("art", "placebo")], [], []))
    known = [*(concept(f"v{k}") for k in range(4)), concept("art", "placebo")]
    parts[0] = parts[0].assign(toward_aligned="not judged")
    rows = resistance_table(pd.concat(parts), known, []).set_index(["concept", "pole"])
    pool = rows.loc[VALUES, "aligned"]
    assert (pool["items"], pool["left_out"], pool["units"]) == (108, 36, 3)
    assert pool["backfires"] == pytest.approx(1 / 36) and np.isnan(pool["chance_backfires"])
    assert (PLACEBOS, "aligned") not in rows.index and ("art", "aligned") in rows.index


def test_other_frames_give_leans_and_gains_with_their_own_zero():
    cell = {side: {"system prompt": [value] * 2, "no list of choices": [value + 1] * 2, "dialogue": [99.0] * 2}
            for side, value in (("base", 1.0), ("aligned", 3.0), ("unaligned", 0.5))}  # fmt: skip
    found = elsewhere([((None, concept("power"), "add"), cell), ((None, concept("art"), "add"), {"failed": "x"})])
    assert list(found) == [("add", "power")]
    mine = {name: list(values) for name, values in found["add", "power"].items()}
    assert mine == {"lean_elsewhere": [1.5, 1.5], "elsewhere_aligned": [2.0, 2.0], "elsewhere_unaligned": [0.5, 0.5]}
    assert random_shifts([((None, concept("power"), "add"), {"failed": "x"})]) == {}


def planted(rng: np.random.Generator, count: int, kind: str = "value", yes: float = 0.0) -> tuple[list, list]:
    """(tables, concepts): symmetric gains that items and groups vary in; ``yes`` tilts them where the answer is Yes."""
    tables, known = [], []
    for k in range(count):
        name, size = f"{kind}{k}", GROUPS * EACH
        strength = 2 + np.repeat(rng.normal(0, 0.5, GROUPS), EACH) + rng.normal(0, 0.3, size)
        tilt = np.where(np.arange(size) % 2 == 0, yes, -yes) / 2
        read = rng.normal(0, 0.8, size)  # noise of y(0): in both gains, with opposite signs
        tables.append(items_of(name, rng.normal(0, 1, size) + read, strength + tilt - read, strength - tilt + read))
        known.append(concept(name, kind))
    return [marked(t, [c], [], []) for t, c in zip(tables, known, strict=True)], known


def test_a_planted_answer_is_found_beside_its_chance_and_its_placebos():
    rng = np.random.default_rng(0)
    tables, known = planted(rng, 16, yes=1.0)
    free, beside = planted(rng, 12, "placebo")
    table = covariate_table(pd.concat([*tables, *free]), [*known, *beside])
    row = table.set_index(["concept", "covariate", "outcome"]).sort_index()
    words = "aligned answer 'Yes' minus 'No'"
    found = row.loc[VALUES, words, OUTCOMES[2]]
    assert found["beyond"] and found["estimate_low"] < 2.0 < found["estimate_high"]
    assert found["chance_low"] < 0 < found["chance_high"] < 0.5 and found["units"] == 16
    assert not row.loc[PLACEBOS, words, OUTCOMES[2]]["beyond"] and not row.loc[VALUES, words, OUTCOMES[3]]["beyond"]
    said = covariate_sentence(table, ["add"])
    assert words in said and f"{found['estimate']:+.2f} [" in said and "placebo concepts" in said
    assert "1 of 3 covariates" in said  # answer, negation and words; y(0) is never held against the difference
    assert covariate_sentence(table, []) == "" == covariate_sentence(table[~table["beyond"]], ["add"])


def test_nothing_is_said_of_noise():
    tables, known = planted(np.random.default_rng(1), 16)
    table = covariate_table(pd.concat(tables), known)
    assert not table["beyond"].any() and covariate_sentence(table, ["add"]) == ""


def test_the_unsteered_log_odds_makes_no_correlation():
    """Symmetric truth, noisy y(0): against the difference it makes one; as it is used here the interval holds."""
    rng, hits, naive, runs = np.random.default_rng(2), np.zeros(2), [], 200
    for _ in range(runs):
        samples = []
        for _ in range(12):
            lean, read, again = (rng.normal(0, 1, 36) for _ in range(3))
            strength = rng.normal(2, 0.5, 36)
            plus, minus = strength - read, strength + read
            y = np.stack([plus - minus, (plus + minus) / 2], axis=1)
            samples.append([Sample(x, y, np.arange(36) // 4, False) for x in (lean + read, lean + again)])
        naive.append(np.mean([own.figures()[0] for own, _ in samples]))
        hits[0] += covered(rows_of([own for own, _ in samples], OUTCOMES[2:], 0)[1])
        hits[1] += covered(rows_of([other for _, other in samples], OUTCOMES[2:], 0)[0])
    assert np.mean(naive) < -0.4
    assert ((hits / runs >= 0.91) & (hits / runs <= 0.985)).all(), hits / runs


def covered(row: dict) -> bool:
    return row["estimate_low"] <= 0 <= row["estimate_high"]


def test_the_table_holds_y0_only_against_the_mean_of_both_gains():
    tables, known = planted(np.random.default_rng(3), 4)
    asked = [t.assign(lean_elsewhere=np.arange(36.0)) for t in tables]
    table = covariate_table(pd.concat(asked), known)
    outcomes = table.groupby("covariate")["outcome"].apply(set)
    assert outcomes["unsteered log-odds y(0)"] == outcomes["size of the unsteered log-odds |y(0)|"] == {OUTCOMES[3]}
    assert outcomes["unsteered log-odds, in another frame"] == set(OUTCOMES)
    assert "items in its group" not in outcomes  # nowhere does it vary


def test_chance_is_as_wide_as_clustered_items_make_it():
    """Covariate and gain alike within groups: nine groups count, not 36 items."""
    rng, outside, runs = np.random.default_rng(4), 0, 300
    for run in range(runs):
        x, y = (np.repeat(rng.normal(0, 1, GROUPS), EACH) for _ in range(2))
        lone = Sample(x, y[:, None], np.arange(36) // EACH, False)
        low, high = np.quantile(lone.chance(np.random.default_rng(run), 400)[:, 0], [0.025, 0.975])
        outside += not low <= lone.figures()[0] <= high
    assert 0.02 <= outside / runs <= 0.09


def test_a_single_concept_has_an_interval_over_its_groups():
    rng = np.random.default_rng(5)
    plus = 2 + 0.5 * (np.arange(36) % 2 == 0) + rng.normal(0, 0.1, 36)
    items = marked(one("power", plus, np.full(36, 2.0) + rng.normal(0, 0.1, 36)), [concept("power")], [], [])
    table = covariate_table(items, [concept("power")]).set_index(["covariate", "outcome"])
    row = table.loc["aligned answer 'Yes' minus 'No'", OUTCOMES[0]]
    assert row["concept"] == "power" and row["units"] == GROUPS and np.isnan(row["p"]) and not row["beyond"]
    assert row["estimate_low"] < 0.5 < row["estimate_high"] and row["estimate_high"] - row["estimate_low"] < 0.3


def test_a_gap_leaves_a_concept_out_and_families_are_corrected_apart():
    tables, known = planted(np.random.default_rng(6), 5)
    tables[0] = tables[0].assign(lean_elsewhere=np.nan)
    tables[1:] = [t.assign(lean_elsewhere=np.arange(36.0) ** 2 % 7) for t in tables[1:]]
    table = covariate_table(pd.concat(tables), known)
    assert set(table[table["covariate"].str.startswith("unsteered log-odds, in")]["units"]) == {4}
    rows = [{"concept": "c", "covariate": name, "p": 0.01, "estimate": 1.0, "estimate_low": 0.5, "estimate_high": 1.5,
             "chance_low": -0.1, "chance_high": 0.1} for name in ("a", "b", "gain elsewhere")]  # fmt: skip
    assert list(with_holm(pd.DataFrame(rows))["p_holm"]) == pytest.approx([0.02, 0.02, 0.01])
    assert covariate_table(tables[0][:0], []).empty and covariate_sentence(pd.DataFrame(), ["add"]) == ""
