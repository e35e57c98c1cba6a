# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Any table of a record as LaTeX (booktabs) and CSV: a quantity and its interval share a cell."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from workbench.paper.latex import cell, key, titled
from workbench.paper.numbers import alone, band, spanned
from workbench.plots.words import LABELS, label
from workbench.report.listing import shown_columns
from workbench.types import WorkbenchError

LONG = 40  # rows that still fit a page
WORDY = 36  # letters from which a column is a paragraph
# no wider than the column: as it is where it fits, else smaller
SHRUNK = r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"


@dataclass(frozen=True)
class Table:
    """A table to print. ``columns`` names those to show and their headings (empty: all, under their own labels)."""

    name: str
    title: str
    frame: pd.DataFrame
    columns: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def shown(table: Table) -> tuple[list[str], list[list[str]]]:
    """(headings, rows of text). A quantity with ``_low`` and ``_high`` (or low and high) reads "est [low, high]".

    Numbers keep two digits of half their interval's width; raises WorkbenchError where a named column is missing.
    """
    every = shown_columns(table.frame)
    if table.columns:
        known = {column_key(column): column for column in every}
        missing = [name for name in table.columns if name not in known]
        if missing:
            raise WorkbenchError(f"table {table.name} has no column {missing[0]!r}; it shows {', '.join(known)}")
        every = [known[name] for name in table.columns]
    heads = [table.columns.get(column_key(column)) or heading(column) for column in every]
    rows = [[text_of(row, column) for column in every] for row in table.frame.to_dict("records")]
    return heads, rows


def column_key(column: Mapping[str, Any]) -> str:
    """The quantity's name; of a band by itself the name before ``_low``."""
    return column["name"] or column["span"][0].removesuffix("_low")


def heading(column: Mapping[str, Any]) -> str:
    """Label and unit of a known column; any other keeps its name, with spaces."""
    name = column["name"]
    return label(name) if name in LABELS else column["label"]


def text_of(row: Mapping[str, Any], column: Mapping[str, Any]) -> str:
    """One cell as plain text."""
    span = column["span"]
    low, high = (number(row[end]) for end in span) if span else (float("nan"), float("nan"))
    if column["name"] is None:
        return band(low, high)
    value = row[column["name"]]
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return "–"
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    return spanned(float(value), low, high) if span else alone(float(value))


def number(value: Any) -> float:
    """A number, nan where there is none."""
    return float("nan") if value is None or pd.isna(value) else float(value)


def as_csv(table: Table) -> str:
    """The shown cells as CSV, with the plain minus sign that programs read."""
    heads, rows = shown(table)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([heads, *([c.replace("−", "-") for c in row] for row in rows)])
    return out.getvalue()


def as_latex(table: Table, width: str = "double") -> str:
    """The table in booktabs rules under its caption; as a longtable where it does not fit a page."""
    heads, rows = shown(table)
    form = "".join(aligned([row[k] for row in rows]) for k in range(len(heads)))
    top = " & ".join(cell(h) for h in heads) + r" \\"
    body = [" & ".join(cell(c) for c in row) + r" \\" for row in rows]
    caption = rf"\caption{{{titled(table.title, table.note)}}}"
    name = rf"\label{{tab:{key(table.name)}}}"
    if len(rows) > LONG:
        lines = [
            r"% needs \usepackage{booktabs,longtable}, and a page of one column", r"{\footnotesize",
            rf"\begin{{longtable}}{{{form}}}", rf"{caption} {name} \\", r"\toprule", top, r"\midrule", r"\endhead",
            r"\bottomrule", r"\endfoot", *body, r"\end{longtable}", "}", "",
        ]  # fmt: skip
        return "\n".join(lines)
    star = "*" if width == "double" else ""
    lines = [
        r"% needs \usepackage{booktabs,graphicx}", rf"\begin{{table{star}}}[tp]", r"  \centering", f"  {caption}",
        f"  {name}",
        r"  \footnotesize", SHRUNK, rf"  \begin{{tabular}}{{{form}}}", r"    \toprule", f"    {top}", r"    \midrule",
        *(f"    {line}" for line in body), r"    \bottomrule", r"  \end{tabular}}", rf"\end{{table{star}}}", "",
    ]  # fmt: skip
    return "\n".join(lines)


def aligned(texts: list[str]) -> str:
    """Numbers to the right, words to the left, long words as paragraphs."""
    if any(len(text) > WORDY for text in texts):
        return r"p{0.26\linewidth}"
    return "r" if all(text[:1] in "–−[∞" or text[:1].isdigit() for text in texts) else "l"
