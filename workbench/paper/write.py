"""A folder with everything that a paper takes from a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.figures import export
from workbench.figures.export import FORMATS
from workbench.paper import latex
from workbench.paper.chosen import tables_of
from workbench.paper.findings import results
from workbench.paper.pictures import Picture, pictures, write_captions
from workbench.paper.plain_words import plain_words
from workbench.paper.tabular import Table, as_csv, as_latex
from workbench.report.write import atomic, made
from workbench.types import WorkbenchError

Progress = Callable[[int, int, str], None]
TITLE = "Results"


@dataclass(frozen=True)
class Paper:
    """The files written, in the order of writing; what could not be drawn, and why, in a sentence each."""

    paths: tuple[Path, ...]
    messages: tuple[str, ...] = ()


def write_paper(
    record: Any,
    folder: Path | str,
    *,
    width: str = "double",
    formats: Sequence[str] = ("pdf", "svg"),
    progress: Progress | None = None,
) -> Paper:
    """Write figures, captions, snippets, tables, ``results``, ``plain-words`` and ``main.tex``, which inputs them.

    Text comes first, so that a missing browser costs the pictures only; ``main.tex`` comes last and leaves out what
    was not drawn. Each file is written whole or not at all. Raises WorkbenchError for an unknown width or format, and
    where the folder cannot be written.
    """
    unknown = [f for f in formats if f not in FORMATS]
    if unknown:
        raise WorkbenchError(f"format {unknown[0]!r} is unknown; expected one of {', '.join(FORMATS)}")
    found, missing = pictures(record, width)
    folder = made(Path(folder))
    places = {name: made(folder / name) for name in ("figures", "tables")}
    tables = tables_of(record)
    paths = [*write_prose(record, folder), *write_tables(tables, places["tables"], width)]
    paths += write_captions(found, places["figures"])
    drawn = export(
        {p.name: p.figure for p in found}, places["figures"], data={p.name: p.rows for p in found}, formats=formats,
        progress=progress,
    )  # fmt: skip
    paths += drawn.paths
    messages = [f"figure {name} is left out: {reason}" for name, reason in missing.items()]
    messages += [drawn.message] if drawn.message else []
    return Paper((*paths, write_main(folder, found, drawn.paths, tables)), tuple(messages))


def write_prose(record: Any, folder: Path) -> list[Path]:
    """Results and plain words, each as text and as LaTeX."""
    paths = []
    for name, paragraphs in (("results", results(record)), ("plain-words", plain_words(record))):
        plain = "\n\n".join(f"{latex.stopped(title)} {text}" for title, text in paragraphs)
        paths.append(atomic(folder / f"{name}.txt", plain + "\n"))
        made_of = "\n\n".join(latex.paragraph(title, text) for title, text in paragraphs)
        paths.append(atomic(folder / f"{name}.tex", made_of + "\n"))
    return paths


def write_tables(tables: Sequence[Table], folder: Path, width: str) -> list[Path]:
    """Every table as LaTeX and as CSV."""
    paths = []
    for table in tables:
        paths.append(atomic(folder / f"{table.name}.tex", as_latex(table, width)))
        paths.append(atomic(folder / f"{table.name}.csv", as_csv(table)))
    return paths


def write_main(folder: Path, found: list[Picture], drawn: Sequence[Path], tables: Sequence[Table]) -> Path:
    """``main.tex``; pictures that LaTeX cannot include (SVG only, or not drawn) stay commented out."""
    there = {path.stem for path in drawn if path.suffix in (".pdf", ".png")}
    figures = [(p.name, p.name in there) for p in found]
    return atomic(folder / "main.tex", latex.main(figures, [table.name for table in tables], TITLE))
