# pyright: reportArgumentType=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""A record on disk: written all or not at all, and checked when it is read."""

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.records.plain import plain, unplain
from workbench.records.record import Record
from workbench.records.tables import column_kind, read_table, table_digest, tidy, write_table
from workbench.types import WorkbenchError

FORMAT = 1
LARGE_ROWS = 20_000


def save(record: Record, folder: str | Path) -> Path:
    """Write ``record.json`` and ``tables/*.csv`` (and ``*.parquet`` from 20,000 rows on) and return the former's path.

    Everything is written aside first and renamed, ``record.json`` last. Raises WorkbenchError, with nothing written,
    for a table or a result that cannot be kept.
    """
    folder = Path(folder)
    tables = {name: tidy(frame, name) for name, frame in record.tables.items()}
    bad = [name for name in tables if not re.fullmatch(r"[\w-]+", name)]
    if bad:
        raise WorkbenchError(f"table name {bad[0]!r} is no file name: use letters, digits, - and _")
    text = json.dumps(_described(record, tables), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        (folder / "tables").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as aside:
            names = _write_all(Path(aside), tables, text)
            for name in names:
                os.replace(Path(aside) / name, folder / ("" if name == "record.json" else "tables") / name)
    except OSError as error:
        reason = error.strerror or error
        raise WorkbenchError(f"cannot write the record to {folder}: {reason}; choose another folder") from None
    return folder / "record.json"


def _described(record: Record, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    kinds = {n: {c: column_kind(t[c], c) for c in t.columns} for n, t in tables.items()}
    about = {n: {"rows": len(t), "columns": kinds[n], "digest": table_digest(t, n)} for n, t in tables.items()}
    rest = {k: plain(v, k) for k, v in vars(record).items() if k != "tables"}
    return {"format": FORMAT, "digest": record.digest, **rest, "tables": about}


def _write_all(aside: Path, tables: Mapping[str, pd.DataFrame], text: str) -> list[str]:
    """Write every file into one folder; the names, in the order in which to move them."""
    names = []
    for name, frame in tables.items():
        write_table(frame, aside / f"{name}.csv")
        names.append(f"{name}.csv")
        if len(frame) >= LARGE_ROWS:
            write_table(frame, aside / f"{name}.parquet")
            names.append(f"{name}.parquet")
    (aside / "record.json").write_text(text, encoding="utf-8")
    return [*names, "record.json"]


def load(folder: str | Path) -> Record:
    """Read what :func:`save` wrote. ``folder`` is the run's folder or its ``record.json``.

    Raises WorkbenchError where there is no record, where it is damaged, or where a table is not the one it names.
    """
    path = Path(folder)
    path = path if path.suffix == ".json" else path / "record.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise WorkbenchError(f"no record at {path}: give the folder that a study wrote") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise WorkbenchError(f"{path} is no JSON ({error}): run the study again") from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise WorkbenchError(f"{path} is no record of format {FORMAT}: it was written by another version or program")
    try:
        tables = {name: _read_table(path.parent / "tables", name, about) for name, about in raw["tables"].items()}
        rest = {k: unplain(raw[k]) for k in Record.__dataclass_fields__ if k != "tables"}
    except KeyError as error:
        raise WorkbenchError(f"{path} lacks the field {error}: run the study again") from None
    return Record(**rest, tables=tables)


def _read_table(folder: Path, name: str, about: Mapping[str, Any]) -> pd.DataFrame:
    parquet, csv = folder / f"{name}.parquet", folder / f"{name}.csv"
    try:
        file = parquet if about["rows"] >= LARGE_ROWS and parquet.exists() else csv
        frame = tidy(read_table(file, about["columns"], about["rows"]), name)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise WorkbenchError(f"table {csv} cannot be read ({reason}): run the study again") from None
    if table_digest(frame, name) != about["digest"]:
        raise WorkbenchError(f"table {csv} is not the one its record.json names: it was changed; run the study again")
    return frame
