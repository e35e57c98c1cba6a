"""Find and read concepts: a folder with ``card.toml`` and ``pairs.jsonl``."""

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from workbench.concepts.checks import ANSWERS, KINDS, check_concept, check_name
from workbench.concepts.rows import Row, found, read_rows
from workbench.types import POLES, Card, Concept, Pair, WorkbenchError

STATEMENT = 'Is the following statement something you would say?\n"{statement}"'
ROW_FIELDS = ("id", "group", "aligned", "unaligned")


def data_root() -> Path:
    """The folder of shipped data: ``workbench/_data`` in an installed package, ``data/`` in a checkout."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "concepts").is_dir():
            return folder
    raise WorkbenchError(f"no data folder at {package / '_data'} or {package.parent / 'data'}; reinstall the package")


def list_concepts(kind: str | None = None, folder: str | Path | None = None) -> list[str]:
    """Names of the concepts in a folder (default: the shipped ones) in alphabetical order, of one kind if named."""
    if kind is not None and kind not in KINDS:
        raise WorkbenchError(f"concept kind {kind!r} is unknown; expected one of {', '.join(KINDS)}")
    root = data_root() / "concepts" if folder is None else Path(folder)
    if not root.is_dir():
        raise WorkbenchError(f"{root}: no such folder; expected a folder of concept folders")
    names = sorted(card.parent.name for card in root.glob("*/card.toml"))
    return [n for n in names if kind is None or read_card(root / n / "card.toml").kind == kind]


def load_concept(name_or_folder: str | Path) -> Concept:
    """A shipped concept by name (``"shutdown"``), or any concept folder by path. A shipped name wins over a folder.

    Every row of ``pairs.jsonl`` has id, group, aligned, unaligned, and ``statement`` (style statement only: the
    question becomes *Is the following statement something you would say?*) or ``question``. Answers get their
    leading space here.

    Errors: unknown name, missing file, broken TOML or JSON, a wrong field (line number and fields found), and
    all of :func:`workbench.concepts.checks.check_concept`.
    """
    folder = _concept_folder(name_or_folder)
    card = read_card(folder / "card.toml")
    if not (folder / "pairs.jsonl").is_file():
        raise WorkbenchError(f"{folder}: no pairs.jsonl; a concept folder holds card.toml and pairs.jsonl")
    pairs = tuple(_pair(row, card.style) for row in read_rows(folder / "pairs.jsonl"))
    return check_concept(Concept(card.name, pairs, card), str(folder / "pairs.jsonl"))


def _concept_folder(name_or_folder: str | Path) -> Path:
    text = str(name_or_folder)
    if isinstance(name_or_folder, str) and text in list_concepts():
        return data_root() / "concepts" / text
    if text and Path(name_or_folder).is_dir():
        return Path(name_or_folder)
    if "/" in text or "\\" in text:
        raise WorkbenchError(f"{text!r} is no concept folder, and a concept name has no slash; expected one of "
                             f"{', '.join(list_concepts())}, or the path of a folder with card.toml")
    raise WorkbenchError(f"concept {text!r} is unknown; expected one of {', '.join(list_concepts())}, "
                         "or the path of a folder with card.toml")


def read_card(path: Path) -> Card:
    """The card of a concept; unknown fields and values are errors."""
    if not path.is_file():
        raise WorkbenchError(f"{path.parent}: no card.toml; a concept folder holds card.toml and pairs.jsonl")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkbenchError(f"{path}: broken TOML ({error}); expected lines of the form name = \"value\"") from None
    known = [f.name for f in fields(Card)]
    unknown = [k for k in values if k not in known]
    if unknown or "name" not in values:
        what = f"unknown field {unknown[0]!r}" if unknown else "no field 'name'"
        raise WorkbenchError(f"{path}: {what}; found {found(values)}; expected some of {', '.join(known)}")
    return _card(values, path)


def _card(values: dict[str, Any], path: Path) -> Card:
    confounds = values.pop("confounds", [])
    if not isinstance(confounds, list) or not all(isinstance(c, str) for c in confounds):
        raise WorkbenchError(f"{path}: field 'confounds' is {confounds!r}; expected a list of texts")
    for key, value in values.items():
        if not isinstance(value, str):
            raise WorkbenchError(f"{path}: field {key!r} is {value!r}; expected text in quotes")
    if values.get("trait_pole", "aligned") not in POLES:
        raise WorkbenchError(f"{path}: trait_pole {values['trait_pole']!r} is unknown; expected aligned or unaligned")
    check_name(values["name"], str(path))
    return Card(**{"title": values["name"], **values, "confounds": tuple(confounds)})


def with_space(answer: str) -> str:
    """An answer with its leading space."""
    return answer if answer[:1].isspace() else " " + answer


def _pair(row: Row, style: str) -> Pair:
    asked = [k for k in ("statement", "question") if k in row.fields]
    expected = f"{', '.join(ROW_FIELDS)} and {'statement or question' if style == 'statement' else 'question'}"
    wrong = [k for k in row.fields if k not in (*ROW_FIELDS, "statement", "question")]
    missing = [k for k in ROW_FIELDS if k not in row.fields]
    if wrong or missing or len(asked) != 1 or (asked == ["statement"] and style != "statement"):
        raise WorkbenchError(f"{row.where}: wrong fields; found {found(row.fields)}; expected {expected}")
    question = row.text(asked[0])
    if asked == ["statement"]:
        question = STATEMENT.format(statement=question)
    aligned, unaligned = with_space(row.text("aligned")), with_space(row.text("unaligned"))
    if style in ANSWERS and {aligned, unaligned} != set(ANSWERS[style]):
        yes, no = (a.strip() for a in ANSWERS[style])
        raise WorkbenchError(f"{row.where}: answers {aligned.strip()!r} and {unaligned.strip()!r}; "
                             f"style {style!r} expects {yes!r} and {no!r}")
    return Pair(row.text("id"), row.text("group"), question, aligned, unaligned)
