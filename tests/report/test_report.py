"""The pages: complete, small, offline, safe, and never stopped by a missing table."""

import os
import re
import shutil
import subprocess
from dataclasses import replace
from html import unescape
from types import SimpleNamespace

import pandas as pd
import pytest
import synthetic

from workbench.plots.binding import filled, select
from workbench.report import compare_page, reliability_page, write_comparison, write_report
from workbench.report.panels import choice, guarded, rows_of
from workbench.report.pictures import panels
from workbench.report.reliability_page import thinned
from workbench.report.summary import key_numbers
from workbench.report.tidy import derived
from workbench.types import WorkbenchError

BROWSER = os.environ.get("BROWSER_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --virtual-time-budget=20000 --window-size=1400,3000"
)


@pytest.fixture(scope="module")
def record() -> SimpleNamespace:
    return synthetic.record(n=6, n_eval=8)


@pytest.fixture(scope="module")
def page(record) -> str:
    return reliability_page(record)


def text_of(page: str) -> str:
    """What a reader sees without scripts."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def opened(page: str, folder) -> str:
    """The page's document after its scripts have run."""
    path = folder / "page.html"
    path.write_text(page)
    command = [BROWSER, *FLAGS.split(), f"--user-data-dir={folder / 'profile'}", "--dump-dom", path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout


def test_all_panels_are_there_with_number_sentence_and_n(page, record):
    sections = page.split('class="panel"')[1:]
    assert len(sections) == 13 and text_of(page).count("What to see:") == 13
    for part in sections:
        assert "This picture is empty" not in part and 'class="count">n = ' in part
    assert [int(n) for n in re.findall(r'class="number">(\d+)<', page)] == list(range(1, 14))


def test_summary_numbers_advice_warnings_and_provenance_are_readable_without_scripts(page, record):
    text = text_of(page)
    for sentence in (*record.results["summary"], *record.warnings, *record.results["verdicts"].values()):
        assert sentence in text
    row = record.tables["recommendation"].iloc[-1]
    assert f"layer {row['layer']}, multiplier 1.1 [0.9, 1.3], prompt type {row['prompt_type']}" in text
    assert "no setting can be recommended: the curve rises on both sides of 0 at no layer" in text
    assert "4 of 6 concepts beat random directions" in text
    for fact in (record.digest, record.model["digest"], "2.13.0", "splits.train", "Method in words"):
        assert fact in text


def test_the_library_is_there_once_and_nothing_comes_from_the_network(page):
    assert page.count("* plotly.js v") == 1
    assert not re.search(r'<(script|link|img|iframe)[^>]+(src|href)="(https?:)?//', page)
    assert "@import" not in page and "cdn.plot.ly" not in re.sub(r"<script>/\*\*.*?</script>", "", page, flags=re.S)


@pytest.mark.slow
def test_a_page_of_full_size_stays_below_eight_megabytes():
    assert 5_000_000 < len(reliability_page(synthetic.record(n_eval=60)).encode()) < 8_000_000


def test_a_page_too_large_keeps_the_recommended_rows_and_says_so(record):
    tables = derived(record.tables)[0]
    small, notes = thinned(tables, ["concept", "layer"])
    assert 0 < len(small["prompts"]) < len(tables["prompts"]) and set(notes) == {"prompts", "projections"}
    assert "To keep the page small" in reliability_page(record, limit=1)


def test_the_script_gets_what_python_drew(record):
    """Every bound array can be made again from the table that travels with the page."""
    tables, reasons = derived(record.tables)
    for panel in panels(tables, reasons):
        panel, figure = guarded(panel, tables)
        assert figure is not None, panel.reason
        rows = rows_of(panel, tables)
        rows = rows[list(panel.columns)] if panel.columns else rows
        for trace in figure.to_plotly_json()["data"]:
            meta = trace["meta"]
            again = filled({"meta": meta}, select(rows, **meta["where"]), choice(panel, axis=True))
            for place in meta["bind"]:
                one, two = trace, again
                for step in place.split("."):
                    one, two = one[step], two[step]
                assert sorted(map(str, one)) == sorted(map(str, two)), (panel.name, place)
                if place in ("x", "y") and len(one):
                    assert any(v is not None for v in one), f"{panel.name}: nothing is shown on {place}"


@pytest.mark.parametrize("gone", [*synthetic.record(n=3, n_eval=2).tables])
def test_each_table_may_be_missing(gone):
    record = synthetic.record(n=3, n_eval=2)
    del record.tables[gone]
    tables, reasons = derived(record.tables)
    drawn = [guarded(p, tables) for p in panels(tables, reasons)]
    empty = [p for p, figure in drawn if figure is None]
    assert empty and all(f"no rows in the table {gone}" in p.reason or gone in p.reason for p in empty)
    assert len(empty) < len(drawn)


def test_a_record_with_nothing_in_it_is_still_a_page(record):
    bare = SimpleNamespace(
        **{**vars(record), "tables": {}, "results": {}, "warnings": [], "config": {}, "concepts": {}}
    )
    text = text_of(reliability_page(bare))
    assert text.count("This picture is empty: the record has no rows in the table") == 13
    assert "No warnings were recorded" in text and "No recommendation" in text and "carries no summary" in text


def test_a_table_with_a_wrong_column_empties_its_panel_only(record):
    broken = {**record.tables, "patching": record.tables["patching"].drop(columns="share")}
    tables, reasons = derived(broken)
    drawn = {p.name: (p, figure) for p, figure in (guarded(p, tables) for p in panels(tables, reasons))}
    assert drawn["patching"][1] is None and "share" in drawn["patching"][0].reason
    assert sum(figure is None for _, figure in drawn.values()) == 1


def test_a_choice_without_rows_gives_way(record):
    tables, reasons = derived(record.tables)
    panel = next(p for p in panels(tables, reasons) if p.name == "projections")
    off = replace(panel, selectors=tuple(replace(s, value="nowhere") for s in panel.selectors))
    chosen, figure = guarded(off, tables)
    assert figure is not None and len(rows_of(chosen, tables)) == 16


def test_correlations_never_stand_alone(record):
    label, value, note = key_numbers(record, derived(record.tables)[0])[-1]
    assert label.startswith("ρ of held-out c") and "[" in value
    assert "other concepts’ vectors" in note and "partial" in note


def test_markup_in_data_is_text():
    page = reliability_page(synthetic.record(n=18, n_eval=2, hostile=True))
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)
    assert "<script" not in body and 'onmouseover="' not in body and "<img" not in body
    assert "&lt;script&gt;window.pwned=1" in body and synthetic.HOSTILE in text_of(page)
    data = page.split('id="page-data">')[1].split("</script>")[0]
    assert "<" not in data and "window.pwned" in data


def test_comparison_shows_differences_and_what_was_set_otherwise(record, tmp_path):
    other = synthetic.record(n=6, n_eval=2, shift=0.5)
    other.config["draws"], other.digest = 500, "f" * 16
    path = write_comparison(record, other, tmp_path / "both.html")
    text = text_of(path.read_text())
    assert "0.50 [0.50, 0.50] change of odd effect" in text and "config.draws 1000 500" in text
    assert "n = 6 cells of 6 concepts that both records have" in text
    assert "Nothing: all" in text_of(compare_page(record, record)) and "same digest" in text_of(
        compare_page(record, record)
    )


def test_comparison_of_records_without_cells_says_why(record):
    bare = SimpleNamespace(**{**vars(record), "tables": {}})
    assert "This picture is empty: the second record has no cells" in text_of(compare_page(record, bare))


def test_report_folder_without_a_browser(record, tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nowhere"))
    steps = []
    path = write_report(record, tmp_path / "run", progress=lambda *step: steps.append(step))
    assert path == tmp_path / "run" / "report.html" and path.stat().st_size > 4_000_000
    assert len(list((tmp_path / "run" / "figures").glob("*.csv"))) == 13
    assert "no Chromium or Chrome" in (tmp_path / "run" / "figures" / "README.txt").read_text()
    assert steps[0][2] == "report.html" and steps[-1][0] == steps[-1][1]
    assert not list(tmp_path.rglob("*.part")) and not (tmp_path / "run" / "record.json").exists()


def test_a_folder_that_cannot_be_made_is_one_line(record, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkbenchError, match="cannot make the folder"):
        write_report(record, tmp_path / "file" / "run")


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no browser on this machine")
def test_a_browser_draws_every_panel_and_runs_nothing_from_the_data(tmp_path):
    made = synthetic.record(n=18, n_eval=4, hostile=True)
    probe = "<script>document.title = window.pwned ? 'pwned' : 'safe'</script></body>"
    page = opened(reliability_page(made).replace("</body></html>", probe + "</html>"), tmp_path)
    points = [int(n) for n in re.findall(r'data-points="(\d+)"', page)]
    assert len(points) == 13 and all(points) and "data-error" not in page
    assert "<title>safe</title>" in page and "<img src=" not in page
    first = select(made.tables["cells"], prompt_type="prefilled", layer=2)
    assert points[0] == len(first) and isinstance(first, pd.DataFrame)
