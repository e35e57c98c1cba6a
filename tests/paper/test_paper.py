"""The folder for a paper: complete, valid LaTeX, true to the record, and never stopped by a missing browser."""

import re
from pathlib import Path

import pandas as pd
import pytest

from workbench.figures import WIDTHS
from workbench.paper import pictures, write_paper
from workbench.paper.findings import results
from workbench.paper.plain_words import plain_words
from workbench.records import Record
from workbench.types import WorkbenchError


def faults(text: str) -> list[str]:
    """What LaTeX would stumble over: braces, environments, characters that mean something."""
    text = re.sub(r"(?<!\\)%.*", "", text)
    found, depth, opened = [], 0, []
    for mark in re.findall(r"(?<!\\)[{}]", text.replace(r"\\", "")):
        depth += 1 if mark == "{" else -1
        found += ["a brace closes nothing"] if depth < 0 else []
    found += [f"{depth} braces stay open"] if depth else []
    for kind, name in re.findall(r"\\(begin|end)\{([^}]*)\}", text):
        if kind == "begin":
            opened.append(name)
        elif not opened or opened.pop() != name:
            found.append(f"environment {name} ends where it did not begin")
    plain = re.sub(r"\\(ensuremath|label|input|includegraphics)(\[[^\]]*\])?\{[^}]*\}", "", text)
    found += [f"a bare {c!r}" for c in re.findall(r"(?<!\\)[$#_^~]", plain.replace("~", ""))]
    outside = re.sub(r"\\begin\{(tabular|longtable)\}.*?\\end\{\1\}", "", plain, flags=re.S)
    return found + [f"a bare {c!r}" for c in re.findall(r"(?<!\\)&", outside)] + opened


@pytest.fixture
def without_browser(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nowhere"))


@pytest.fixture
def folder(reliability, tmp_path: Path, without_browser) -> Path:
    """The folder written without a browser."""
    done = write_paper(reliability, tmp_path / "paper")
    assert len(done.messages) == 1 and "no Chromium or Chrome was found" in done.messages[0]
    assert done.paths[-1] == tmp_path / "paper" / "main.tex" and all(path.is_file() for path in done.paths)
    return tmp_path / "paper"


def test_the_check_itself_finds_faults():
    assert faults(r"\textbf{a") and faults("a}") and faults(r"\begin{table}\end{figure}") and faults("a_b & c")
    assert faults(r"\begin{tabular}{l} a & b \\ \end{tabular} 5 \% of a\_b \ensuremath{x_1} % {") == []


def test_everything_is_there_and_is_valid_latex(folder: Path):
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"main.tex", "results.txt", "results.tex", "plain-words.txt", "plain-words.tex"} <= files
    assert {f"tables/{n}.{k}" for n in ("recommendation", "ways", "correlations") for k in ("tex", "csv")} <= files
    for name in ("recommendation", "propensity-curve", "coherence-scatter"):
        assert {f"figures/{name}.{kind}" for kind in ("csv", "caption.txt", "tex")} <= files
    assert not any(name.endswith(".part") for name in files)
    for path in folder.rglob("*.tex"):
        assert faults(path.read_text(encoding="utf-8")) == [], path.name
    main = (folder / "main.tex").read_text(encoding="utf-8")
    for name in re.findall(r"(?m)^\\input\{\\paperfolder/(.*)\}", main):
        assert name in files
    assert "% not drawn: \\input{\\paperfolder/figures/recommendation.tex}" in main


def test_pictures_that_were_drawn_are_included(reliability, tmp_path: Path, monkeypatch):
    def export(figures, folder, *, data, formats, progress):
        from workbench.figures import Export

        wide = figures.pop("propensity-overview")
        assert {f.layout.width for f in figures.values()} == {WIDTHS["single"]} and formats == ("pdf",)
        assert wide.layout.width == WIDTHS["double"]
        assert not any(f.layout.title.text for f in figures.values())
        return Export(tuple(folder / f"{name}.pdf" for name in figures))

    monkeypatch.setattr("workbench.paper.write.export", export)
    done = write_paper(reliability, tmp_path, width="single", formats=("pdf",))
    main = (tmp_path / "main.tex").read_text(encoding="utf-8")
    assert done.messages == () and "\n\\input{\\paperfolder/figures/recommendation.tex}" in main
    assert r"width=\columnwidth" in (tmp_path / "figures" / "recommendation.tex").read_text(encoding="utf-8")


def test_captions_say_n_intervals_method_and_digest_from_the_record(reliability):
    found = {p.name: p.caption for p in pictures(reliability, "double")[0]}
    for text in found.values():
        assert f"record {reliability.digest}" in text and re.search(r"n = \d+", text) and "hover" not in text
        assert "interval" in text.lower()
    assert "the mean over n = 6 concepts" in found["layer-heatmap"] and "n = 6 concepts" in found["patching"]
    curve = found["propensity-overview"]
    assert "n = 40 prompts for each of 6 concepts" in curve and "40 held-out questions of each concept" in curve
    assert "in 2 groups (templates)" in curve and "95 %" in curve and "log-odds" in curve
    cells = reliability.tables["cells"].copy()
    cells.loc[cells["concept"] == "force", "n_eval"] = 23
    other = Record(**{k: v for k, v in vars(reliability).items() if k != "digest"} | {
        "tables": {**reliability.tables, "cells": cells}})  # fmt: skip
    text = {p.name: p.caption for p in pictures(other, "double")[0]}["propensity-overview"]
    assert "23 to 40 held-out questions" in text and "n = 23 to 40 prompts for each of 6 concepts" in text


def test_results_quote_the_record_and_its_failures(reliability):
    text = dict(results(reliability))
    row = reliability.tables["correlations"].query("predictor == 'c_heldout' & outcome == 'odd' & layer == 'all'")
    row = row[row["prompt_type"] == "all"].iloc[0]
    assert f"ρ = +{row['rho']:.2f} [+{row['low']:.2f}, +{row['high']:.2f}]" in text["Coherence and effect"]
    assert "no evidence of a cause" in text["Coherence and effect"]
    assert "4 of 6 concepts" in text["Settings"] and "optimistic" in text["Settings"]
    assert "“Agreeableness”, “Deceiving users” no setting can be recommended" in text["Settings"]
    beats = int(reliability.tables["cells"]["beats_random"].sum())
    assert f"in {beats} of 168 cells" in text["Does steering work?"] and "did not" in text["Does steering work?"]
    assert all(warning.rstrip(".") in text["Limits"] for warning in reliability.warnings)


def test_a_reversed_and_an_absent_correlation_are_said(reliability):
    table = reliability.tables["correlations"].copy()
    for low, high, said in ((-0.8, -0.5, "went with smaller odd effects"), (-0.2, 0.3, "not told from unrelated")):
        table[["rho", "low", "high"]] = [(low + high) / 2, low, high]
        record = Record(study="reliability", tables={**reliability.tables, "correlations": table})
        assert said in dict(results(record))["Coherence and effect"]
    nothing = reliability.tables["recommendation"].assign(reliable=False)
    record = Record(study="reliability", tables={**reliability.tables, "recommendation": nothing})
    assert "found for 0 of 6 concepts" in dict(results(record))["Settings"]
    assert "for the other 6 none did so reliably" in dict(plain_words(record))["What was found"]


@pytest.mark.parametrize("study", ["symmetry", "defence"])
def test_other_studies_give_figures_tables_and_their_own_sentences(study, request, tmp_path: Path, without_browser):
    record = request.getfixturevalue(study)
    write_paper(record, tmp_path)
    text = (tmp_path / "results.txt").read_text(encoding="utf-8")
    assert all(line in text for line in record.results["summary"]) and record.warnings[0] in text
    assert record.digest in text and len(list((tmp_path / "figures").glob("*.caption.txt"))) >= 1
    assert len(list((tmp_path / "tables").glob("*.csv"))) == 2
    for path in tmp_path.rglob("*.tex"):
        assert faults(path.read_text(encoding="utf-8")) == [], path.name


def test_text_from_data_cannot_break_or_command_latex(synthetic, tmp_path: Path, without_browser):
    record = synthetic.record(n=10, n_eval=4)
    for name in ("cells", "recommendation"):
        table = record.tables[name]
        table.loc[table["concept"] == "power", "title"] = r"}\input{/etc/passwd} 100% & _^$#~\\"
    record.warnings.append(r"\write18{ls} is {unbalanced")
    write_paper(record, tmp_path)
    for path in tmp_path.rglob("*.tex"):
        text = path.read_text(encoding="utf-8")
        assert faults(text) == [] and not re.search(r"\\write|\\input\{/etc", text), path.name


def test_a_record_without_tables_still_says_so(tmp_path: Path, without_browser):
    record = Record(study="reliability", results={"summary": "Nothing was measured."})
    done = write_paper(record, tmp_path)
    assert any("is left out: the record has no rows" in m for m in done.messages)
    assert "Nothing was measured." in (tmp_path / "results.txt").read_text(encoding="utf-8")
    assert faults((tmp_path / "main.tex").read_text(encoding="utf-8")) == []


def test_an_empty_table_is_left_out_of_main(reliability, tmp_path: Path, without_browser):
    tables = {**reliability.tables, "published": pd.DataFrame(columns=["quantity", "published", "here", "note"])}
    write_paper(Record(study="reliability", tables=tables), tmp_path)
    assert "published" not in {p.stem for p in (tmp_path / "tables").iterdir()}
    assert "tables/published" not in (tmp_path / "main.tex").read_text(encoding="utf-8")


def test_bad_widths_and_formats_write_nothing(reliability, tmp_path: Path):
    with pytest.raises(WorkbenchError, match="width 'triple' is unknown"):
        write_paper(reliability, tmp_path / "out", width="triple")
    with pytest.raises(WorkbenchError, match="format 'docx' is unknown"):
        write_paper(reliability, tmp_path / "out", formats=("docx",))
    assert not (tmp_path / "out").exists()


def test_an_overview_gives_both_studies(overview, tmp_path: Path, without_browser):
    write_paper(overview, tmp_path)
    names = {path.stem for path in (tmp_path / "tables").iterdir()}
    assert {"recommendation", "correlations", "symmetry_results", "symmetry_corrections"} <= names
    assert (tmp_path / "figures" / "symmetry-methods.csv").exists()
    assert faults((tmp_path / "results.tex").read_text()) == []
    told = dict(results(overview))
    counts = overview.tables["symmetry_results"]["verdict"].value_counts()
    assert all(f"{n} {verdict}" in told["Symmetry of control"] for verdict, n in counts.items())
    assert "add: undetermined: A = +0.10 at kl (wide)." in told["Symmetry of control"] and "Backfire" in told
    plain = dict(plain_words(overview))
    rows = overview.tables["symmetry_results"]
    tried = int((rows["concept"] == "all value concepts").sum())
    assert tried and f"{tried} techniques were tried both ways" in plain["Both ways alike?"]
    assert "What was found" in plain
