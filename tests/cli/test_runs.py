"""``workbench export``, ``paper`` and ``compare`` on saved records; the browser is not started here."""

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

import workbench.figures
from workbench.records import Record, save

SYNTHETIC = Path(__file__).resolve().parent.parent / "report" / "synthetic.py"


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """A folder with three small made-up records, ``a``, ``b`` and ``c``."""
    spec = importlib.util.spec_from_file_location("synthetic", SYNTHETIC)
    synthetic = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(synthetic)
    folder = tmp_path_factory.mktemp("runs")
    for name, shift in (("a", 0.0), ("b", 0.3), ("c", 0.1)):
        made = vars(synthetic.record(n=4, n_eval=4, shift=shift))
        save(Record(**{k: v for k, v in made.items() if k != "digest"}), folder / name)
    return folder


@pytest.fixture
def exported(monkeypatch) -> list:
    """What ``figures.export`` was asked for."""
    asked = []

    def export(figures, folder, *, data, formats, progress):
        progress(0, len(figures), next(iter(figures)))
        asked.append((list(figures), Path(folder), data, formats))
        Path(folder).mkdir(parents=True, exist_ok=True)
        paths = tuple(Path(folder) / f"{name}.{kind}" for name in figures for kind in formats)
        return workbench.figures.Export(paths, "no browser")

    monkeypatch.setattr(workbench.figures, "export", export)
    return asked


def test_export_draws_every_figure_with_its_rows(runs: Path, exported, call):
    result = call("export", runs / "a", "--figure", "all", "--format", "pdf")
    assert result.exit_code == 0, result.output
    names, folder, data, formats = exported[0]
    assert folder == runs / "a" / "figures" and formats == ("pdf",) and len(names) > 5
    assert "recommendation" in names and set(data) == set(names)
    assert all(isinstance(rows, pd.DataFrame) and len(rows) for rows in data.values())
    assert len(result.stdout.splitlines()) == 3 * len(names) and "no browser" in result.stderr
    assert all((folder / f"{name}.caption.txt").is_file() and (folder / f"{name}.tex").is_file() for name in names)


def test_export_of_one_figure_in_two_formats(runs: Path, tmp_path: Path, exported, call):
    result = call("export", runs / "a", "--figure", "recommendation", "--format", "svg, png", "--out", tmp_path)
    names = ("recommendation.svg", "recommendation.png", "recommendation.caption.txt", "recommendation.tex")
    assert result.stdout.split() == [str(tmp_path / name) for name in names]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a", "--figure", "recomendation"), "did you mean 'recommendation'?"),
        (("none",), "no record at"),
        (("a", "--figure", ","), "names nothing"),
        (("a", "--format", "docx"), "'docx' is unknown"),
    ],
)
def test_bad_exports_are_one_line(runs: Path, tmp_path: Path, call, words, said):
    result = call("export", runs / words[0], "--out", tmp_path / "out", *words[1:])
    errors = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert result.exit_code == 2 and len(errors) == 1 and said in errors[0], result.output
    assert not (tmp_path / "out").exists()


def test_compare_writes_one_page_beside_the_first_run(runs: Path, call):
    result = call("compare", runs / "a", runs / "b")
    assert result.exit_code == 0, result.output
    page = runs / "compare-a-b.html"
    assert result.stdout == f"page: {page}\n" and page.read_text(encoding="utf-8").startswith("<!")


def test_compare_with_no_run_is_one_line(runs: Path, tmp_path: Path, call):
    result = call("compare", runs / "a", tmp_path)
    assert result.exit_code == 2 and "no record at" in result.stderr and len(result.stderr.splitlines()) == 1


def test_compare_of_three_says_what_holds_in_each(runs: Path, tmp_path: Path, call):
    result = call("compare", runs / "a", runs / "b", runs / "c", "--out", tmp_path / "all.html")
    assert result.exit_code == 0, result.output
    text = (tmp_path / "all.html").read_text(encoding="utf-8")
    assert "One study, 3 runs" in text and "mean over runs" in text


@pytest.mark.parametrize("words", [("a",), ("a", "a")])
def test_compare_wants_different_runs(runs: Path, call, words):
    result = call("compare", *(runs / w for w in words))
    assert result.exit_code == 2 and "two or more runs" in result.stderr and len(result.stderr.splitlines()) == 1


def test_export_writes_captions_and_snippets_of_a_width(runs: Path, tmp_path: Path, exported, call):
    result = call("export", runs / "a", "--figure", "recommendation", "--width", "single", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert r"width=\columnwidth" in (tmp_path / "recommendation.tex").read_text(encoding="utf-8")
    assert "n = 4 concepts" in (tmp_path / "recommendation.caption.txt").read_text(encoding="utf-8")
    result = call("export", runs / "a", "--width", "triple", "--out", tmp_path / "out")
    assert result.exit_code == 2 and "width 'triple' is unknown" in result.stderr and not (tmp_path / "out").exists()


def test_paper_without_a_browser_writes_the_rest_and_says_so(runs: Path, tmp_path: Path, call, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nowhere"))
    result = call("paper", runs / "a", "--out", tmp_path / "paper")
    assert result.exit_code == 0, result.output
    assert f"LaTeX: {tmp_path / 'paper' / 'main.tex'}" in result.stdout
    assert "no Chromium or Chrome was found" in result.stderr
    assert (tmp_path / "paper" / "results.txt").is_file() and (tmp_path / "paper" / "figures").is_dir()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none",), "no record at"), (("a", "--width", "wide"), "width 'wide' is unknown"),
        (("a", "--format", "docx"), "'docx' is unknown"),
    ],
)  # fmt: skip
def test_a_bad_paper_is_one_line(runs: Path, tmp_path: Path, call, words, said):
    result = call("paper", runs / words[0], "--out", tmp_path / "out", *words[1:])
    errors = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert result.exit_code == 2 and len(errors) == 1 and said in errors[0], result.output
    assert not (tmp_path / "out").exists()
