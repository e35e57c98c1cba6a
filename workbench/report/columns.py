# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Tables as compact JSON for a page: few distinct values as codes (in runs), numbers as 32- or 16-bit floats.

16 bits keep three digits, enough for a picture; tables of more than ``PRECISE_ROWS`` rows use them. The script of the
page reads the same five forms back.
"""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

PRECISE_ROWS = 5000


def encoded(table: pd.DataFrame, columns: Sequence[str] | None = None) -> dict[str, Any]:
    """``{"n": rows, "columns": {name: column}}`` for the columns named (default: all)."""
    kept = [c for c in (columns or table.columns) if c in table]
    return {"n": len(table), "columns": {str(c): column(table[c]) for c in kept}}


def column(series: pd.Series) -> dict[str, Any]:
    """One column: flags and text by code, numbers by code where few differ in a long table, else as floats."""
    if pd.api.types.is_bool_dtype(series) or not pd.api.types.is_numeric_dtype(series):
        return coded(series)
    if len(series) > 2000 and series.nunique() <= 256:
        return coded(series)
    numbers = series.to_numpy(dtype=float, na_value=np.nan)
    finite = np.abs(numbers[np.isfinite(numbers)])
    if len(numbers) > PRECISE_ROWS and (not len(finite) or finite.max() < 60000):
        return {"form": "half", "bytes": packed(numbers.astype("<f2"))}
    return {"form": "single", "bytes": packed(numbers.astype("<f4"))}


def coded(series: pd.Series) -> dict[str, Any]:
    """Distinct values and one code per row, or per run where that is shorter. Missing values have the last code."""
    codes, values = pd.factorize(series)
    distinct = [scalar(v) for v in values] + [None]
    codes = np.where(codes < 0, len(distinct) - 1, codes)
    width = "<u1" if len(distinct) <= 256 else "<u2" if len(distinct) <= 65536 else "<u4"
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]]) if len(codes) else np.array([], dtype=int)
    out: dict[str, Any] = {"form": "codes", "values": distinct, "width": int(width[-1])}
    if len(starts) * 4 < len(codes):
        lengths = np.diff(np.r_[starts, len(codes)])
        return {**out, "bytes": packed(codes[starts].astype(width)), "runs": packed(lengths.astype("<u4"))}
    return {**out, "bytes": packed(codes.astype(width))}


def scalar(value: Any) -> Any:
    """A value that JSON can write and the page can compare."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return str(value)


def packed(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()
