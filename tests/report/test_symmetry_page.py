"""The symmetry page: verdicts, corrections and pictures, each empty one with its reason; text from data stays text."""

import re
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import synthetic_symmetry

from workbench.report import symmetry_page, write_report
from workbench.report.panels import guarded
from workbench.report.symmetry_page import panels


def test_the_page_has_verdicts_corrections_and_every_picture():
    record = synthetic_symmetry.record()
    page = symmetry_page(record)
    for words in ("Is control symmetric? toy", "Raw and corrected for the lean", "One sentence.", "4 placebo concepts",
                  "What this page cannot show", "What is missing, and why"):  # fmt: skip
        assert words in page, words
    drawn = [guarded(panel, record.tables) for panel in panels(record.tables)]
    assert len(drawn) == 8 and all(figure is not None for _, figure in drawn), [p.reason for p, _ in drawn]
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


def test_text_from_data_is_shown_not_obeyed():
    evil = "<script>alert(1)</script>"
    page = symmetry_page(synthetic_symmetry.record(hostile=evil))
    assert evil not in page


def test_the_report_of_a_symmetry_record_is_its_own_page(tmp_path):
    path = write_report(synthetic_symmetry.record(), tmp_path, formats=())
    assert "Is control symmetric?" in path.read_text(encoding="utf-8")
    assert (tmp_path / "figures").is_dir()
