"""Twins: a planted cause is found, no cause is not, and a third thing that moves reliability alone is told apart."""

import numpy as np
import pandas as pd
import pytest

from workbench.reliability.causal import CONTROL, TWINS, causal_links, knob_effects, twin_differences
from workbench.reliability.causal_words import causal_summary, causal_verdicts, conclusion, finding, where_not
from workbench.reliability.replication import MEAN
from workbench.types import WorkbenchError

CONCEPTS = 24


def planted(coherence: float, reliability: float, seed: int = 0, seeds: int = 3, noise: float = 0.1) -> pd.DataFrame:
    """Cells in which half of the templates change c by ``coherence`` and the odd effect by ``reliability``."""
    rng, rows = np.random.default_rng(seed), []
    knob = rng.permutation(np.linspace(0.5, 1.0, CONCEPTS))
    for twin, s in [(t, s) for t in "ab" for s in range(seeds)]:
        for i in range(CONCEPTS):
            share = knob[i] if twin == "a" else 1.5 - knob[i]
            values = {
                "c_heldout": 0.5 + 2 * coherence * share,
                "d_prime_split": 1 + 2 * coherence * share,
                "odd_matched": 2 * reliability * share,
                "steerability": 2 * reliability * share,
                "anti_braun": 0.5 - reliability * share,
            }
            row = {name: value + noise * rng.standard_normal() for name, value in values.items()}
            rows.append({"twin": twin, "seed": s, "concept": f"c{i}", "kind": "value", "labelling": "cue", "layer": 1,
                         "knob_fit": share, "knob_eval": share, **row})  # fmt: skip
    return pd.DataFrame(rows)


def effect(table: pd.DataFrame, quantity: str, comparison: str = TWINS) -> pd.Series:
    return table[(table["quantity"] == quantity) & (table["comparison"] == comparison)].iloc[0]


def test_a_planted_cause_is_recovered_with_its_size_and_the_control_stays_at_zero():
    differences = twin_differences(planted(0.4, 1.5))
    effects, links = knob_effects(differences), causal_links(differences)
    for quantity, truth in (("c_heldout", 0.4), ("odd_matched", 1.5), ("anti_braun", -0.75)):
        row = effect(effects, quantity)
        assert row["low"] <= truth <= row["high"], quantity
        assert row["high"] - row["low"] < 0.3
        null = effect(effects, quantity, CONTROL)
        assert null["low"] <= 0 <= null["high"], quantity
    assert finding(links, "cue", 1, ("c_heldout", "odd_matched"))[0] == "yes"
    assert finding(links, "cue", 1, ("knob_eval", "anti_braun"))[0] == "reversed"
    assert finding(links, "cue", 1, ("knob_eval", "odd_matched"), CONTROL)[0] != "yes"
    assert "moves both" in causal_verdicts(links, effects, {"cue": 1}).popitem()[1]


def test_reliability_that_moves_without_coherence_is_told_apart():
    links = causal_links(twin_differences(planted(0.0, 1.5)))
    assert finding(links, "cue", 1, ("knob_eval", "odd_matched"))[0] == "yes"
    assert finding(links, "cue", 1, ("c_heldout", "odd_matched"))[0] != "yes"
    effects = knob_effects(twin_differences(planted(0.0, 1.5)))
    text = causal_summary(planted(0.0, 1.5), links, effects, {"cue": 1})
    said = finding(links, "cue", 1, ("c_heldout", "odd_matched"))[0]
    assert text[-1] == {
        "no": "In no seed is coherence shown to predict reliability for cue-labelled vectors.",
    }.get(said, "Seeds disagree whether coherence predicts reliability for cue-labelled vectors.")
    together = causal_links(twin_differences(planted(0.4, 1.5)))
    assert where_not(together, {"cue": 1}) == "Coherence predicts reliability in every seed for cue-labelled vectors."
    assert where_not(together, {"letter": 1}) == "Not measured: answer-token vectors."
    assert conclusion("no", "yes", "no").endswith("here coherence does not predict reliability.")
    assert conclusion("in 1 of 3 seeds only", "yes", "no").endswith("undecided.")  # too few seeds are no absence
    assert conclusion("no", "no", "no") == (
        "The knob does not move reliability in every seed, so nothing follows about coherence as its cause."
    )


def test_without_a_cause_the_interval_covers_zero_at_the_nominal_rate():
    covered = []
    for seed in range(60):
        effects = knob_effects(twin_differences(planted(0.0, 0.0, seed)), draws=200)
        row = effect(effects, "odd_matched")
        covered.append(row["low"] <= 0 <= row["high"])
    assert 0.87 <= np.mean(covered) <= 1.0


def test_swapping_the_twins_changes_no_effect():
    cells = planted(0.4, 1.5)
    other = cells.assign(twin=cells["twin"].map({"a": "b", "b": "a"}))
    for quantity in ("c_heldout", "odd_matched"):
        one, two = (effect(knob_effects(twin_differences(c)), quantity) for c in (cells, other))
        assert one["per_half"] == pytest.approx(two["per_half"], abs=1e-9)


def test_a_missing_twin_is_named():
    cells = planted(0.4, 1.5)
    with pytest.raises(WorkbenchError, match="seed 2 has no twin 'b'"):
        twin_differences(cells[~((cells["twin"] == "b") & (cells["seed"] == 2))])


def test_one_seed_has_no_mean_and_no_control():
    differences = twin_differences(planted(0.4, 1.5, seeds=1))
    links = causal_links(differences)
    assert set(differences["comparison"]) == {TWINS} and MEAN not in set(links["run"])
