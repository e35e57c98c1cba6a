"""Tidy tables: four kinds of column, a digest of their content, and a CSV that gives them back exactly."""

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
}
PARSE = {"bool": lambda c: c == "True", "int": CAST["int"], "float": CAST["float"], "text": lambda c: c}


def column_kind(column: pd.Series, where: str) -> str:
    """"bool", "int", "float" or "text". Raises WorkbenchError for a column that a CSV cannot give back."""
    kind = column.dtype.kind
    if kind in "biuf" and not pd.api.types.is_extension_array_dtype(column.dtype):
        return {"b": "bool", "i": "int", "u": "int", "f": "float"}[kind]
    if all(isinstance(v, str) for v in column.dropna()):
        return "text"
    found = next(type(v).__name__ for v in column.dropna() if not isinstance(v, str))
    raise WorkbenchError(f"{where} holds {found} ({column.dtype}); expected numbers, booleans or text, not mixed")


def tidy(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table as it is kept: four kinds of column, missing text empty, no index."""
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
        values = frame[column].tolist() if kind == "text" else np.ascontiguousarray(frame[column].to_numpy())
        if kind == "float":
            values = np.where(np.isnan(values), np.nan, values)  # one NaN, whatever its bits were
        total.update(json.dumps([column, kind, len(frame)]).encode())
        total.update(json.dumps(values).encode() if kind == "text" else values.tobytes())
    return total.hexdigest()[:16]


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """A CSV with exact floats."""
    frame.to_csv(path, index=False, lineterminator="\n", na_rep="nan")


def read_csv(path: Path, kinds: Mapping[str, str], rows: int) -> pd.DataFrame:
    """Every cell as text first, so that "007", "NA" and 0.1 + 0.2 come back as they were."""
    if not kinds:
        return pd.DataFrame(index=range(rows))
    with open(path, encoding="utf-8", newline="") as file:
        text = pd.read_csv(file, dtype=str, keep_default_na=False, na_filter=False, skip_blank_lines=False)
    return pd.DataFrame({c: PARSE[kind](text[c]) for c, kind in kinds.items()}, index=text.index)
