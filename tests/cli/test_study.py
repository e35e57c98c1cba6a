"""``workbench study``: settings from TOML and options, one line for bad input, a record and a report."""

import json
from pathlib import Path

import pytest

from workbench.records import load


def one_line(result, *parts: str) -> None:
    """Exit code 2, nothing on standard output, one line on standard error that has all the parts."""
    assert result.exit_code == 2, result.output
    lines = [line for line in result.stderr.splitlines() if "error:" in line]
    assert len(lines) == 1 and all(p in lines[0] for p in parts), result.stderr
    assert result.stdout == "" and "Traceback" not in result.stderr


def test_a_study_ends_with_ten_lines_and_the_paths(toy: Path, call):
    result = call("study", "toy", "--seed", 3, "--layers", "1,4-6", "--concepts", "art,power", "--concepts", "music")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[:10] == [f"line {i} [red]not markup[/red]" for i in range(10)]
    folder = Path("runs") / "toy-persona"
    assert lines[10:] == [f"record: {folder / 'record.json'}", f"report: {folder / 'report.html'}"]
    assert "1 warnings, the first: few groups" in result.stderr
    record = load(toy / folder)
    assert record.config["layers"] == [1, 4, 5, 6] and record.config["concepts"] == ["art", "power", "music"]
    assert record.seeds == [3] and record.config["out"] == str(folder)


def test_toml_is_read_and_options_win(toy: Path, call):
    (toy / "c.toml").write_text('model = "gpt2"\nseed = 5\nstrength = 2\nprompt_types = ["5-shot"]\nout = "here"\n')
    assert call("study", "toy", "--config", "c.toml", "--seed", 6).exit_code == 0
    config = load(toy / "here").config
    assert (config["model"], config["seed"], config["strength"]) == ("gpt2", 6, 2.0)
    assert config["prompt_types"] == ["5-shot"] and type(config["strength"]) is float


def test_any_setting_can_be_set_by_name(toy: Path, call):
    words = ("--set", "strength=2.5", "--set", "layers=[1, 2]", "--set", "quick=false", "--set", "model=gpt2")
    assert call("study", "toy", *words, "--model", "other").exit_code == 0
    config = load(toy / "runs" / "toy-other").config
    assert (config["strength"], config["layers"], config["quick"]) == (2.5, [1, 2], False)


@pytest.mark.parametrize(("text", "said"), [
    ("laeyrs = [1]", ("'laeyrs' is unknown", "did you mean 'layers'?", "prompt_types")),
    ("layers = 1", ("'layers' is 1", "expected a list")),
    ('layers = ["a"]', ("'layers' is 'a'", "expected int")),
    ("seed = true", ("'seed' is True", "expected int")),
    ("quick = 1", ("'quick' is 1", "expected bool")),
    ("model = 3", ("'model' is 3", "expected str")),
    ("out = 3", ("'out' is 3", "expected str")),
    ("seed = = 1", ("c.toml is no TOML",)),
])
def test_a_bad_config_is_one_line_and_nothing_is_written(toy: Path, call, text, said):
    (toy / "c.toml").write_text(text)
    one_line(call("study", "toy", "--config", "c.toml"), *said)
    assert not (toy / "runs").exists()


@pytest.mark.parametrize(("words", "said"), [
    (("toi",), ("study 'toi' is unknown", "did you mean 'toy'?", "reliability")),
    (("part",), ("'part' is unknown",)),
    (("no.such.module",), ("'no.such.module' cannot be imported",)),
    (("json",), ("'json' is unknown",)),
    (("os.path",), ("needs a dataclass Config",)),
    (("toy", "--toward", "trait"), ("key 'toward' is unknown",)),
    (("toy", "--set", "where"), ("no assignment", "KEY=VALUE")),
    (("toy", "--set", "seeed=1"), ("did you mean 'seed'?",)),
    (("toy", "--layers", "two"), ("layer 'two' is no number",)),
    (("toy", "--data", "x"), ("key 'data' is unknown",)),
    (("toy", "--config", "none.toml"), ("none.toml cannot be read",)),
    (("toy", "--out", "c.txt/sub"), ("c.txt is a file",)),
])
def test_bad_options_are_one_line(toy: Path, call, words, said):
    (toy / "c.txt").write_text("")
    one_line(call("study", *words), *said)
    assert not (toy / "runs").exists()


def test_a_workbench_error_in_the_study_is_one_line_with_exit_2(toy: Path, call):
    one_line(call("study", "toy", "--model", "nan"), "weights hold NaN; expected numbers")
    assert not (toy / "runs").exists()


def test_an_interrupt_is_said_and_exits_with_130(toy: Path, call):
    result = call("study", "toy", "--model", "stop")
    assert result.exit_code == 130 and "interrupted" in result.stderr and "Traceback" not in result.stderr


def test_a_bug_keeps_its_traceback(toy: Path, call):
    result = call("study", "toy", "--model", "bug")
    assert result.exit_code == 1 and isinstance(result.exception, ZeroDivisionError)


def test_no_resume_forgets_finished_cells_and_nothing_else(toy: Path, call):
    kept = toy / "runs" / "toy-persona" / "notes.txt"

    def resumed(*words) -> bool:
        assert call("study", "toy", *words).exit_code == 0
        return load(kept.parent).results["kept"]

    assert resumed() is False
    kept.write_text("mine")
    assert resumed() is True and resumed("--no-resume") is False and kept.read_text() == "mine"


def test_a_study_of_ones_own_is_a_dotted_module(toy: Path, call, monkeypatch):
    (toy / "mine").mkdir()
    (toy / "mine" / "length.py").write_text((toy / "studies" / "toy.py").read_text())
    monkeypatch.syspath_prepend(toy)
    assert call("study", "mine.length").exit_code == 0
    assert json.loads((toy / "runs" / "length-persona" / "record.json").read_text())["study"] == "toy"


def test_a_fault_of_the_report_loses_no_record(toy: Path, call, monkeypatch):
    import sys

    def broken(record, folder, progress):
        raise RuntimeError("no picture")

    monkeypatch.setattr(sys.modules["workbench.report"], "write_report", broken)
    assert isinstance(call("study", "toy").exception, RuntimeError)
    assert load(toy / "runs" / "toy-persona").study == "toy"
