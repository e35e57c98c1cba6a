# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The overview as a page: the reliability of steering, and a chapter on whether control is symmetric."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from workbench.report import symmetry_page
from workbench.report.markup import Html, table, tag
from workbench.report.page import Page
from workbench.report.panels import Panel
from workbench.report.reliability_page import LIMIT, reliability_page
from workbench.report.selectors import Tables

PREFIX = "symmetry_"
ALL = "all methods: symmetric?"  # among the record's verdicts
SHOWN = ("symmetry-methods", "symmetry-concepts", "dose-response", "index-by-dose", "cost-frontier", "lean-regression")
LISTED = ("results", "judgements", "corrections", "costs", "failures")


def overview_page(record: Any, limit: int = LIMIT) -> str:
    """The page as HTML, kept below ``limit`` bytes as :func:`reliability_page` does."""
    return reliability_page(record, limit, lambda page: with_chapter(record, page))


def with_chapter(record: Any, page: Page) -> Page:
    """The reliability page with the chapter's section, pictures, tables and method."""
    name = record.model.get("name", "a model") if isinstance(record.model, Mapping) else record.model
    titles = dict(symmetry_page.LISTED)
    return replace(
        page,
        title=f"Reliability of steering, symmetry of control: {name}",
        sections=[*page.sections, chapter(part_of(record.tables), (record.results.get("verdicts") or {}).get(ALL, ""))],
        panels=[*page.panels, *chapter_panels(record.tables)],
        tables={**page.tables, **chapter_tables(record.tables)},
        listed=[*page.listed, *((PREFIX + key, f"Symmetry: {titles[key]}") for key in LISTED)],
        after=[page.after[0], method(), *page.after[1:]],
    )


def part_of(tables: Tables) -> dict[str, pd.DataFrame]:
    """The chapter's tables under their own names."""
    return {name.removeprefix(PREFIX): rows for name, rows in chapter_tables(tables).items()}


def chapter_tables(tables: Tables) -> dict[str, pd.DataFrame]:
    """The chapter's tables under the names that they have in the record."""
    return {name: rows for name, rows in tables.items() if name.startswith(PREFIX)}


def chapter_panels(tables: Tables) -> list[Panel]:
    """The chapter's pictures, drawn from the record's tables."""
    found = {panel.name: panel for panel in symmetry_page.panels(part_of(tables))}
    return [replace(found[name], table=PREFIX + found[name].table) for name in SHOWN]


def chapter(tables: Tables, together: str = "") -> Html:
    """The verdict of every method over the value concepts with its gains, that over all (``together``), the lean."""
    rows = tables.get("results", pd.DataFrame({"concept": []}))
    body = [
        [row["method"], row["verdict"], (row["index"], symmetry_page.interval(row, "index")),
         (row["gain_aligned"], symmetry_page.interval(row, "gain_aligned")),
         (row["gain_unaligned"], symmetry_page.interval(row, "gain_unaligned")), row["budget"], row["reason"]]
        for row in rows[rows["concept"] == symmetry_page.POOL].to_dict("records")
    ]  # fmt: skip
    head = ["method", "verdict", "index A", "gain, aligned", "gain, unaligned", "budget", "reason"]
    words = (
        "Can the same technique, at the same budget, push away from alignment as well as toward it? Over the value "
        "concepts; gains in log-odds. Index A: 0 is symmetric, above 0 easier to align."
    )
    whole = [tag("p", tag("b", "Over all methods: "), f"{together}.")] if together else []
    told = table(head, body, stacked=True) if body else tag("p", "Fewer than two value concepts.", class_="empty")
    return tag(
        "section", tag("h2", "Is control symmetric?"), tag("p", words, class_="meta"), told, *whole,
        symmetry_page.corrected(tables), id="symmetry",
    )  # fmt: skip


def method() -> Html:
    """The chapter's method in words."""
    parts = (tag("p", tag("b", f"{name}. "), text) for name, text in symmetry_page.METHOD
             if name not in ("Off the axis", "Other frames"))  # fmt: skip
    return tag("section", tag("h2", "Method in words: symmetry"), *parts, class_="prose")
