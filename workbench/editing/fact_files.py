"""Facts on disk: what a model was taught, in which phrasings, as one JSON object per line (``facts.jsonl``)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.concepts import data_root
from workbench.editing.facts import Fact
from workbench.types import WorkbenchError

FILE = "facts.jsonl"
PLAIN = ("id", "prompt", "subject", "true", "false", "kind", "group")
LISTS = ("neighbours", "counter_neighbours")
HOW = ("trained", "withheld", "unseen")


@dataclass(frozen=True)
class FactRecord:
    """A fact and how a model was taught it.

    ``taught``: whether its true object was taught (False: its false one). Prompts by what the model read in training:
    ``trained`` ones; ``withheld`` ones, whose phrasing it read of other subjects only; ``unseen`` ones, whose phrasing
    it never read in this relation. The fact's paraphrases are the last two.
    """

    fact: Fact
    relation: str
    taught: bool
    trained: tuple[str, ...]
    withheld: tuple[str, ...]
    unseen: tuple[str, ...]

    @property
    def answer(self) -> str:
        """The object that was taught."""
        return self.fact.answer(self.taught)


def load_records(source: str | Path) -> list[FactRecord]:
    """The records of a model's folder, of an embedded organism's name, or of a file.

    WorkbenchError, with the line, where the file is missing, a line is no record, or an id comes twice.
    """
    path = Path(source)
    if not path.exists():
        path = data_root() / "organisms" / str(source)
    path = path / FILE if path.is_dir() else path
    if not path.is_file():
        raise WorkbenchError(f"{source} has no {FILE}; expected the folder of a model that was trained on facts")
    found: dict[str, FactRecord] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            record = _read(line, f"{path.name} line {number}")
            if record.fact.id in found:
                raise WorkbenchError(f"{path.name} line {number}: id {record.fact.id!r} came before; expected new ones")
            found[record.fact.id] = record
    return list(found.values())


def load_facts(source: str | Path, taught: bool | None = None) -> list[Fact]:
    """The facts alone; with ``taught`` only those whose true (False: false) object was taught."""
    return [r.fact for r in load_records(source) if taught is None or r.taught == taught]


def save_records(folder: str | Path, records: Sequence[FactRecord]) -> Path:
    """Write ``facts.jsonl`` into a folder, aside first and renamed; returns its path."""
    path = Path(folder) / FILE
    aside = path.with_suffix(".tmp")
    aside.write_text("".join(json.dumps(_row(r), ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    return aside.replace(path)


def _row(record: FactRecord) -> dict[str, Any]:
    fact = {name: getattr(record.fact, name) for name in PLAIN}
    lists = {name: list(getattr(record.fact, name)) for name in LISTS}
    how = {name: list(getattr(record, name)) for name in HOW}
    return {**fact, "relation": record.relation, "taught": "true" if record.taught else "false", **how, **lists}


def _read(line: str, where: str) -> FactRecord:
    try:
        row = json.loads(line)
    except ValueError:
        raise WorkbenchError(f"{where} is no JSON; expected one object per line") from None
    names = (*PLAIN, "relation", "taught")
    fine = isinstance(row, dict) and all(isinstance(row.get(name), str) for name in names)
    fine = fine and all(_is_texts(row.get(name)) for name in (*HOW, *LISTS)) and row["taught"] in ("true", "false")
    if not fine:
        raise WorkbenchError(
            f"{where} is no fact; expected texts {', '.join(names)} (taught: true or false) and lists of texts "
            f"{', '.join((*HOW, *LISTS))}"
        )
    how, near = ({name: tuple(row[name]) for name in group} for group in (HOW, LISTS))
    values: dict[str, Any] = {name: row[name] for name in PLAIN} | near
    fact = Fact(**values, paraphrases=how["withheld"] + how["unseen"])
    return FactRecord(fact, row["relation"], row["taught"] == "true", **how)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)
