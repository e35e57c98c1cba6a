# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""One self-contained HTML page: text, pictures that follow the reader's choice, sortable tables, no network.

The plotting library is written into the page once, and every table once; the script in ``assets`` fills each
picture's traces from the tables by the recipes that they carry (see :mod:`workbench.plots.binding`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd
from plotly.graph_objects import Figure

from workbench.report.markup import Html, joined, safe, script_json, tag
from workbench.report.panels import Panel, counted, guarded, rows_of
from workbench.report.payload import payload


@dataclass(frozen=True)
class Page:
    """What a page is made of. ``sections`` come before the pictures, ``after`` behind the tables."""

    title: str
    subtitle: str
    sections: Sequence[Html]
    panels: Sequence[Panel]
    tables: Mapping[str, pd.DataFrame]
    listed: Sequence[tuple[str, str]] = ()
    after: Sequence[Html] = ()
    notes: Mapping[str, str] | None = None


def rendered(page: Page) -> str:
    """The page as one string of HTML; panels that cannot be drawn say why."""
    drawn = [guarded(panel, page.tables) for panel in page.panels]
    pictures = [section(i + 1, panel, figure, page) for i, (panel, figure) in enumerate(drawn)]
    content = payload(page.tables, drawn, [name for name, _ in page.listed])
    body = joined(
        [
            tag(
                "header",
                tag("div", tag("h1", page.title), tag("p", page.subtitle, class_="meta")),
                tag("button", "Dark", id="theme", type="button", title="Switch between the light and the dark page"),
            ),
            contents(page),
            tag(
                "main",
                *page.sections,
                tag("h2", "Pictures", id="pictures"),
                *pictures,
                table_section(page),
                *page.after,
            ),
            tag("noscript", tag("p", "The pictures and the long tables need JavaScript; the summary does not.")),
        ]
    )
    return document(page.title, body, content)


def document(title: str, body: Html, content: Mapping[str, Any]) -> str:
    """Head, styles, body, data, library and script, in that order, so that text shows before the library loads."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{safe(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<style>{asset('page.css')}</style></head><body>{body}"
        f'<script type="application/json" id="page-data">{script_json(content)}</script>'
        f"<script>{library()}</script>"
        + "".join(f"<script>{asset(name)}</script>" for name in ("data.js", "tables.js", "page.js"))
        + "</body></html>\n"
    )


@cache
def library() -> str:
    """plotly.js as the plotly package ships it."""
    return (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")


@cache
def asset(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")


def contents(page: Page) -> Html:
    """Links to the parts of the page."""
    found = [
        ("summary", "Summary"),
        ("use", "What to use"),
        ("symmetry", "Symmetry"),
        ("pictures", "Pictures" if len(page.panels) > 1 else "Picture"),
        ("tables", "Tables"),
        ("method", "Method"),
        ("provenance", "Provenance"),
    ]
    text = "".join([*page.sections, *page.after]) + "".join(f'id="{name}"' for name in ("pictures", "tables"))
    return tag("nav", *(tag("a", word, href=f"#{name}") for name, word in found if f'id="{name}"' in text))


def section(number: int, panel: Panel, figure: Figure | None, page: Page) -> Html:
    """Number, title, what to see, controls, picture, n and the readout, or the reason why it is empty."""
    head = tag("h3", tag("span", number, class_="number"), panel.title)
    if figure is None:
        return tag(
            "section",
            head,
            tag("p", f"This picture is empty: {panel.reason}.", class_="empty"),
            class_="panel",
            id=panel.name,
        )
    see = str(figure.layout.title.subtitle.text or "").replace("<br>", " ")
    note = (page.notes or {}).get(panel.table, "")
    return tag(
        "section",
        head,
        tag("p", tag("b", "What to see: "), see, class_="see"),
        tag("div", class_="controls"),
        tag(
            "div",
            class_="plot",
            role="img",
            aria_label=f"{panel.title}. {see}",
            style=f"--tall:{panel.height[0]}px;--small:{panel.height[1]}px",
        ),
        tag("p", class_="readout") if panel.readout else "",
        tag(
            "p",
            tag("span", counted(panel.count, rows_of(panel, page.tables)), class_="count"),
            ". ",
            panel.note,
            note,
            " ",
            tag("button", "CSV of these rows", type="button", class_="csv"),
            class_="n",
        ),
        class_="panel",
        id=panel.name,
    )


def table_section(page: Page) -> Html:
    """Places for the long tables; the script fills them page by page."""
    parts = [
        tag(
            "details",
            tag("summary", f"{title} ({len(page.tables[name])} rows)"),
            tag("div", class_="grid", data_table=name),
            open=i == 0,
        )
        for i, (name, title) in enumerate(page.listed)
        if name in page.tables
    ]
    hint = tag("p", "Click a heading to sort; type to keep the rows that contain a word.", class_="meta")
    return tag(
        "section",
        tag("h2", "Tables"),
        hint,
        *(parts or [tag("p", "The record has no tables.", class_="empty")]),
        id="tables",
    )
