"""Records: the digest says what was found, a saved record comes back exactly, and nothing is half-written."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.pandas import column, data_frames, range_indexes

from workbench.records import Record, load, plain, save, table_digest, unplain, versions
from workbench.types import Effect, WorkbenchError

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)


def record(**changes) -> Record:
    prompts = pd.DataFrame({
        "prompt": ["a", "b", "007"], "letter": ["A", None, "NA"], "slope": [0.1 + 0.2, np.nan, -np.inf],
        "n": [1, 2, 3], "flipped": [True, False, True],
    })
    base = Record(
        study="toy", config={"model": "persona", "layers": (1, 2), "out": "runs/a"}, seeds=(0,),
        model={"name": "persona", "digest": "abc"}, concepts={"art": "d1"}, tables={"prompts": prompts},
        results={"rho": Effect(0.5, -np.inf, np.inf, n=3, method="two groups"), "summary": ["one", "two"],
                 "share": np.float64(0.25), "curve": np.arange(3.0)},
        warnings=["in-sample gap"], seconds=1.5,
    )
    return replace(base, **changes)


def test_versions_name_what_a_result_may_depend_on():
    found = versions()
    assert set(found) == {"python", "torch", "transformer_lens", "workbench"}
    assert found["torch"][0].isdigit() and found["workbench"][0].isdigit()


def test_digest_leaves_out_when_where_and_with_which_versions():
    moved = record(created="1999-01-01", seconds=9.0, versions={"python": "2.7"},
                   config={"layers": [1, 2], "model": "persona", "out": "elsewhere", "data": "x", "resume": False})
    assert moved.digest == record().digest


def frame(**columns):
    return {"prompts": record().tables["prompts"].assign(**columns)}


@pytest.mark.parametrize("changes", [
    {"config": {"model": "persona", "layers": (1, 3)}}, {"seeds": (1,)}, {"model": {"name": "other"}},
    {"concepts": {"art": "d2"}}, {"results": {}}, {"warnings": []}, {"study": "other"}, {"tables": {}},
    {"tables": frame(n=[1, 2, 4])}, {"tables": frame(slope=[0.3, np.nan, -np.inf])},
    {"tables": frame(prompt=["a", "b", "7"])}, {"tables": frame(n=[1.0, 2.0, 3.0])},
])
def test_digest_changes_with_everything_else(changes):
    assert record(**changes).digest != record().digest


def test_a_saved_record_comes_back_exactly(tmp_path: Path):
    first = record()
    path = save(first, tmp_path / "run")
    again = load(tmp_path / "run")
    assert path == tmp_path / "run" / "record.json" and load(path).digest == first.digest
    assert again.digest == first.digest and again.results["rho"] == first.results["rho"]
    assert again.results["curve"] == [0.0, 1.0, 2.0] and again.created == first.created
    assert again.tables["prompts"]["slope"].tolist()[0] == 0.1 + 0.2
    assert again.tables["prompts"]["prompt"].tolist() == ["a", "b", "007"]
    assert again.tables["prompts"]["letter"].tolist() == ["A", "", "NA"]
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["record.json", "tables"]


def test_record_json_can_be_read_by_any_json_reader(tmp_path: Path):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    text = save(record(results={"x": [np.nan, np.inf], "e": Effect(1.0, 0.0, np.inf)}), tmp_path).read_text()
    assert json.loads(text, parse_constant=refuse)["results"]["x"] == [{"$float": "nan"}, {"$float": "inf"}]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=data_frames([column("t", elements=TEXT, dtype=object), column("x", dtype=float), column("n", dtype=int)],
                        index=range_indexes(max_size=5)))
def test_any_table_comes_back_from_its_csv(tmp_path: Path, data: pd.DataFrame):
    save(record(tables={"any": data, "text": data[["t"]]}), tmp_path)
    again = load(tmp_path)
    assert table_digest(again.tables["any"]) == table_digest(data)
    assert again.tables["text"]["t"].tolist() == data["t"].tolist()


def test_numbers_among_text_stay_numbers(tmp_path: Path):
    layers = ["all", 1, np.int64(2), 0.5, None]
    for rows in (1, 5_000):
        save(record(tables={"t": pd.DataFrame({"layer": layers * rows, "n": [1, None, 3, 4, 5] * rows})}), tmp_path)
        again = load(tmp_path).tables["t"]
        assert again["layer"].tolist() == ["all", 1, 2, 0.5, ""] * rows
        assert [type(v) for v in again["layer"][:4]] == [str, int, int, float] and again["n"].isna().sum() == rows


def test_large_tables_are_also_written_as_parquet(tmp_path: Path):
    big = pd.DataFrame({"x": np.random.default_rng(0).normal(size=20_000), "name": ["é,\n"] * 20_000})
    first = record(tables={"big": big, "small": big[:5]})
    save(first, tmp_path)
    assert sorted(p.name for p in (tmp_path / "tables").iterdir()) == ["big.csv", "big.parquet", "small.csv"]
    assert load(tmp_path).digest == first.digest
    (tmp_path / "tables" / "big.parquet").unlink()
    assert load(tmp_path).digest == first.digest


@pytest.mark.parametrize(("changes", "said"), [
    ({"tables": {"t": pd.DataFrame({"x": [[1], [2]]})}}, "holds list"),
    ({"tables": {"t": pd.DataFrame({"x": [1, "07"]})}}, "'07' among numbers"),
    ({"tables": {"t": pd.DataFrame({"x": [True, "a"]})}}, "holds bool"),
    ({"tables": {"t": pd.DataFrame({"x": [1]}).set_index("x")}}, "reset_index"),
    ({"tables": {"../t": pd.DataFrame({"x": [1]})}}, "no file name"),
    ({"tables": {"t": pd.DataFrame({1: [1]})}}, "column names"),
    ({"results": {"model": object()}}, "results.model holds a object"),
])
def test_what_cannot_be_kept_is_refused_with_nothing_written(tmp_path: Path, changes, said):
    with pytest.raises(WorkbenchError, match=said) as error:
        save(record(**changes), tmp_path / "run")
    assert "\n" not in str(error.value) and not (tmp_path / "run").exists()


def test_an_interrupted_save_keeps_the_old_record(tmp_path: Path, monkeypatch):
    save(record(), tmp_path)

    def stop(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", stop)
    with pytest.raises(WorkbenchError, match="No space left"):
        save(record(seeds=(1,)), tmp_path)
    assert load(tmp_path).digest == record().digest
    assert sorted(p.name for p in tmp_path.iterdir()) == ["record.json", "tables"]


def test_damaged_and_absent_records_say_what_to_do(tmp_path: Path):
    with pytest.raises(WorkbenchError, match="no record at"):
        load(tmp_path)
    path = save(record(), tmp_path)
    csv = tmp_path / "tables" / "prompts.csv"
    csv.write_text(csv.read_text().replace("007", "7"))
    with pytest.raises(WorkbenchError, match="was changed"):
        load(tmp_path)
    csv.unlink()
    with pytest.raises(WorkbenchError, match="cannot be read"):
        load(tmp_path)
    path.write_text(path.read_text()[:50])
    with pytest.raises(WorkbenchError, match="no JSON"):
        load(tmp_path)
    path.write_text('{"format": 99}')
    with pytest.raises(WorkbenchError, match="format 1"):
        load(tmp_path)


def test_plain_and_back():
    value = {"a": (1, 2.5, None, True), "path": Path("x/y"), "n": np.int64(3), "e": Effect(1.0, 0.0, 2.0)}
    once = plain(value)
    assert json.dumps(once, allow_nan=False)
    assert unplain(once) == {"a": [1, 2.5, None, True], "path": "x/y", "n": 3, "e": Effect(1.0, 0.0, 2.0)}
    assert plain(unplain(once)) == once


def test_a_record_shows_itself_with_foreign_text_escaped():
    shown = record(warnings=["<script>"], model={"name": "<b>"})._repr_html_()
    assert "<script>" not in shown and "&lt;script&gt;" in shown and "3 rows" in shown
