"""Rows of a JSONL, JSON, CSV, TSV or parquet file (plain or gzipped), each knowing where it stood."""

import csv
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from workbench.types import WorkbenchError

SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".parquet")


@dataclass(frozen=True)
class Row:
    """One record of a file. ``number`` counts lines in line-based files and items elsewhere, from 1."""

    fields: Mapping[str, Any]
    where: str
    number: int

    def find(self, *names: str) -> Any:
        """The value of the first field that is there; the error names the fields found."""
        for name in names:
            if name in self.fields:
                return self.fields[name]
        raise WorkbenchError(f"{self.where}: no field {' or '.join(map(repr, names))}; found {found(self.fields)}")

    def text(self, *names: str) -> str:
        """The same, for a field that holds non-empty text."""
        value = self.find(*names)
        if not isinstance(value, str) or not value.strip():
            raise WorkbenchError(f"{self.where}: field {names[0]!r} is {value!r}; expected non-empty text")
        return value


def found(fields: Iterable[Any]) -> str:
    return ", ".join(map(str, fields)) or "none"


def name_of(path: Path) -> str:
    """File name without ``.gz`` and its suffix; characters that no folder may have become '-'."""
    name = path.name.removesuffix(".gz")
    stem = name.removesuffix(Path(name).suffix) if Path(name).suffix in SUFFIXES else name
    return "".join(c if c.isalnum() or c in "._+-" else "-" for c in stem).lstrip(".-+") or "concept"


def read_rows(path: str | Path) -> list[Row]:
    """All rows of a file, by its suffix.

    Errors: missing file, unknown suffix, text that is not UTF-8, broken JSON or CSV (with the line number),
    and a file without rows.
    """
    path = Path(path)
    if not path.is_file():
        raise WorkbenchError(f"{path}: no such file; give the path of a {', '.join(SUFFIXES)} file (or .gz)")
    suffix = Path(path.name.removesuffix(".gz")).suffix
    if suffix not in SUFFIXES:
        raise WorkbenchError(f"{path}: unknown suffix {suffix!r}; expected one of {', '.join(SUFFIXES)} (or .gz)")
    try:
        rows = list(_parquet(path) if suffix == ".parquet" else _parse(path, suffix))
    except UnicodeDecodeError:
        raise WorkbenchError(f"{path}: not UTF-8 text; save the file as UTF-8") from None
    except (gzip.BadGzipFile, EOFError):
        raise WorkbenchError(f"{path}: broken gzip file; fetch it again, or rename it if it is not gzipped") from None
    if not rows:
        raise WorkbenchError(f"{path}: no rows; expected one record per line or list item")
    return rows


def _parse(path: Path, suffix: str) -> Iterator[Row]:
    reader = {".jsonl": _jsonl, ".json": _json}.get(suffix, _csv)
    # newline="" lets the csv reader see line ends inside quoted fields; "-sig" drops a byte order mark
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield from reader(path, file)
    else:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from reader(path, file)


def _row(fields: Any, where: str, number: int) -> Row:
    if not isinstance(fields, dict):
        raise WorkbenchError(f"{where}: a {type(fields).__name__}; expected an object of named fields")
    return Row(fields, where, number)


def _jsonl(path: Path, file: TextIOWrapper) -> Iterator[Row]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        try:
            fields = json.loads(line)
        except json.JSONDecodeError as error:
            raise WorkbenchError(f"{where}: broken JSON ({error.msg}); expected one object per line") from None
        yield _row(fields, where, number)


def _json(path: Path, file: TextIOWrapper) -> Iterator[Row]:
    try:
        items = json.load(file)
    except json.JSONDecodeError as error:
        where = f"{path} line {error.lineno}"
        raise WorkbenchError(f"{where}: broken JSON ({error.msg}); expected a list of objects") from None
    if not isinstance(items, list):
        raise WorkbenchError(f"{path}: the JSON holds a {type(items).__name__}; expected a list of objects")
    for number, fields in enumerate(items, 1):
        yield _row(fields, f"{path} item {number}", number)


def _csv(path: Path, file: TextIOWrapper) -> Iterator[Row]:
    reader = csv.DictReader(file, delimiter="\t" if ".tsv" in path.name else ",")
    try:
        for fields in reader:
            where = f"{path} line {reader.line_num}"
            if None in fields or None in fields.values():
                raise WorkbenchError(f"{where}: not as many cells as the header ({found(reader.fieldnames or ())}); "
                                     "quote cells that hold the delimiter")
            yield Row(fields, where, reader.line_num)
    except csv.Error as error:
        raise WorkbenchError(f"{path} line {reader.line_num}: broken CSV ({error}); check the quotes") from None


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow
    import pyarrow.parquet

    try:
        items = pyarrow.parquet.read_table(path).to_pylist()
    except pyarrow.ArrowInvalid:
        raise WorkbenchError(f"{path}: not a parquet file; fetch it again or rename it") from None
    for number, fields in enumerate(items, 1):
        yield Row(fields, f"{path} item {number}", number)
