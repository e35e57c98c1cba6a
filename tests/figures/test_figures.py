"""Themes, sizes and files."""

import os
import shutil
from html import unescape

import pandas as pd
import pytest
from plotly.graph_objects import Figure

from workbench.figures import export, in_column, sized, themed
from workbench.plots.palette import DARK, LIGHT
from workbench.plots.published_dots import published_dots
from workbench.types import WorkbenchError

TABLE = pd.DataFrame(
    {"quantity": ["ρ < & >"], "published": [0.76], "here": [0.7], "low": [0.5], "high": [0.8], "note": ["x"]}
)
BROWSER = os.environ.get("BROWSER_PATH") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture
def figure():
    return published_dots(TABLE)


def test_dark_is_a_copy_in_other_colours(figure):
    dark = themed(figure, "dark")
    assert dark.data[0].marker.color == DARK["blue"] and figure.data[0].marker.color == LIGHT["blue"]
    assert dark.layout.paper_bgcolor == DARK["paper"] and list(dark.data[0].x) == list(figure.data[0].x)
    assert dark.layout.template.layout.font.color == DARK["ink"]


def test_sizes(figure):
    column = sized(figure, "column")
    assert column.layout.width == 340 and column.layout.title.subtitle.text == ""
    page = sized(figure)
    assert page.layout.title.subtitle.text and page.layout.legend.yref == "container" and figure.layout.width is None
    assert sized(figure, (500, 300)).layout.height == 300


def test_small_multiples_get_one_title_per_axis_in_print(figure):
    several = Figure(figure).update_layout(meta={"multiples": {"axes": ["dose", "gain"]}})
    printed = in_column(sized(several), "double")
    said = [note for note in printed.layout.annotations if note.text in ("dose", "gain")]
    assert [note.text for note in said] == ["dose", "gain"] and said[1].textangle == -90
    assert not in_column(sized(figure), "double").layout.annotations and not several.layout.annotations


def test_numbers_in_cells_shrink_with_the_column():
    table = Figure({"data": [{"type": "heatmap", "z": [[1.0]], "textfont": {"size": 13}}]})
    sizes = [in_column(sized(table), width).data[0].textfont.size for width in ("single", "double")]
    assert sizes == [7, 9] and table.data[0].textfont.size == 13


def test_unknown_names_are_refused(figure, tmp_path):
    with pytest.raises(WorkbenchError, match="size 'poster'"):
        sized(figure, "poster")
    with pytest.raises(WorkbenchError, match="theme 'sepia'"):
        themed(figure, "sepia")
    with pytest.raises(WorkbenchError, match="format 'gif'"):
        export({"a": figure}, tmp_path, formats=("gif",))


def test_without_a_browser_the_data_are_written_and_the_message_says_so(figure, tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nowhere"))
    done = export({"published": figure}, tmp_path / "out", data={"published": TABLE})
    assert [p.name for p in done.paths] == ["published.csv"]
    assert "no Chromium or Chrome was found" in done.message and "\n" not in done.message
    pd.testing.assert_frame_equal(pd.read_csv(done.paths[0]), TABLE)


def test_a_broken_browser_is_a_message_not_a_crash_nor_a_hang(figure, tmp_path, monkeypatch):
    fake = tmp_path / "browser"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(fake))
    done = export({"a": figure}, tmp_path / "out", data={"a": TABLE}, formats=("svg",))
    assert [p.name for p in done.paths] == ["a.csv"] and "did not start or stopped" in done.message


def test_no_pictures_need_no_browser(tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nowhere"))
    assert export({}, tmp_path, data={"../a b": TABLE}).message == ""
    assert [p.name for p in tmp_path.iterdir()] == ["a-b.csv"]


@pytest.mark.skipif(BROWSER is None, reason="no browser on this machine")
def test_files_are_what_they_say(figure, tmp_path):
    seen = []
    done = export(
        {"one": sized(figure), "bad": figure.update_layout(width=500)},
        tmp_path,
        data={"one": TABLE},
        formats=("pdf", "svg"),
        progress=lambda i, n, name: seen.append((i, n, name)),
    )
    assert done.message == "" and seen[0] == (0, 4, "one.pdf") and len(seen) == 4
    assert (tmp_path / "one.pdf").read_bytes().startswith(b"%PDF")
    drawing = (tmp_path / "one.svg").read_text()
    assert drawing.startswith("<svg") and "Published numbers beside ours" in drawing
    assert "ρ < &" not in drawing and "ρ < & >" in unescape(drawing)
    assert not list(tmp_path.glob(".*part"))
