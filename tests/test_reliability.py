"""Predictors against outcomes on planted cells: what is planted is found, what is an artefact is called one."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from workbench.reliability import (
    POOLED,
    POOLED_WITHIN,
    backfire_verdict,
    coherence_verdict,
    correlate,
    correlation_verdict,
    inert_verdict,
    recommend,
    steering_verdict,
)
from workbench.reliability.verdicts import WORDS
from workbench.types import WorkbenchError


def cells(cause: str, seed=0, concepts=40, layers=(0, 1, 2)):
    """Cells in which the effect follows the vector's own coherence, the model's grasp of the behaviour, or nothing."""
    rng = np.random.default_rng(seed)
    rows = []
    for concept in range(concepts):
        grasp, own = rng.normal(size=2)
        for layer in layers:
            coherence = 0.3 + 0.1 * (grasp if cause == "grasp" else own) + 0.01 * rng.normal()
            drive = {"vector": own, "grasp": grasp, "nothing": 0.0}[cause]
            noise = 0.3 * rng.normal(size=3)
            rows.append({
                "concept": f"concept-{concept:02d}", "prompt_type": "prefilled", "layer": layer,
                "c_heldout": coherence, "overlap": 1 - coherence,
                "grasp": grasp, "headroom": rng.normal(), "lean": rng.normal(),
                "odd": drive + 5 * layer + (3 * rng.normal() if cause == "nothing" else noise[0]),
                "anti_braun": 0.5 - 0.1 * drive + 0.01 * noise[1],
                "transplant_odd": (grasp if cause == "grasp" else 0) + noise[2],
            })  # fmt: skip
    return pd.DataFrame(rows)


def one(table, kind=POOLED_WITHIN, **where):
    part = table[table["prompt_type"] == kind]
    for name, value in where.items():
        part = part[part[name] == value]
    assert len(part) == 1
    return part.iloc[0]


def test_rows_of_every_stratum_and_both_pools():
    frame = cells("vector")
    table = correlate(frame, ["c_heldout", "overlap"], ["odd", "anti_braun"], draws=200)
    assert len(table) == (3 + 2) * 4
    first = frame[frame["layer"] == 0]
    row = one(table, "prefilled", layer=0, predictor="c_heldout", outcome="odd")
    assert row["rho"] == pytest.approx(scipy_stats.spearmanr(first["c_heldout"], first["odd"]).statistic)
    assert row["low"] < row["rho"] < row["high"] and (row["n"], row["n_concepts"]) == (40, 40)
    pooled = one(table, POOLED, predictor="c_heldout", outcome="odd")
    assert (pooled["n"], pooled["n_concepts"], pooled["layer"]) == (120, 40, -1)
    assert pooled["rho"] == pytest.approx(scipy_stats.spearmanr(frame["c_heldout"], frame["odd"]).statistic)
    assert row["partial_given"] == "grasp, headroom, lean"


def test_pooling_within_strata_takes_layers_out():
    table = correlate(cells("vector"), ["c_heldout"], ["odd"], draws=200)
    assert one(table)["rho"] > 0.9 > one(table, POOLED)["rho"] + 0.3
    frame = cells("nothing")
    frame["c_heldout"] += frame["layer"]  # both rise with the layer and nothing else
    table = correlate(frame, ["c_heldout"], ["odd"], draws=200)
    assert one(table, POOLED)["low"] > 0.3 and one(table)["low"] < 0 < one(table)["high"]


def test_concepts_and_not_cells_are_resampled():
    frame = cells("nothing", concepts=12, layers=(0,))
    many = pd.concat([frame.assign(layer=k) for k in range(10)])
    few, repeated = (correlate(f, ["c_heldout"], ["odd"], draws=500) for f in (frame, many))
    wide, pooled = few.iloc[0], one(repeated, POOLED)
    assert pooled["high"] - pooled["low"] == pytest.approx(wide["high"] - wide["low"], abs=0.05)


def test_a_vector_that_predicts_survives_both_controls():
    table = correlate(cells("vector", seed=1), ["c_heldout", "overlap"], ["odd", "anti_braun"], draws=400)
    for predictor in ("c_heldout", "overlap"):
        for outcome in ("odd", "anti_braun"):
            sentence = coherence_verdict(table, predictor, outcome)
            assert sentence.startswith(f"{WORDS.get(predictor, predictor)} predicts {WORDS.get(outcome, outcome)}")
            assert "lean it survives (" in sentence and "it survives the transplant" in sentence
            assert "predicts in 3, reversed in 0, does not predict in 0" in sentence


def test_grasp_posing_as_coherence_is_unmasked():
    table = correlate(cells("grasp"), ["c_heldout", "overlap"], ["odd", "anti_braun"], draws=400)
    row = one(table, predictor="c_heldout", outcome="odd")
    assert row["low"] > 0.8 and abs(row["partial_rho"]) < 0.3 and row["transplant_low"] > 0.7
    for predictor in ("c_heldout", "overlap"):
        sentence = coherence_verdict(table, predictor, "anti_braun")
        assert " predicts anti_braun" in sentence
        assert "it does not survive (" in sentence and "does not survive the transplant" in sentence


@pytest.mark.parametrize(
    "transplant, words",
    [
        ((-0.1, 0.1, 0.3), "survives the transplant: "),
        ((-0.8, -0.7, -0.6), "survives the transplant: "),
        ((0.05, 0.15, 0.25), "survives the transplant in part"),
        ((0.1, 0.25, 0.35), "does not survive the transplant"),
        ((0.1, 0.5, 0.8), "does not survive the transplant"),
        ((-0.3, 0.2, 0.6), "the transplant leaves it open"),
        ((-np.inf, np.nan, np.inf), "there is no transplant control"),
    ],
)
@pytest.mark.parametrize("predictor, outcome", [("c_heldout", "odd"), ("overlap", "anti_tan"), ("overlap", "odd")])
def test_the_transplant_clause(predictor, outcome, transplant, words):
    own = -1 if predictor == "overlap" else 1
    sense = own * (-1 if outcome == "anti_tan" else 1)

    def ends(low, rho, high, turn):
        return (low, rho, high) if turn > 0 else (-high, -rho, -low)

    names = ["low", "rho", "high", "partial_low", "partial_rho", "partial_high",
             "transplant_low", "rho_transplant", "transplant_high"]  # fmt: skip
    numbers = [*ends(0.4, 0.6, 0.7, sense), *ends(-0.2, 0.1, 0.3, sense), *ends(*transplant, own)]
    row = pd.Series(dict(zip(names, numbers, strict=True)) | {
        "predictor": predictor, "outcome": outcome, "n": 30, "n_concepts": 30, "partial_given": "grasp",
    })  # fmt: skip
    assert words in correlation_verdict(row) and "given grasp it does not survive" in correlation_verdict(row)


def test_nothing_and_its_reverse_are_said_to_be_so():
    sentence = coherence_verdict(correlate(cells("nothing"), ["c_heldout"], ["odd"], draws=400))
    assert sentence.startswith("held-out coherence c does not predict the odd effect")
    wide = correlate(cells("nothing", concepts=8, layers=(0,)), ["c_heldout"], ["odd"], draws=400)
    assert "too wide to call it absent" in correlation_verdict(wide.iloc[0])
    frame = cells("vector").assign(odd=lambda f: -f["odd"])
    sentence = coherence_verdict(correlate(frame, ["c_heldout"], ["odd"], draws=400))
    assert sentence.startswith("held-out coherence c is reversed") and "predicts in 0, reversed in 3" in sentence


def test_missing_numbers_columns_and_covariates():
    frame = cells("vector").drop(columns=["transplant_odd", "headroom"])
    frame.loc[:4, "c_heldout"] = np.nan
    frame["lean"] = np.nan
    frame.loc[6, "odd"] = np.inf
    table = correlate(frame, ["c_heldout", "grasp"], ["odd"], draws=100)
    row = one(table, POOLED, predictor="c_heldout")
    assert row["n"] == 114 and row["partial_given"] == "grasp" and np.isnan(row["rho_transplant"])
    assert one(table, POOLED, predictor="grasp")["partial_given"] == ""
    assert "no transplant control" in coherence_verdict(table)
    bare = _predicting(one(table, POOLED, predictor="grasp"))
    assert "headroom and lean cannot be judged" in correlation_verdict(bare)
    with pytest.raises(WorkbenchError, match="cells lack steerability"):
        correlate(frame, ["c_heldout"], ["steerability"])
    with pytest.raises(WorkbenchError, match="no predictor"):
        correlate(frame, [], ["odd"])
    with pytest.raises(WorkbenchError, match="no row of c_loo"):
        coherence_verdict(table, "c_loo")


def _predicting(row):
    """The row with a correlation that excludes 0."""
    row = row.copy()
    row["low"], row["rho"], row["high"] = 0.2, 0.4, 0.6
    return row


def curve(layer, slope, top=1.5, half=0.1, direction="own"):
    """A mean effect curve that rises to |λ| = ``top`` and falls again beyond."""
    doses = np.array([-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2])
    size = np.minimum(np.abs(doses), 2 * top - np.abs(doses))
    mean = slope * np.sign(doses) * size
    return pd.DataFrame({
        "concept": "power", "prompt_type": "prefilled", "layer": layer, "direction": direction, "multiplier": doses,
        "mean": mean, "low": mean - half * (doses != 0), "high": mean + half * (doses != 0),
    })  # fmt: skip


def cell(layer, **more):
    numbers = {"n_groups": 20, "random_high": 0.2, "anti_braun": 0.1} | more
    return {"concept": "power", "prompt_type": "prefilled", "layer": layer} | numbers


def test_recommends_the_largest_reliable_effect_inside_the_monotone_range():
    table = recommend(
        pd.DataFrame([cell(0), cell(1), cell(2)]),
        pd.concat([curve(0, 0.5), curve(1, 1.0, top=1.0), curve(2, 1.2, top=1.5, half=5.0)]),
    )
    row = table.iloc[0]
    assert len(table) == 1 and row["reliable"] and row["reason"] == ""
    assert (row["layer"], row["multiplier"]) == (1, 1.0)  # layer 2 is larger but not reliable, beyond 1.0 it falls
    assert row["effect"] == pytest.approx(1.0) and row["effect_low"] < 0.9 < 1.1 < row["effect_high"]
    assert row["backfire"] == 0.1 and row["backfire_low"] < 0.1 < row["backfire_high"]
    assert row["multiplier_low"] == 1.0 and row["multiplier_high"] == 1.0


def test_a_rise_beyond_the_monotone_range_is_not_used():
    frame = curve(0, 1.0, top=1.0)
    far = frame["multiplier"].abs() == 2
    frame.loc[far, ["mean", "low", "high"]] = 9 * frame.loc[far, "multiplier"].to_numpy()[:, None] + np.array(
        [0, -0.1, 0.1]
    )
    assert recommend(pd.DataFrame([cell(0)]), frame).iloc[0]["multiplier"] == 1.0
    one_sided = curve(0, 1.0)
    one_sided.loc[one_sided["multiplier"] < -0.5, "mean"] = 0.0  # the negative side turns back after -0.5
    assert recommend(pd.DataFrame([cell(0)]), one_sided).iloc[0]["multiplier"] == 0.5


def test_multipliers_that_are_as_good_are_named():
    row = recommend(pd.DataFrame([cell(0)]), curve(0, 1.0, top=1.5, half=0.3)).iloc[0]
    assert (row["multiplier_low"], row["multiplier"], row["multiplier_high"]) == (1.0, 1.5, 1.5)


def test_an_even_effect_is_not_control():
    both = curve(0, 1.0)
    both["mean"] = both["mean"].abs()
    row = recommend(pd.DataFrame([cell(0)]), both).iloc[0]
    assert not row["reliable"] and np.isnan(row["multiplier"]) and row["layer"] == -1


def test_the_random_band_and_the_caps_bind():
    row = recommend(pd.DataFrame([cell(0, random_high=2.0)]), curve(0, 1.0)).iloc[0]
    assert not row["reliable"] and "random band" in row["reason"]
    assert row["layer"] == 0 and row["effect"] == pytest.approx(1.5)
    assert np.isnan(row["multiplier"])
    small = recommend(pd.DataFrame([cell(0)]), curve(0, 1.0), caps={"multiplier": 0.6}).iloc[0]
    assert small["multiplier"] == 0.5
    costly = curve(0, 1.0).assign(cost=lambda f: 0.04 * f["multiplier"].abs())
    assert recommend(pd.DataFrame([cell(0)]), costly).iloc[0]["multiplier"] == 1.0
    hurt = recommend(pd.DataFrame([cell(0, anti_braun=0.7)]), curve(0, 1.0)).iloc[0]
    assert not hurt["reliable"] and "backfire" in hurt["reason"]


def test_measured_odd_intervals_and_backfire_are_preferred():
    frame = curve(0, 1.0, half=5.0)
    frame = frame.assign(odd=frame["mean"], odd_low=frame["mean"] - 0.1, odd_high=frame["mean"] + 0.1)
    frame = frame.assign(backfire=0.3, backfire_low=0.2, backfire_high=0.4)
    row = recommend(pd.DataFrame([cell(0)]), frame).iloc[0]
    assert row["reliable"] and (row["backfire"], row["backfire_low"], row["backfire_high"]) == (0.3, 0.2, 0.4)


def test_the_choice_of_the_best_is_paid_for():
    """All layers are noise; without the widening the best of twelve would be called reliable one time in four."""
    rng = np.random.default_rng(0)
    false = 0
    for _ in range(24):
        curves = []
        for layer in range(12):
            noise = 0.5 * abs(rng.normal()) * np.sign(rng.normal())
            curves.append(curve(layer, noise, half=0.5 * 1.96).query("multiplier in (-1, 0, 1)"))
        cell_rows = pd.DataFrame([cell(layer, random_high=np.nan) for layer in range(12)])
        false += recommend(cell_rows, pd.concat(curves)).iloc[0]["reliable"]
    assert false <= 2


def test_recommend_errors_in_one_line():
    good = pd.DataFrame([cell(0)])
    with pytest.raises(WorkbenchError, match="columns mean are missing"):
        recommend(good, curve(0, 1.0).drop(columns="mean"))
    with pytest.raises(WorkbenchError, match="caps are"):
        recommend(good, curve(0, 1.0), caps={"speed": 1.0})
    with pytest.raises(WorkbenchError, match="expected one of: random"):
        recommend(good, curve(0, 1.0, direction="random"))


def test_coherence_is_not_praised_where_steering_hardly_works():
    frame = cells("vector").assign(odd_low=-0.1, odd_high=0.1, random_low=-0.2, random_high=0.2)
    found = correlate(frame, ["c_heldout"], ["odd"], draws=50)
    weak = coherence_verdict(found, cells=frame)
    assert weak.startswith("Not to be read as support: steering hardly works here")
    strong = coherence_verdict(found, cells=frame.assign(odd_low=0.5, odd_high=0.9))
    assert strong == coherence_verdict(found) and strong in weak


def test_verdicts_on_cells():
    frame = pd.DataFrame({
        "odd": [1.0, 0.1, -1.0, 0.5], "odd_low": [0.8, -0.1, -1.2, np.nan], "odd_high": [1.2, 0.3, -0.8, np.nan],
        "random_low": -0.2, "random_high": 0.2, "anti_braun": [0.1, 0.5, 0.9, 0.4], "inert": [False, True, True, False],
    })  # fmt: skip
    sentence = steering_verdict(frame)
    assert "random directions in 1 of 3 cells (33%)" in sentence and "opposite way in 1 of 3" in sentence
    assert "45% by Δ(1) < 0 (from 10% to 90%)" in backfire_verdict(frame)
    assert inert_verdict(frame).endswith("2 of 4 cells (50%).")
    empty = frame.drop(columns=["anti_braun", "inert"]).assign(odd_low=np.nan)
    assert "cannot be judged" in steering_verdict(empty) and "cannot be judged" in backfire_verdict(empty)
    assert "not measured" in inert_verdict(empty)
