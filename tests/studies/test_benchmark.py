"""The benchmark: a plan in, one table of several organisms out; what has no weights is said, the rest is finished."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.records import load, save
from workbench.report.benchmark_page import benchmark_page
from workbench.studies.benchmark import Config, run
from workbench.studies.benchmark_plan import load_plan, without_weights
from workbench.studies.benchmark_record import corrected
from workbench.types import WorkbenchError

ROOT = Path(__file__).resolve().parent.parent.parent
PROTOCOL = """name = "small"
seed = 0
splits = {shares = [0.1, 0.45, 0.45]}
sizes = {fit = 12, items = 8, neutral = 3, choices = 4}
budgets = {norm = [0.02], kl = [0.02], examples = [1.0]}
caps = {nll_rise = 9.0, choice_drop = 1.0, incoherent = 1.0}
inference = {margin = 0.2, draws = 100}
methods = {default = ["instruction"]}
"""
PLAN = """name = "small"
protocol = "PROTOCOL"
minutes = 1
processes = 1
[seconds]
background = 1
instruction = 2
off_axis = 50
[parts.cues]
organisms = ["persona", "untrained"]
methods = ["instruction"]
concepts = ["power", "music"]
off_axis = 0
frames = []
[parts.broken]
organisms = ["persona"]
methods = ["no_such_method"]
concepts = ["power"]
off_axis = 2
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """A small plan: one part that can be measured, an organism that does not exist, a method that does not."""
    folder = tmp_path_factory.mktemp("plan")
    (folder / "protocol.toml").write_text(PROTOCOL)
    (folder / "plan.toml").write_text(PLAN.replace("PROTOCOL", str(folder / "protocol.toml")))
    return folder / "plan.toml"


@pytest.fixture(scope="module")
def done(plan, tmp_path_factory):
    config = Config(plan=str(plan), workers=1, out=str(tmp_path_factory.mktemp("run")))
    return config, run(config)


def test_one_table_of_all_parts_and_a_line_for_each_that_is_missing(done):
    config, record = done
    table = record.tables["results"]
    assert set(table["organism"]) == {"persona"} and {"power", "music"} <= set(table["concept"])
    assert np.isfinite(table["gain_aligned"]).all() and (table["gain_aligned_low"] < table["gain_aligned"]).all()
    parts = record.tables["parts"].set_index(["organism", "part"])
    assert parts["measured"].to_dict() == {("persona", "cues"): True, ("untrained", "cues"): False,
                                           ("persona", "broken"): False}  # fmt: skip
    assert "no such organism" in parts.loc[("untrained", "cues"), "line"]
    assert "'no_such_method' is unknown" in parts.loc[("persona", "broken"), "line"]
    # the part's own record lies beside its cells, under the digest that the whole names
    part = load(Path(config.out) / "persona-cues")
    assert part.digest == record.results["records"]["persona-cues"]
    assert any("Not measured: cues on untrained" in line for line in record.results["summary"])


def test_the_same_call_computes_nothing_anew(done, monkeypatch):
    config, record = done
    monkeypatch.setattr("workbench.studies.pool._run", lambda function, jobs, todo, *rest: iter(todo and [1 / 0]))
    assert run(config).digest == record.digest


def test_the_page_and_the_markdown_say_verdict_digest_and_gap(done, tmp_path, monkeypatch):
    _, record = done
    page = benchmark_page(record)
    for words in ("Is control symmetric? The benchmark", record.digest, "no such organism", "Leaderboard"):
        assert words in page, words
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import symmetry

    save(record, tmp_path / "run")
    monkeypatch.setattr(sys, "argv", ["symmetry", str(tmp_path / "run"), "--out", str(tmp_path / "out")])
    symmetry.main()
    text = (tmp_path / "out" / "results.md").read_text(encoding="utf-8")
    assert record.digest in text and "| power |" in text and "no such organism" in text
    assert len(pd.read_csv(tmp_path / "out" / "results.csv")) == len(record.tables["results"])


def test_holm_is_over_the_methods_of_all_parts():
    said = {"verdict": "asymmetric", "reason": "beyond the placebos"}
    rows = [{"organism": "o", "part": p, "concept": "c", "p_worst": v, **said}
            for p, v in (("a", 0.01), ("a", 0.04), ("b", 0.5))]  # fmt: skip
    rows[2] |= {"verdict": "symmetric", "reason": "within the margin"}
    other = {"organism": "other", "part": "a", "concept": "c", "p_worst": 0.04, **said}
    table = corrected(pd.DataFrame([*rows, other]))
    assert table["p_holm"].tolist() == pytest.approx([0.03, 0.08, 0.5, 0.04])
    # an asymmetry that is not told from 0 after the correction is none; equivalence is another test
    assert table["verdict"].tolist() == ["asymmetric", "undetermined", "symmetric", "asymmetric"]
    assert "after Holm" in table["reason"][1] and table["reason"][2] == "within the margin"


def test_the_planned_time_is_cells_times_their_seconds(plan):
    small = load_plan(str(plan))
    cues, broken = small.parts
    assert small.cost("persona", cues) == 2 * (1 + 2)
    assert small.cost("persona", broken) == 1 * (1 + 2 + 50)  # an unknown method costs as the dearest known


def test_the_shipped_plan_fits_its_minutes_and_names_what_there_is():
    from workbench.controls import find_method, trains

    shipped = load_plan("symmetry-v1")
    total = sum(shipped.cost(*job) for job in shipped.jobs()) / 60 / shipped.processes
    assert 0 < total <= shipped.minutes <= 90
    for part in shipped.parts:
        for name in part.methods:
            assert callable(find_method(name))
        assert part.concepts or not any(trains(name) for name in part.methods), "training runs on named concepts"
    assert without_weights("persona") == "" and "train-organism persona-none" not in without_weights("persona-none")


@pytest.mark.parametrize("change, words", [
    (("methods =", "method ="), "has the key 'method'"), (('methods = ["instruction"]', "methods = []"), "no methods"),
    (("minutes = 1", ""), "lacks or misspells 'minutes'"), (("[parts", "[[["), "is no TOML"),
    (("instruction = 2\n", ""), "no method's seconds"),
])  # fmt: skip
def test_a_bad_plan_is_one_line(tmp_path, change, words):
    (tmp_path / "plan.toml").write_text(PLAN.replace(*change))
    with pytest.raises(WorkbenchError, match=words):
        load_plan(str(tmp_path / "plan.toml"))


@pytest.mark.parametrize("change, words", [
    ({"plan": "nope"}, "plan 'nope' is unknown; expected one of cues-v1, symmetry-v1"),
    ({"parts": ("x",)}, "part 'x' is not"),
    ({"organisms": ("x",)}, "organism 'x' is not"),
])  # fmt: skip
def test_bad_settings_are_one_line(tmp_path, change, words):
    with pytest.raises(WorkbenchError, match=words):
        run(Config(out=str(tmp_path), **change))
