# pyright: reportArgumentType=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Tidy tables: five kinds of column, a digest of their content, and a CSV that gives them back exactly."""

import csv
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from workbench.types import WorkbenchError

CAST = {
    "bool": lambda column: column.astype(bool),
    "int": lambda column: column.astype("int64"),
    "float": lambda column: column.astype("float64"),
    "text": lambda column: column.astype(object).where(column.notna(), "").astype(str),
    "mixed": lambda column: column.astype(object).where(column.notna(), ""),
}


def cell(text: str) -> int | float | str:
    """A cell of a mixed column from its text: a number where it is one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


PARSE = {
    "bool": lambda column: column == "True",
    "int": CAST["int"],
    "float": CAST["float"],
    "text": lambda column: column,
    "mixed": lambda column: pd.Series([cell(v) for v in column], dtype=object, index=column.index),
}


def column_kind(column: pd.Series, where: str) -> str:
    """"bool", "int", "float", "text", or "mixed" for numbers among text (a layer that may be "all").

    Raises WorkbenchError for a column that a CSV cannot give back: lists, dates, text that looks like a number in
    a mixed column.
    """
    kind = column.dtype.kind
    if kind in "biuf" and not pd.api.types.is_extension_array_dtype(column.dtype):
        return {"b": "bool", "i": "int", "u": "int", "f": "float"}[kind]
    if isinstance(column.dtype, pd.StringDtype):
        return "text"
    values = list(column.dropna())
    texts = [v for v in values if isinstance(v, str)]
    numbers = [v for v in values if isinstance(v, int | float | np.number) and not isinstance(v, bool)]
    if len(texts) + len(numbers) < len(values):
        found = next(type(v).__name__ for v in values if not isinstance(v, str | int | float) or isinstance(v, bool))
        raise WorkbenchError(f"{where} holds {found}; expected numbers, text, or booleans alone")
    if not numbers:
        return "text"
    doubtful = next((v for v in texts if cell(v) != v), None)
    if doubtful is not None:
        raise WorkbenchError(f"{where} holds the text {doubtful!r} among numbers: make it all text or all numbers")
    return "mixed" if texts else "float"


def tidy(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table as it is kept: five kinds of column, missing text empty, no index."""
    if frame.index.nlevels > 1 or frame.index.name is not None:
        raise WorkbenchError(f"table {name!r} has the named index {list(frame.index.names)}: call reset_index() first")
    if not all(isinstance(c, str) and c for c in frame.columns) or not frame.columns.is_unique:
        raise WorkbenchError(f"table {name!r} needs column names that are text and unique; got {list(frame.columns)}")
    frame = frame.infer_objects()
    columns = {c: CAST[column_kind(frame[c], f"table {name!r} column {c!r}")](frame[c]).array for c in frame.columns}
    return pd.DataFrame(columns, index=range(len(frame)))


def table_digest(frame: pd.DataFrame, name: str = "table") -> str:
    """A digest of a table's content: column names, kinds and values bit by bit."""
    frame = tidy(frame, name)
    total = hashlib.sha256()
    for column in frame.columns:
        kind = column_kind(frame[column], column)
        total.update(json.dumps([column, kind, len(frame)]).encode())
        total.update(content(frame[column], kind))
    return total.hexdigest()[:16]


def content(column: pd.Series, kind: str) -> bytes:
    """The values of a tidy column as bytes; every NaN is the same one."""
    if kind in ("text", "mixed"):
        return json.dumps(column.tolist(), default=lambda number: number.item()).encode()
    values = np.ascontiguousarray(column.to_numpy())
    return (np.where(np.isnan(values), np.nan, values) if kind == "float" else values).tobytes()


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """A CSV with exact floats, or a parquet, by the path's suffix."""
    if path.suffix == ".parquet":
        mixed = {c: frame[c].map(str) for c in frame if column_kind(frame[c], str(c)) == "mixed"}
        frame.assign(**mixed).to_parquet(path, index=False)
    else:
        # a bare carriage return ends a line for every reader unless it is quoted
        returns = any(frame[c].astype(str).str.contains("\r", regex=False).any() for c in frame.columns)
        quoting = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
        frame.to_csv(path, index=False, lineterminator="\n", na_rep="nan", quoting=quoting)


def read_table(path: Path, kinds: Mapping[str, str], rows: int) -> pd.DataFrame:
    """What :func:`write_table` wrote. A CSV is read as text, so that "007", "NA" and 0.1 + 0.2 stay what they were."""
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        return frame.assign(**{c: PARSE[kind](frame[c]) for c, kind in kinds.items() if kind == "mixed"})
    if not kinds:
        return pd.DataFrame(index=range(rows))
    with open(path, encoding="utf-8", newline="") as file:
        text = pd.read_csv(file, dtype=str, keep_default_na=False, na_filter=False, skip_blank_lines=False)
    return pd.DataFrame({c: PARSE[kind](text[c]) for c, kind in kinds.items()}, index=text.index)
