"""Write a concept as a folder that :func:`workbench.concepts.load_concept` reads back with the same digest."""

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path

from workbench.concepts.checks import check_concept
from workbench.concepts.load import STATEMENT
from workbench.types import Card, Concept, Pair

_BEFORE, _AFTER = STATEMENT.split("{statement}")


def save_concept(concept: Concept, folder: str | Path) -> Path:
    """Write ``pairs.jsonl`` and ``card.toml`` into ``folder`` and return it.

    Each file appears whole or not at all; the card, by which a folder is listed as a concept, is written last.
    A concept that could not be loaded again is refused with the reason.
    """
    folder = Path(folder)
    check_concept(concept, f"concept {concept.name!r}")
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(_row(p, concept.card.style), ensure_ascii=False) for p in concept.pairs]
    _write(folder / "pairs.jsonl", "\n".join(lines) + "\n")
    _write(folder / "card.toml", card_toml(concept))
    return folder


def _row(pair: Pair, style: str) -> dict[str, str]:
    row = {"id": pair.id, "group": pair.group}
    inner = pair.question[len(_BEFORE) : len(pair.question) - len(_AFTER)]
    if style == "statement" and inner.strip() and STATEMENT.format(statement=inner) == pair.question:
        row["statement"] = inner
    else:
        row["question"] = pair.question
    short = str.strip if style in ("statement", "ab") else str
    return row | {"aligned": short(pair.aligned), "unaligned": short(pair.unaligned)}


def card_toml(concept: Concept) -> str:
    """The card as TOML; fields at their default are left out."""
    default = asdict(Card(name="", title=""))
    values = {k: v for k, v in asdict(concept.card).items() if v != default[k] or k in ("kind", "style")}
    lines = []
    for key, value in (values | {"name": concept.name}).items():
        if isinstance(value, str):
            lines.append(f"{key} = {_quote(value)}")
        else:
            lines += [f"{key} = [", *(f"  {_quote(v)}," for v in value), "]"]
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    """A TOML basic string: JSON's escapes, and DEL, which TOML forbids and JSON allows."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, 0o644)  # mkstemp makes it private to the user; data files are shared
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
