"""``workbench import`` and ``workbench train-organism``."""

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from workbench.concepts import load_concept
from workbench.types import WorkbenchError


def rows(n: int = 24) -> str:
    """A table of Yes/No pairs in six groups."""
    lines = ["id,group,statement,aligned,unaligned"]
    for i in range(n):
        answers = ("Yes", "No") if i % 2 else ("No", "Yes")
        lines.append(f"s{i},g{i // 4},I keep shelf number {i} in order.,{','.join(answers)}")
    return "\n".join(lines) + "\n"


def test_import_writes_a_concept_that_loads(tmp_path: Path, call):
    (tmp_path / "tidy.csv").write_text(rows())
    result = call("import", tmp_path / "tidy.csv", "--out", tmp_path / "out", "--name", "tidiness")
    assert result.exit_code == 0, result.output
    concept = load_concept(tmp_path / "out" / "tidiness")
    assert concept.name == "tidiness" and len(concept.pairs) == 24 and len(concept.groups) == 6
    assert "24 pairs in 6 groups" in result.stdout


def test_a_folder_is_imported_whole_and_bad_files_are_named(tmp_path: Path, call):
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        (tmp_path / "in" / f"{name}.csv").write_text(rows())
    (tmp_path / "in" / "broken.jsonl").write_text(json.dumps({"x": 1}) + "\n{")
    result = call("import", tmp_path / "in", "--out", tmp_path / "out")
    assert result.exit_code == 2 and "broken.jsonl" in result.stderr and "1 of 3 files" in result.stderr
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a", "b"]


def test_a_folder_of_folders_is_imported_and_an_error_is_all_that_is_printed(tmp_path: Path, call):
    for name in ("a", "b"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / f"{name}.csv").write_text(rows())
    result = call("import", tmp_path / "in", "--out", tmp_path / "out")
    assert result.exit_code == 0 and sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a", "b"]
    (tmp_path / "one.csv").write_text("question\nx\n")
    failed = call("import", tmp_path / "one.csv", "--out", tmp_path / "none")
    assert failed.exit_code == 2 and len(failed.stderr.strip().splitlines()) == 1, failed.stderr


@pytest.mark.parametrize(("words", "said"), [
    (("none.csv",), "no such file"), ((".",), "no data file"), (("x.csv", "--format", "zip"), "'zip' is unknown"),
    (("x.csv", "--name", "a/b"), "a/b"),
])
def test_bad_imports_are_one_line_with_nothing_written(tmp_path: Path, call, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    if words[0] != ".":
        (tmp_path / "x.csv").write_text(rows())
    result = call("import", *words, "--out", "out")
    errors = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert result.exit_code == 2 and len(errors) == 1 and said in errors[0], result.output
    assert not (tmp_path / "out").exists()


def test_one_name_does_not_fit_a_folder(tmp_path: Path, call):
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(rows())
    result = call("import", tmp_path, "--out", tmp_path / "out", "--name", "x")
    assert result.exit_code == 2 and "names one concept" in result.stderr and not (tmp_path / "out").exists()


def test_train_organism_passes_everything_on(tmp_path: Path, call, monkeypatch):
    seen = []

    def train(name, data, seed, out, smoke=False, progress=None, **changed):
        if data is None and not smoke:
            raise WorkbenchError("give the folder with --data")
        for done in (10, 20, 30):
            progress(f"stage, loss {done}", done, 30)
        seen.append((name, data, seed, out, smoke, *changed.values()))
        return out

    recipes = ModuleType("workbench.organisms.recipes")
    recipes.train = train
    monkeypatch.setitem(sys.modules, "workbench.organisms.recipes", recipes)
    words = ("--data", tmp_path, "--seed", 2, "--out", tmp_path / "m", "--dropout", 0.1)
    result = call("train-organism", "persona", *words)
    assert result.exit_code == 0 and f"model: {tmp_path / 'm'}" in result.stdout
    assert call("train-organism", "--smoke", "--tokens", 9000).exit_code == 0
    assert seen == [("persona", tmp_path, 2, tmp_path / "m", False, 0.1, None),
                    ("persona", None, 0, Path("runs/organisms/persona-smoke-seed0-tokens9000"), True, None, 9000)]
    refused = call("train-organism")
    assert refused.exit_code == 2 and "--data" in refused.stderr
