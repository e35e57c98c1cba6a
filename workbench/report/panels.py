# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""A panel of a page: a picture, the rows it shows, and what the reader may choose."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from string import Formatter
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import chosen, select
from workbench.plots.words import plain
from workbench.types import WorkbenchError


@dataclass(frozen=True)
class Selector:
    """One choice: rows by a column's value, or (``axis``) which column an axis shows. Options are (value, label)."""

    name: str
    label: str
    options: tuple[tuple[Any, str], ...]
    value: Any = None
    axis: bool = False


@dataclass(frozen=True)
class Readout:
    """A sentence below a picture, filled from the row of ``table`` that fits the choice; "@x" is a chosen column."""

    table: str
    where: Mapping[str, str]
    text: str
    missing: str


@dataclass(frozen=True)
class Panel:
    """``draw(rows, **axes)`` makes the figure from the chosen rows of ``table``; ``reason`` says why there is none.

    ``count`` is a template: {rows}, {distinct:column}, {first:column}, {range:column}. ``height``: (wide, narrow), px.
    """

    name: str
    title: str
    table: str
    draw: Callable[..., Figure]
    count: str
    selectors: tuple[Selector, ...] = ()
    height: tuple[int, int] = (460, 420)
    readout: Readout | None = None
    note: str = ""
    reason: str = ""
    columns: tuple[str, ...] = field(default=())


def options(values: list, names: Mapping[str, str] | None = None) -> tuple[tuple[Any, str], ...]:
    """Options with their labels; a value without a name is its own."""
    return tuple((v, (names or {}).get(str(v), str(v))) for v in values)


def choice(panel: Panel, axis: bool) -> dict[str, Any]:
    """The default choice of rows, or of columns."""
    return {s.name: s.value for s in panel.selectors if s.axis == axis}


def settled(panel: Panel, tables: Mapping[str, pd.DataFrame]) -> Panel:
    """The panel with a choice that has rows: from left to right, a value that is not there gives way to one that is."""
    table = tables[panel.table]
    made = []
    for selector in panel.selectors:
        if not selector.axis and selector.name in table:
            there = set(table[selector.name].astype(str))
            free = selector.value == "all" and "all" not in there
            if not free and str(selector.value) not in there:
                value = next((v for v, _ in selector.options if str(v) in there), selector.value)
                selector = replace(selector, value=value)
            table = table if free else select(table, **{selector.name: selector.value})
        made.append(selector)
    return replace(panel, selectors=tuple(made))


def rows_of(panel: Panel, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The rows that the choice shows; "all" leaves a column free unless it is a value of that column."""
    table = tables[panel.table]
    for name, value in choice(panel, axis=False).items():
        if value != "all" or (table[name].astype(str) == "all").any():
            table = select(table, **{name: value})
    return table


def figure_of(panel: Panel, tables: Mapping[str, pd.DataFrame]) -> Figure:
    """The picture at the default choice; raises WorkbenchError with the reason where there is nothing to show."""
    if panel.reason:
        raise WorkbenchError(panel.reason)
    rows = rows_of(panel, tables)
    if rows.empty:
        raise WorkbenchError(f"the table {panel.table} has no rows for this choice")
    return panel.draw(rows, **choice(panel, axis=True))


def captioned(panel: Panel, figure: Figure, tables: Mapping[str, pd.DataFrame]) -> Figure:
    """A copy for print: the choice in the title, n and the readout after the sentence of what to see."""
    copy = Figure(figure)
    see = (copy.layout.title.subtitle.text or "").replace("<br>", " ")
    facts = [see, plain(counted(panel.count, rows_of(panel, tables))) + "."]
    if panel.readout:
        facts.append(plain(read(panel.readout, tables, {s.name: s.value for s in panel.selectors})))
    labels = [plain(dict(s.options).get(s.value, s.value)) for s in panel.selectors if not s.axis]
    title = ": ".join([panel.title, ", ".join(labels)]) if labels else panel.title
    copy.update_layout(title_text=title, title_subtitle_text="<br>".join(wrap(" ".join(f for f in facts if f), 125)))
    return copy


def counted(template: str, rows: pd.DataFrame) -> str:
    """The sentence about n; a column that the table lacks reads as a dash."""
    parts = []
    for text, name, spec, _ in Formatter().parse(template):
        parts.append(text)
        if name == "rows":
            parts.append(str(len(rows)))
        elif name == "distinct":
            parts.append(str(rows[spec].nunique()) if spec in rows else "–")
        elif name == "first":
            parts.append(number(rows[spec].iloc[0]) if spec in rows and len(rows) else "–")
        elif name == "range":
            parts.append(ranged(rows[spec]) if spec in rows and len(rows) else "–")
    return "".join(parts)


def ranged(column: pd.Series) -> str:
    """The least and the largest number of a column, or the only one."""
    ends = [number(end) for end in (column.min(), column.max())]
    return " to ".join(dict.fromkeys(ends))


def read(readout: Readout, tables: Mapping[str, pd.DataFrame], chosen_values: Mapping[str, Any]) -> str:
    """The readout's sentence for a choice, numbers with two decimals."""
    where = {c: chosen_values[v] if v in chosen_values else chosen(v, chosen_values) for c, v in readout.where.items()}
    table = tables.get(readout.table, pd.DataFrame())
    if any(c not in table for c in where) or select(table, **where).empty:
        return readout.missing
    row = select(table, **where).iloc[0]
    parts = []
    for text, name, _, _ in Formatter().parse(readout.text):
        parts.append(text)
        if name:
            parts.append(number(row[name]) if name in row else "–")
    return "".join(parts)


def number(value: Any) -> str:
    """Two decimals, a true minus sign, whole numbers as such, a dash for what is missing; text stays text."""
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return "–"
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.0f}" if float(value).is_integer() and abs(value) > 1 else f"{value:.2f}"
    return text.replace("-", "−")


def guarded(panel: Panel, tables: Mapping[str, pd.DataFrame]) -> tuple[Panel, Figure | None]:
    """The panel with its figure, or with the reason why it is empty: one bad table never stops a page."""
    try:
        panel = panel if panel.reason else settled(panel, tables)
        return panel, figure_of(panel, tables)
    except (WorkbenchError, KeyError, ValueError, TypeError, IndexError) as error:
        reason = " ".join(str(error).split())[:200]
        reason = reason if isinstance(error, WorkbenchError) else f"{type(error).__name__}: {reason}"
        return replace(panel, reason=reason), None
