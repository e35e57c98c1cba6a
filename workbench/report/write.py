"""Reports on disk."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
from plotly.graph_objects import Figure

from workbench.figures import export, sized
from workbench.report.benchmark_page import benchmark_page
from workbench.report.benchmark_page import panels as benchmark_panels
from workbench.report.causal_page import causal_page, shown_tables
from workbench.report.causal_page import panels as causal_panels
from workbench.report.compare import compare_page
from workbench.report.defence_page import defence_page
from workbench.report.defence_page import panels as defence_panels
from workbench.report.overview_page import chapter_panels, chapter_tables, overview_page
from workbench.report.panels import Panel, captioned, guarded, rows_of
from workbench.report.pictures import panels
from workbench.report.reliability_page import reliability_page
from workbench.report.replication_page import replication_page
from workbench.report.symmetry_page import panels as symmetry_panels
from workbench.report.symmetry_page import symmetry_page
from workbench.report.tidy import derived
from workbench.types import WorkbenchError

Progress = Callable[[int, int, str], None]
PRINT_SIZES = {"propensity-overview": (1000, 760), "cosines-concepts": (900, 860), "recommendation": (900, 780)}


def write_report(
    record: Any, folder: Path | str, *, formats: Sequence[str] = ("pdf", "svg"), progress: Progress | None = None
) -> Path:
    """Write ``report.html`` and ``figures/*`` (pictures in ``formats``, data as CSV); return the page's path.

    ``progress(done, total, what)`` is called before each step. Where no browser is found the page and the CSV files
    are written and ``figures/README.txt`` says what is missing. ``record.json`` is left to ``records.save``.
    """
    folder = made(Path(folder))
    say = progress or (lambda done, total, what: None)
    tables, shown, page = parts_of(record)
    total = 1 + len(shown) * max(1, len(formats))
    say(0, total, "report.html")
    figures, data = {}, {}
    for panel, figure in (guarded(panel, tables) for panel in shown):
        if figure is not None:
            figures[panel.name] = printable(captioned(panel, figure, tables), panel.name)
            data[panel.name] = rows_of(panel, tables)

    def drawn(i: int, _: int, name: str) -> None:
        say(1 + i, total, f"figures/{name}")

    with ThreadPoolExecutor(1) as pool:
        # the browser draws while the page is put together
        drawing = pool.submit(export, figures, folder / "figures", data=data, formats=formats, progress=drawn)
        path = atomic(folder / "report.html", page())
        done = drawing.result()
    note = folder / "figures" / "README.txt"
    if done.message:
        atomic(note, done.message + "\n")
    else:
        note.unlink(missing_ok=True)
    say(total, total, "done")
    return path


def parts_of(record: Any) -> tuple[Mapping[str, pd.DataFrame], list[Panel], Callable[[], str]]:
    """(tables, panels, what makes the page) of a record, by its study."""
    if record.study == "symmetry":
        tables, shown = dict(record.tables), symmetry_panels(record.tables)
        return tables, shown, lambda: symmetry_page(record)
    if record.study == "benchmark":
        tables, shown = dict(record.tables), benchmark_panels(record.tables)
        return tables, shown, lambda: benchmark_page(record)
    if record.study == "defence":
        tables, shown = dict(record.tables), defence_panels(record.tables)
        return tables, shown, lambda: defence_page(record)
    if record.study == "causal-coherence":
        tables = shown_tables(record)
        return tables, causal_panels(tables, record), lambda: causal_page(record)
    tables, reasons = derived(record.tables)
    if record.study == "overview":
        shown = [*panels(tables, reasons), *chapter_panels(record.tables)]
        return {**tables, **chapter_tables(record.tables)}, shown, lambda: overview_page(record)
    return tables, panels(tables, reasons), lambda: reliability_page(record)


def printable(figure: Figure, name: str) -> Figure:
    """The size that suits the picture."""
    return sized(figure, PRINT_SIZES.get(name, "page"))


def write_comparison(a: Any, b: Any, path: Path | str) -> Path:
    """Write the page that sets two records side by side; ``path`` is the HTML file or the folder for it."""
    return atomic(page_path(path, "comparison.html"), compare_page(a, b))


def write_replication(records: Mapping[str, Any], path: Path | str) -> Path:
    """Write the page that says what holds in each of several records (by name); ``path`` as above."""
    text = replication_page(records)
    return atomic(page_path(path, "replication.html"), text)


def page_path(path: Path | str, name: str) -> Path:
    """The HTML file meant by ``path``, a file or a folder; its folder is made."""
    path = Path(path)
    path = path if path.suffix in (".html", ".htm") else path / name
    made(path.parent)
    return path


def made(folder: Path) -> Path:
    """The folder, made where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkbenchError(f"cannot make the folder {folder}: {error.strerror or error}; choose another") from None
    return folder


def atomic(path: Path, text: str) -> Path:
    """Write whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise WorkbenchError(f"cannot write {path}: {error.strerror or error}; choose another folder") from None
    return path
