"""The symmetry study: from a planted truth to a verdict, and through a small model from names to a record."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.studies.symmetry import Config, run
from workbench.studies.symmetry_cells import gathered, parts, respond_cell
from workbench.studies.symmetry_lean import corrections
from workbench.studies.symmetry_record import tables_of
from workbench.studies.symmetry_tables import PLACEBOS, VALUES, judgements, results
from workbench.studies.symmetry_tables import curves as curves_of
from workbench.symmetry import Curve, Response, matched_costs
from workbench.symmetry.protocol import load_protocol
from workbench.types import WorkbenchError

ROOT = Path(__file__).parent.parent.parent
PROTOCOL = load_protocol("symmetry-v1")
LEVELS = np.array(PROTOCOL.budgets["norm"])


def planted(kept: float, kind: str, count: int, seed: int = 0, method: str = "planted") -> list[Response]:
    """Responses whose unaligned pole keeps a share of the aligned one's effect, in norm and in KL alike."""
    rng, out = np.random.default_rng(seed), []
    groups = tuple(str(i // 2) for i in range(12))
    for c in range(count):
        base, strength = rng.normal(0, 1.5, 12), 4 * rng.gamma(20, 1 / 20)
        kl = np.geomspace(PROTOCOL.budgets["kl"][0], PROTOCOL.budgets["kl"][-1], len(LEVELS))
        curves = {}
        for pole, sign, share in (("aligned", 1, 1.0), ("unaligned", -1, kept)):
            noise = rng.normal(0, 0.05, (12, len(LEVELS)))
            values = base[:, None] + sign * share * strength * LEVELS + noise
            zero = np.zeros(len(LEVELS))
            costs = {"nll_rise": LEVELS / 20, "choice_drop": zero, "incoherent": zero}
            curves[pole] = Curve(LEVELS, values, {"norm": LEVELS, "kl": kl}, costs)
        out.append(Response(f"{kind}{c}", method, kind, base, groups, curves))
    return out


def background(responses: list[Response]) -> dict:
    rng = np.random.default_rng(9)
    return {
        r.concept: {"lean": list(rng.normal(0, 1, 2)), "cue_aligned": 3.0, "cue_unaligned": 3.0, "grasp": 0.9}
        for r in responses
    }


@pytest.mark.parametrize("kept, verdict, truth", [(0.4, "asymmetric", 0.6 / 1.4), (1.0, "symmetric", 0.0)])
def test_a_planted_truth_becomes_its_verdict(kept, verdict, truth):
    responses = planted(kept, "value", 12) + planted(1.0, "placebo", 20, seed=1)
    tables = tables_of(PROTOCOL, responses, background(responses), "m")
    table = tables["results"].set_index("concept")
    row = table.loc[VALUES]
    assert row["verdict"] == verdict and row["index_low"] <= truth <= row["index_high"]
    assert row["area_index_low"] - 0.02 <= truth <= row["area_index_high"] + 0.02
    assert table.loc[PLACEBOS, "verdict"] == "symmetric"
    if kept < 1:
        assert row["log_potency"] > 0.5 and row["log_potency_low"] > 0
        assert row["p_holm"] < 0.05 and "aligned pole" in row["reason"]
    fixed = tables["corrections"].set_index("correction")
    assert list(fixed.index) == ["raw", "headroom-normalised", "value at zero lean", "matched lean"]
    assert fixed.loc["raw", "index_low"] <= truth <= fixed.loc["raw", "index_high"]
    assert {"method", "concept", "lean", "difference", "fitted"} <= set(tables["lean"])


def test_a_cue_is_not_held_against_what_the_same_cue_reaches():
    responses = planted(0.4, "value", 6, method="instruction")
    fixed = tables_of(PROTOCOL, responses, background(responses), "m")["corrections"]
    assert list(fixed["correction"]) == ["raw", "value at zero lean", "matched lean"]


def test_too_few_placebos_leave_a_difference_undetermined():
    responses = planted(0.4, "value", 12) + planted(1.0, "placebo", 5, seed=1)
    row = tables_of(PROTOCOL, responses, background(responses), "m")["results"].set_index("concept").loc[VALUES]
    assert row["verdict"] == "undetermined" and "fewer than 20 placebos" in row["reason"]


def test_budgets_that_disagree_are_undetermined_and_one_is_not_enough():
    row = {"method": "m", "concept": "c", "kind": "value", "index": 0.1, "p": 0.2, "reason": "x", "flag": ""}
    rows = [{**row, "budget": "kl", "verdict": "symmetric"}, {**row, "budget": "norm", "verdict": "asymmetric"}]
    found = results(pd.DataFrame(rows), "model").iloc[0]
    assert found["verdict"] == "undetermined" and "disagree" in found["reason"] and found["model"] == "model"
    assert "needs two" in results(pd.DataFrame(rows[:1]), "model").iloc[0]["reason"]


def test_asymmetry_under_two_budgets_is_corrected_at_the_weaker_one():
    row = {"concept": "c", "kind": "value", "index": 0.5, "reason": "x", "flag": "", "verdict": "asymmetric"}
    rows = [{**row, "method": str(m), "budget": kind, "p": p if m == 0 else 0.9}
            for m in range(10) for kind, p in (("kl", 0.0001), ("norm", 0.04))]  # fmt: skip
    found = results(pd.DataFrame(rows), "m").iloc[0]
    assert found["verdict"] == "undetermined" and found["p_holm"] == pytest.approx(0.4)
    # and a pool that its placebos reach as well, however far from 0
    (kl, norm), beyond = rows[:2], {"p": 0.0001, "p_placebo": 0.2}
    assert results(pd.DataFrame([kl | beyond, norm | beyond]), "m").iloc[0]["verdict"] == "undetermined"


def test_placebos_at_a_far_smaller_dose_are_no_null():
    values, null = planted(0.4, "value", 6), planted(1.0, "placebo", 25, seed=1)
    rows = judgements(PROTOCOL, "planted", [*values, *null])
    top = max(row["level"] for row in rows if row["concept"] == VALUES and row["budget"] == "norm")

    def cheap(r: Response) -> Response:
        """The same, with doses that end at a tenth of the budget."""
        curves = {pole: replace(c, budgets={kind: spent / 10 for kind, spent in c.budgets.items()})
                  for pole, c in r.curves.items()}  # fmt: skip
        return replace(r, curves=curves)

    weak = judgements(PROTOCOL, "planted", [*values, *(cheap(r) for r in null)])
    pools = ([row for row in found if (row["concept"], row["budget"]) == (VALUES, "norm")] for found in (rows, weak))
    one, other = ({row["level"]: row["placebo"] for row in found} for found in pools)
    assert np.isfinite(one[top]) and np.isnan(other[top])


def test_doses_beyond_the_caps_do_not_sum_up():
    """Equal below the caps, one-sided beyond: the summary is that of what may be spent."""
    base, doses = np.zeros(8), np.array([0.01, 0.05, 0.1, 0.2])
    rise = {"nll_rise": np.array([0.0, 0.0, 0.5, 0.9])}
    gains = {"aligned": np.array([1.0, 2.0, 6.0, 8.0]), "unaligned": np.array([1.0, 2.0, 2.2, 2.4])}
    curves = {pole: Curve(doses, base[:, None] + (1 if pole == "aligned" else -1) * g, {"norm": doses}, rise)
              for pole, g in gains.items()}  # fmt: skip
    found = Response("c", "m", "value", base, tuple("aabbccdd"), curves)
    _, (row,) = curves_of(replace(PROTOCOL, budgets={"norm": tuple(doses)}), "m", [found])
    assert row["area_index"] == pytest.approx(0.0, abs=1e-12)


def test_no_correction_makes_an_index_where_there_is_no_control():
    known = [{"lean": [x, x], "cue_aligned": 1.0, "cue_unaligned": 1.0} for x in np.linspace(-1, 1, 8)]
    rows = corrections(np.array([3.0, -2.0] * 4), np.array([2.0, 2.0, -3.0, -2.0] * 2), known)
    assert all(np.isnan(index.estimate) for *_, index in rows) and np.isfinite(rows[0][3].estimate)


def test_holm_is_over_methods_of_a_concept():
    row = {"concept": "c", "kind": "value", "index": 0.1, "reason": "x", "flag": "", "budget": "kl", "verdict": "x"}
    rows = [{**row, "method": m, "p": p} for m, p in (("a", 0.01), ("b", 0.04), ("c", 0.5))]
    assert results(pd.DataFrame(rows), "m")["p_holm"].tolist() == pytest.approx([0.03, 0.08, 0.5])


@pytest.mark.parametrize("old, new, words", [
    ('items = "bare"', 'items = "chatty"', "prompts items = 'chatty' cannot be asked for; expected items = 'bare'"),
    ("placebos = 20", "placebos = 5", "5 placebos cannot give a 95 % quantile; expected at least 20"),
])  # fmt: skip
def test_a_protocol_cannot_ask_for_what_no_study_does(tmp_path, old, new, words):
    text = (ROOT / "data" / "protocols" / "symmetry-v1.toml").read_text()
    assert old in text
    (tmp_path / "p.toml").write_text(text.replace(old, new))
    with pytest.raises(WorkbenchError, match=words):
        load_protocol(str(tmp_path / "p.toml"))
    more = text.replace("placebos = 20", "placebos = 30")
    (tmp_path / "p.toml").write_text(more)
    protocol = load_protocol(str(tmp_path / "p.toml"))
    # with 25 placebos there is a bound under the one protocol and none under the other
    rows = [judgements(one, "planted", [*planted(0.4, "value", 6), *planted(1.0, "placebo", 25)])
            for one in (PROTOCOL, protocol)]  # fmt: skip
    pools = [{row["concept"]: row for row in found if row["budget"] == "norm"}[VALUES] for found in rows]
    assert np.isfinite(pools[0]["placebo"]) and np.isnan(pools[1]["placebo"])


def test_costs_are_read_at_the_same_gain():
    (one,) = planted(0.5, "value", 1)
    plus, minus = matched_costs(one)["nll_rise"]
    assert minus / plus == pytest.approx(2, rel=0.15)


def test_leans_that_do_not_reach_zero_cannot_be_corrected():
    known = [{"lean": [2 + k / 10] * 2, "cue_aligned": 1.0, "cue_unaligned": 1.0} for k in range(6)]
    rows = {name: (note, index) for name, _, note, _, index in corrections(np.ones(6), 2 * np.ones(6), known)}
    note, index = rows["value at zero lean"]
    assert "zero is outside" in note and index.low == -np.inf


@pytest.mark.parametrize("change, words", [
    ("norm = [0.0]", "cannot all be spent"), ("norm = []", "cannot all be spent"), ("mass = [1.0]", "unknown"),
])  # fmt: skip
def test_bad_budgets_are_one_line(tmp_path, change, words):
    text = (ROOT / "data" / "protocols" / "symmetry-v1.toml").read_text()
    head, rest = text.split("norm = [0.01")
    (tmp_path / "p.toml").write_text(head + change + "\n" + rest.split("\n", 3)[3])
    with pytest.raises(WorkbenchError, match=words):
        load_protocol(str(tmp_path / "p.toml"))
    (tmp_path / "q.toml").write_text(text.replace("[caps]", "[hats]"))
    with pytest.raises(WorkbenchError, match="lacks or misspells"):
        load_protocol(str(tmp_path / "q.toml"))
    with pytest.raises(WorkbenchError, match="expected one of symmetry-brief-v1, symmetry-v1, symmetry-v2"):
        load_protocol("symmetry-v9")


def raising(model, concept, toward):
    """A stranger's method that fails on one pole."""
    if toward == "unaligned":
        raise ValueError("no vector for\nthis pole")
    from workbench.controls import find_method

    return find_method("add")(model, concept, toward)


SMALL = """name = "small"
seed = 0
splits = {shares = [0.1, 0.45, 0.45]}
sizes = {fit = 12, items = 8, neutral = 3, choices = 4}
budgets = {norm = [0.02, 0.2], kl = [0.001, 0.02], examples = [1.0, 2.0]}
caps = {nll_rise = 9.0, choice_drop = 1.0, incoherent = 1.0}
inference = {margin = 0.2, draws = 100}
methods = {default = ["add", "instruction"]}
"""


def test_a_grid_with_holes_is_finished_and_says_what_is_missing(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    single = tmp_path / "one-pole"
    single.mkdir()
    card = 'name = "one-pole"\nstyle = "question"\n'
    (single / "card.toml").write_text(card)
    rows = [
        {"id": str(i), "group": str(i // 2), "question": "Q?", "aligned": "Yes", "unaligned": "Yes"} for i in range(8)
    ]
    (single / "pairs.jsonl").write_text("\n".join(map(json.dumps, rows)))
    config = Config(
        methods=("add", "instruction", f"{Path(__file__).stem}:raising"), concepts=("art", "power", str(single)),
        protocol=str(tmp_path / "small.toml"), workers=1, out=str(tmp_path / "run"),
    )  # fmt: skip
    import sys

    sys.modules.setdefault(Path(__file__).stem, sys.modules[__name__])
    record = run(config)
    lines = record.tables["failures"].set_index(["method", "concept"])["line"]
    assert "at both poles" in lines[("all", "one-pole")]
    stranger = [line for (method, _), line in lines.items() if method.endswith(":raising")]
    assert stranger == ["ValueError: no vector for this pole"] * 2
    assert set(record.tables["results"]["method"]) >= {"add", "instruction"}
    assert {"results", "judgements", "curves", "doses", "items", "lean"} <= set(record.tables)
    matrix = record.tables["off_axis"]
    assert {("art", "power"), ("power", "art")} <= set(zip(matrix["steered"], matrix["read"], strict=True))
    added = matrix[matrix["method"] == "add"]
    assert added["random"].notna().all() and set(added["control"]) == {"random direction of the same norm"}
    assert matrix.loc[matrix["method"] == "instruction", "random"].isna().all()
    assert record.results["protocol"]["digest"] == record.config["protocol_digest"]
    assert any("placebo concepts" in note for note in record.warnings)
    assert run(config).digest == record.digest
    placebo = run(replace(config, off_axis=0, frames=(), placebos=("power",)))
    kinds = placebo.tables["results"].set_index("concept")["kind"].to_dict()
    assert kinds["power"] == "placebo" and "all placebo concepts" in kinds and "all value concepts" not in kinds
    bare = run(replace(config, off_axis=0))
    assert "off_axis" not in bare.tables and bare.tables["results"].equals(record.tables["results"])
    other = replace(config, protocol=str(tmp_path / "other.toml"))
    (tmp_path / "other.toml").write_text(SMALL.replace("draws = 100", "draws = 120"))
    assert other.digest != config.digest
    # cells of a model whose cues stand elsewhere are other cells
    assert replace(config, model="knob-a").digest != replace(config, model="persona").digest == config.digest


def test_unknown_names_stop_before_anything_is_run(tmp_path, gpt2_model):
    for change, words in (({"methods": ("ad",)}, "did you mean 'add'"), ({"protocol": "v9"}, "unknown")):
        with pytest.raises(WorkbenchError, match=words):
            run(Config(out=str(tmp_path / "run"), **change))
    with pytest.raises(WorkbenchError, match="'pwer' is unknown"):
        gathered(Config(concepts=("pwer",)), gpt2_model)
    with pytest.raises(WorkbenchError, match="placebo 'cooking' is none of the concepts; expected some of art, power"):
        gathered(Config(concepts=("power", "art"), placebos=("cooking",)), gpt2_model)
    assert not (tmp_path / "run").exists()


def test_fitting_and_measuring_share_no_group(small_concept, gpt2_model):
    from workbench.concepts import load_concept

    fit, items = parts(load_concept("power"), Config())
    assert not set(fit.groups) & set(items.groups) and len(items.pairs) <= PROTOCOL.sizes["items"]
    cell = respond_cell(gpt2_model, Config(), load_concept("power"), "few_shot")
    assert "context" in cell["failed"] or "response" in cell
