# pyright: reportArgumentType=false, reportCallIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""A benchmark record as a page: the leaderboard of every organism, its parts, what is missing."""

from functools import partial
from typing import Any

import pandas as pd

from workbench.plots import symmetry_forest
from workbench.report.markup import Html, table, tag
from workbench.report.page import Page, rendered
from workbench.report.panels import Panel
from workbench.report.provenance import provenance
from workbench.report.selectors import Tables, by
from workbench.report.summary import strip, warning_box
from workbench.report.symmetry_page import POOL, interval, method, missing

LISTED = (
    ("results", "Results, one row per organism, method and concept"),
    ("parts", "Parts of the plan"),
    ("frames", "In other frames"),
    ("costs", "Orthogonality: cost of each pole at matched effect, and its verdict"),
    ("spill", "Off the axis, one row per method"),
    ("missing", "What is missing, and why"),
)
VERDICTS = ("symmetric", "asymmetric", "undetermined")


def benchmark_page(record: Any) -> str:
    """The page as HTML."""
    tables = dict(record.tables)
    return rendered(
        Page(
            title="Is control symmetric? The benchmark",
            subtitle=f"study {record.study} · {record.created} · record {record.digest}",
            sections=[opening(record, tables), leaderboard(tables), parts(record, tables)],
            panels=panels(tables),
            tables=tables,
            listed=LISTED,
            after=[method(), provenance(record)],
        )
    )


def opening(record: Any, tables: Tables) -> Html:
    """Sentences, counts of verdicts, warnings."""
    rows = tables.get("results", pd.DataFrame({"concept": [], "verdict": []}))
    single = rows[~rows["concept"].astype(str).str.startswith("all ")]["verdict"]
    keys = [(f"organism × method × concept {name}", str(int((single == name).sum())), f"of {len(single)}")
            for name in VERDICTS]  # fmt: skip
    lines = (tag("li", line) for line in record.results.get("summary") or [])
    return tag("section", tag("h2", "One-minute summary"), tag("ul", *lines, class_="summary"), strip(keys),
               warning_box(list(record.warnings)), id="summary")  # fmt: skip


def leaderboard(tables: Tables) -> Html:
    """Every method over the value concepts of every organism."""
    rows = tables.get("results", pd.DataFrame({"concept": []}))
    cells = (
        [row["organism"], row["method"], row["verdict"], (row["index"], interval(row, "index")),
         (row["gain_aligned"], interval(row, "gain_aligned")),
         (row["gain_unaligned"], interval(row, "gain_unaligned")), row["budget"], row["reason"]]
        for row in rows[rows["concept"] == POOL].to_dict("records")
    )  # fmt: skip
    names = ["organism", "method", "verdict", "index A", "gain, aligned", "gain, unaligned", "budget", "reason"]
    return tag("section", tag("h2", "Leaderboard: over the value concepts"), table(names, cells, stacked=True))


def parts(record: Any, tables: Tables) -> Html:
    """What the plan holds, and the digest of every part that was measured."""
    digests = record.results.get("records") or {}
    rows = (
        [row["organism"], row["part"], str(row["methods"]), row["concepts"],
         (row["planned_cpu_minutes"], f"{row['planned_cpu_minutes']:.0f}"),
         row["line"] or f"record {digests.get(row['organism'] + '-' + row['part'], '')}"]
        for row in tables.get("parts", pd.DataFrame()).to_dict("records")
    )  # fmt: skip
    names = ["organism", "part", "methods", "concepts", "planned, CPU minutes", "measured"]
    return tag("section", tag("h2", "Parts of the plan"), table(names, rows, stacked=True))


def panels(tables: Tables) -> list[Panel]:
    """The forests of methods and of concepts."""
    about = {"table": "results", "count": "n = {rows} rows; intervals 95 %, judged over budgets"}
    organism = by(tables, "results", "organism")
    made = [
        Panel("symmetry-methods", "Index of every method", draw=symmetry_forest, height=(640, 600), **about,
              selectors=(organism, by(tables, "results", "concept", preferred=POOL))),
        Panel("symmetry-concepts", "Index of every concept", draw=partial(symmetry_forest, rows="concept"),
              height=(720, 680), **about, selectors=(organism, by(tables, "results", "method"))),
    ]  # fmt: skip
    return [panel if panel.table in tables else missing(panel) for panel in made]
