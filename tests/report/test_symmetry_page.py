"""The symmetry page: verdicts, corrections and pictures, each empty one with its reason; text from data stays text."""

import re
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import synthetic_symmetry

from workbench.plots.item_gains import with_corners
from workbench.report import symmetry_page, write_report
from workbench.report.items_section import resisting
from workbench.report.panels import guarded
from workbench.report.symmetry_page import panels, shown_tables


def test_the_page_has_verdicts_corrections_and_every_picture():
    record = synthetic_symmetry.record()
    page = symmetry_page(record)
    for words in ("Is control symmetric? toy", "Raw and corrected for the lean", "One sentence.", "4 placebo concepts",
                  "What this page cannot show", "What is missing, and why"):  # fmt: skip
        assert words in page, words
    drawn = [guarded(panel, record.tables) for panel in panels(record.tables)]
    assert len(drawn) == 9 and all(figure is not None for _, figure in drawn), [p.reason for p, _ in drawn]
    matrix = drawn[-1][1].data[0]
    assert (matrix.zmin, matrix.zmax) == (-matrix.zmax, record.tables["off_axis"]["shift"].abs().max())
    assert [len(row) for row in matrix.z] == [3, 3, 3] and list(matrix.text[0]) == ["", "×", "×"]
    assert "https://" not in re.sub(r"<script>.*?</script>", "", page, flags=re.S)


def test_a_picture_without_its_table_says_so():
    record = synthetic_symmetry.record()
    tables = {name: table for name, table in record.tables.items() if name not in ("lean", "corrections", "off_axis")}
    page = symmetry_page(replace(record, tables=tables))
    assert "the record has no rows in the table off_axis" in page
    assert "the record has no rows in the table lean" in page and "nothing to correct" in page


def test_every_item_stands_in_its_quadrant_with_its_question():
    tables = shown_tables(synthetic_symmetry.record())
    panel, figure = next(guarded(panel, tables) for panel in panels(tables) if panel.name == "item-gains")
    assert figure is not None, panel.reason
    points = {trace.name: trace for trace in figure.data if trace.name}
    assert {name: len(trace.x) for name, trace in points.items()} == {
        "not judged: no control": 0, "follows": 3, "resists a pole": 9, "backfires toward aligned": 6,
        "backfires toward unaligned": 6, "backfires toward both": 3,
    }  # fmt: skip
    assert {*points["backfires toward aligned"].x} == {-0.5} and min(points["backfires toward aligned"].y) > 0
    assert {*points["backfires toward both"].y} == {-0.5}
    assert points["follows"].customdata[0][0] == "Question 0 of power" and points["follows"].marker.symbol == "circle"
    assert len({trace.marker.symbol for trace in points.values()}) == len(points)
    ends = sorted(value for trace in figure.data if not trace.name for value in trace.x)
    # both ends lie beyond every mark, so that the words in the corners stand in their quadrants
    assert ends[0] < -0.5 and ends[-1] > 1.0 and [s.value for s in panel.selectors] == ["add", "all"]


def test_the_corners_stand_where_every_item_follows():
    items = synthetic_symmetry.record().tables["items"].assign(gain_aligned=3.0, gain_unaligned=2.0, pattern="follows")
    table = with_corners(items)
    assert (table["least"] < -0.9).all() and (table["most"] > 3).all() and set(table["shown"]) == {"follows"}


def test_the_worst_items_are_shown_beside_both_gains():
    record = synthetic_symmetry.record()
    items = record.tables["items"]
    low = (items["method"] == "add") & (items["pair"] == "art-2")
    tables = dict(record.tables) | {"items": items.assign(gain_aligned=items["gain_aligned"].mask(low, -2.25))}
    text = str(resisting(tables))
    first = text.split("<details open>")[1].split("</details>")[0]
    cells = re.findall(r"<tr><td[^>]*>aligned</td><td[^>]*>backfires</td>(.*?)</tr>", first)
    assert len(cells) == 4 and "Question 2 of art" in cells[0] and "−2.250" in cells[0] and "+1.000" in cells[0]
    assert text.count("<details") == 3 and text.count(" open") == 1 and "27 (3 not judged)" in text and ">94%<" in text
    gone = {"items": items.drop(columns="pattern")}
    assert "does not say which items resist" in str(resisting(gone)) and "<table" not in str(resisting(gone))
    assert "picture needs" in guarded(*[(p, gone) for p in panels(gone) if p.name == "item-gains"][0])[0].reason


def test_the_cost_of_the_frontier_can_be_chosen_among_those_measured():
    record = synthetic_symmetry.record()
    curves = record.tables["curves"].assign(choice_drop=float("nan"))
    tables = dict(record.tables) | {"curves": curves}
    panel = next(panel for panel in panels(tables) if panel.name == "cost-frontier")
    cost = panel.selectors[0]
    assert cost.axis and [value for value, _ in cost.options] == ["nll_rise", "incoherent"]
    chosen = replace(panel, selectors=(replace(cost, value="incoherent"), *panel.selectors[1:]))
    _, figure = guarded(chosen, tables)
    rows = curves[(curves["method"] == "add") & (curves["concept"] == "all value concepts")]
    assert list(figure.data[0].x) == list(rows[rows["pole"] == "aligned"]["incoherent"])
    assert "off the options" in figure.layout.xaxis.title.text


def test_text_from_data_is_shown_not_obeyed():
    evil = "<script>alert(1)</script>"
    page = symmetry_page(synthetic_symmetry.record(hostile=evil))
    assert evil not in page and "Question 2 of power&lt;script&gt;" in page


def test_the_report_of_a_symmetry_record_is_its_own_page(tmp_path):
    path = write_report(synthetic_symmetry.record(), tmp_path, formats=())
    assert "Is control symmetric?" in path.read_text(encoding="utf-8")
    assert (tmp_path / "figures").is_dir()
