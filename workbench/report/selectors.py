# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Selectors made from what the tables hold."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from workbench.plots.picture import order
from workbench.plots.words import short
from workbench.report.panels import Selector, options
from workbench.report.tidy import reliable, usual

Tables = Mapping[str, pd.DataFrame]


def titles(tables: Tables) -> dict[str, str]:
    """Concept name -> title, where the cells say it."""
    cells = tables.get("cells", pd.DataFrame())
    if "title" not in cells or "concept" not in cells:
        return {}
    return {
        str(c): f"{t} ({c})" if str(t).lower() != str(c) else str(t)
        for c, t in zip(cells["concept"], cells["title"], strict=True)
    }


def by(tables: Tables, table: str, column: str, word: str = "", preferred: object = None) -> Selector:
    """A selector over a column's values; starts at ``preferred`` where the table has it."""
    values = order(tables[table][column]) if column in tables.get(table, pd.DataFrame()) else []
    texts = {str(v): v for v in values}
    start = texts.get(str(preferred), values[0] if values else None)
    names = (
        titles(tables)
        if column == "concept"
        else {str(v): f"{column} {v}" if column == "layer" else str(v) for v in values}
    )
    return Selector(column, word or column.replace("_", " "), options(values, names), start)


def cell(tables: Tables, table: str) -> tuple[Selector, ...]:
    """Concept, prompt type and layer; starting at the first recommended concept."""
    chosen = reliable(tables)
    best = chosen.iloc[-1] if len(chosen) else {}
    return tuple(
        by(tables, table, column, preferred=best.get(column)) for column in ("concept", "prompt_type", "layer")
    )


def setting(tables: Tables, table: str) -> tuple[Selector, ...]:
    """Prompt type and layer, starting at what most recommendations choose."""
    return tuple(
        by(tables, table, column, preferred=usual(tables, column, table)) for column in ("prompt_type", "layer")
    )


def axis(tables: Tables, table: str, name: str, label: str, columns: tuple[str, ...]) -> Selector:
    """A choice among the columns that the table has."""
    found = [c for c in columns if c in tables.get(table, pd.DataFrame())]
    return Selector(name, label, tuple((c, short(c)) for c in found), found[0] if found else columns[0], axis=True)


def with_all(selector: Selector) -> Selector:
    """The selector with "all" in front."""
    names = {"prompt_type": "all prompt types", "layer": "all layers"}
    rest = tuple(o for o in selector.options if str(o[0]) != "all")
    return Selector(selector.name, selector.label, (("all", names[selector.name]), *rest), selector.value)


def pooled(selector: Selector) -> Selector:
    """The selector starting at "all" where the table has such rows."""
    return replace(with_all(selector), value="all") if "all" in map(str, dict(selector.options)) else selector
