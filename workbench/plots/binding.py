# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Traces that know which columns they show, so that a page can show other rows without Python.

A bound trace carries ``meta = {"where": …, "bind": …}``. ``bind`` maps a place in the trace ("x", "error_y.array") to a
source; :func:`filled` puts the arrays there, and the script of the report page does exactly the same when the reader
chooses another concept. Sources:

- ``"slope"``: a column; text is escaped. ``"@x"`` is the column chosen as ``x``; ``"@x_low"`` that name + ``_low``;
- ``("-", a, b)``: difference of two columns; ``("+", a, 0.2)``: a column moved by a constant;
- ``("stack", a, b, …)``: one row of values per point (hover data); ``("wrap", a)``: text in short lines;
- ``("grid", value, row, column)``: a matrix over ``meta["rows"]`` × ``meta["columns"]``;
- ``("label", "@x", "colour: ")``: the label of the chosen column, after a few words.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbench.plots.words import label, plain, wrapped
from workbench.types import WorkbenchError


def select(frame: pd.DataFrame, **choice: Any) -> pd.DataFrame:
    """Rows where every named column has the chosen value (compared as text, so that layer 2 matches "2")."""
    keep = np.ones(len(frame), dtype=bool)
    for name, value in choice.items():
        if name not in frame:
            raise WorkbenchError(
                f"the table has no column {name!r}; it has {', '.join(map(str, frame.columns))}: "
                "rename it or choose another column"
            )
        keep &= (frame[name].astype(str) == str(value)).to_numpy()
    return frame[keep]


def bound(
    frame: pd.DataFrame,
    bind: Mapping[str, Any],
    *,
    where: Mapping[str, Any] | None = None,
    choice: Mapping[str, str] | None = None,
    **trace: Any,
) -> dict:
    """One trace with its arrays filled from ``frame`` and the recipe kept in ``meta``."""
    trace["meta"] = {**trace.get("meta", {}), "where": dict(where or {}), "bind": dict(bind)}
    return filled(trace, select(frame, **(where or {})), choice or {})


def filled(trace: dict, rows: pd.DataFrame, choice: Mapping[str, str]) -> dict:
    """Put the bound arrays into the trace (in place); the rows are already those of the trace."""
    for place, source in trace["meta"]["bind"].items():
        put(trace, place, resolved(rows, source, choice, trace["meta"]))
    return trace


def put(target: dict, place: str, value: Any) -> None:
    """Set a dotted place, as "error_x.array"."""
    *path, last = place.split(".")
    for step in path:
        target = target.setdefault(step, {})
    target[last] = value


def chosen(column: str, choice: Mapping[str, str]) -> str:
    """The column behind "@x" or "@x_low"; other names stand for themselves."""
    if not column.startswith("@"):
        return column
    for suffix in ("_low", "_high"):
        if column.endswith(suffix):
            return choice[column[1 : -len(suffix)]] + suffix
    return choice[column[1:]]


def values(rows: pd.DataFrame, column: str, choice: Mapping[str, str]) -> list:
    """A column as JSON can write it: escaped text, floats with None for what is not finite, flags as true and false."""
    name = chosen(column, choice)
    if name not in rows:
        return [None] * len(rows)
    series = rows[name]
    if pd.api.types.is_bool_dtype(series):
        return [bool(v) for v in series]
    if pd.api.types.is_numeric_dtype(series):
        return [float(v) if np.isfinite(v) else None for v in series.to_numpy(dtype=float)]
    return [None if pd.isna(v) else plain(v) for v in series]


def resolved(rows: pd.DataFrame, source: Any, choice: Mapping[str, str], meta: Mapping[str, Any]) -> Any:
    """What a source yields; see the module."""
    if isinstance(source, str):
        return values(rows, source, choice)
    kind, *rest = source
    if kind == "label":
        return "".join(rest[1:]) + label(chosen(rest[0], choice))
    if kind == "wrap":
        return [wrapped(v) for v in rows[rest[0]]] if rest[0] in rows else [None] * len(rows)
    if kind == "stack":
        return [list(row) for row in zip(*(resolved(rows, s, choice, meta) for s in rest), strict=True)]
    if kind == "grid":
        return grid(rows, [chosen(c, choice) for c in rest], meta)
    if kind == "+":
        return [None if v is None else v + rest[1] for v in values(rows, rest[0], choice)]
    if kind == "-":
        pairs = zip(values(rows, rest[0], choice), values(rows, rest[1], choice), strict=True)
        return [None if a is None or b is None else a - b for a, b in pairs]
    raise WorkbenchError(f"binding {kind!r} is unknown; expected label, wrap, stack, grid, + or -: see plots.binding")


def grid(rows: pd.DataFrame, names: list[str], meta: Mapping[str, Any]) -> list[list]:
    """Values as a matrix: the last row wins where a cell occurs twice, None where there is none."""
    value, row, column = names
    at = {str(v): i for i, v in enumerate(meta["rows"])}, {str(v): i for i, v in enumerate(meta["columns"])}
    matrix: list[list] = [[None] * len(at[1]) for _ in at[0]]
    if value in rows:
        for a, b, v in zip(rows[row].astype(str), rows[column].astype(str), values(rows, value, {}), strict=True):
            if a in at[0] and b in at[1]:
                matrix[at[0][a]][at[1][b]] = v
    return matrix
