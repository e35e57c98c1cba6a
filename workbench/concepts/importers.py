"""Concepts from outside: model-written evals, CAA, TruthfulQA, true/false tables, own tables, datasets.

Every importer returns a checked Concept. Pairs that come without a group get one by clustering their texts.
Questions with options (A) and (B) are asked in both orders (``counterbalance=True``), since the letter
otherwise dominates every activation difference.
"""

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import Any

from workbench.concepts import formats
from workbench.concepts.checks import check_name
from workbench.concepts.load import load_concept
from workbench.concepts.rows import Row, found, name_of, read_rows
from workbench.types import Concept, Pole, WorkbenchError

BUILDERS = {
    "mwe": formats.from_matching,
    "caa": formats.from_matching,
    "truthfulqa": formats.from_truthfulqa,
    "true_false": formats.from_true_false,
    "pairs": formats.from_pairs,
}
SIGNS = {  # a format is known by the fields of its first row: any one of these sets
    "mwe": ({"answer_matching_behavior", "answer_not_matching_behavior"},),
    "truthfulqa": ({"mc1_targets"}, {"Question", "Best Answer"}, {"question", "best_answer"}),
    "true_false": ({"statement", "label"},),
    "pairs": ({"aligned", "unaligned"},),
}


def import_mwe(path: str | Path, matching: Pole | None = None, *, name: str | None = None,
               counterbalance: bool = True) -> Concept:
    """A model-written-evals file (Perez et al. 2022): persona (Yes/No) or advanced-ai-risk (A/B), plain or .gz.

    ``matching`` says which pole the answer that matches the behaviour belongs to; by default what
    ``data/poles.toml`` says for the file's name, else "aligned". Sets that table calls placebo get kind placebo
    unless ``matching`` is given. The trait is the file's name with blanks for '-'.
    """
    return _build(formats.from_matching, read_rows(path), _name(path, name),
                  matching=matching, counterbalance=counterbalance)


def import_caa(path: str | Path, matching: Pole | None = None, *, name: str | None = None,
               counterbalance: bool = True) -> Concept:
    """A CAA file (Rimsky et al. 2024): a JSON list of question and the two answers, (A)/(B) or Yes/No."""
    return import_mwe(path, matching, name=name, counterbalance=counterbalance)


def import_truthfulqa(path: str | Path, *, style: str = "ab", name: str | None = None,
                      counterbalance: bool = True) -> Concept:
    """TruthfulQA (Lin et al. 2022), its CSV or multiple-choice JSON: the best answer against the first wrong one.

    ``style`` "ab" offers both as options (A) and (B), "question" leaves them free-text answers. Groups are the
    categories of the CSV; the JSON has none, so that its questions are clustered.
    """
    return _build(formats.from_truthfulqa, read_rows(path), _name(path, name),
                  style=style, counterbalance=counterbalance)


def import_true_false(path: str | Path, *, name: str | None = None) -> Concept:
    """A table of ``statement`` and ``label`` (1 true, 0 false); the aligned answer is the correct one."""
    return _build(formats.from_true_false, read_rows(path), _name(path, name))


def import_pairs(path: str | Path, *, columns: Mapping[str, str] | None = None, name: str | None = None,
                 kind: str = "value") -> Concept:
    """Your own table (CSV, JSONL, JSON) with question (or statement), aligned, unaligned, and perhaps group and id.

    ``columns`` maps these names to the table's own: ``{"question": "prompt", "aligned": "good"}``. All answers
    Yes/No make a statement set, all (A)/(B) an A/B set, anything else a question set.
    """
    return _build(formats.from_pairs, read_rows(path), _name(path, name), columns=columns, kind=kind)


def import_hf(dataset: Any, format: str | None = None, *, name: str | None = None, **options: Any) -> Concept:
    """A ``datasets.Dataset`` (or a DatasetDict of one split), or the local path of one; nothing is downloaded.

    The format is told from the columns unless named; ``options`` go to that format's importer.
    """
    if isinstance(dataset, str | Path):
        rows, default = _local_dataset(Path(dataset))
    else:
        rows, default = _dataset_rows(dataset), getattr(getattr(dataset, "info", None), "dataset_name", None)
    return _build(_builder(rows, format), rows, check_name(name or default or "dataset", "import_hf"), **options)


def import_any(path: str | Path, format: str | None = None, **options: Any) -> Concept:
    """A concept from any file or folder the others read; the format is told from the fields unless named."""
    path = Path(path)
    if (path / "card.toml").is_file():
        return load_concept(path)
    if path.is_dir() or format == "hf":
        return import_hf(path, None if format == "hf" else format, **options)
    rows = read_rows(path)
    return _build(_builder(rows, format), rows, _name(path, options.pop("name", None)), **options)


def _build(builder: Callable[..., Concept], rows: Sequence[Row], name: str, **options: Any) -> Concept:
    known = list(signature(builder).parameters)[2:]
    unknown = [o for o in options if o not in known]
    if unknown:
        raise WorkbenchError(f"import of {name!r}: option {unknown[0]!r} is unknown for this format; "
                             f"expected some of {', '.join(known) or 'none'}")
    return builder(rows, name, **options)


def _name(path: str | Path, name: str | None) -> str:
    return check_name(name or name_of(Path(path)), str(path))


def _builder(rows: Sequence[Row], format: str | None) -> Callable[..., Concept]:
    if format is not None and format not in BUILDERS:
        raise WorkbenchError(f"format {format!r} is unknown; expected one of {', '.join(BUILDERS)}, hf")
    if format is not None:
        return BUILDERS[format]
    fields = set(rows[0].fields)
    for known, signs in SIGNS.items():
        if any(sign <= fields for sign in signs):
            return BUILDERS[known]
    raise WorkbenchError(f"{rows[0].where}: no known format has the fields {found(rows[0].fields)}; expected those of "
                         f"{', '.join(SIGNS)}: rename them, or use import_pairs(path, columns=...)")


def _local_dataset(path: Path) -> tuple[list[Row], str]:
    if path.is_file():
        return read_rows(path), name_of(path)
    if not path.is_dir():
        raise WorkbenchError(f"{path}: no such dataset; expected a folder written by save_to_disk, or a data file")
    try:
        import datasets
    except ImportError:
        raise WorkbenchError(f"{path}: reading it needs the package 'datasets', which is not installed; install it, "
                             "or export the rows to JSONL") from None
    try:
        return _dataset_rows(datasets.load_from_disk(str(path))), name_of(path)
    except (FileNotFoundError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise WorkbenchError(f"{path}: not a concept folder and not a saved dataset ({reason}); expected card.toml, "
                             "or a folder written by save_to_disk") from None


def _dataset_rows(dataset: Any) -> list[Row]:
    if isinstance(dataset, Mapping):
        if len(dataset) != 1:
            raise WorkbenchError(f"the dataset has the splits {found(dataset)}; pass one of them, dataset[split]")
        dataset = next(iter(dataset.values()))
    if not hasattr(dataset, "__iter__"):
        raise WorkbenchError(f"a {type(dataset).__name__} is no dataset; expected a datasets.Dataset or a path")
    items = list(dataset)
    if not items or not all(isinstance(item, Mapping) for item in items):
        raise WorkbenchError("the dataset has no rows of named columns; expected a datasets.Dataset with rows")
    return [Row(item, f"dataset row {number}", number) for number, item in enumerate(items, 1)]
