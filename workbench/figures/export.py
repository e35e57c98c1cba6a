"""Figures as files: PDF, SVG or PNG drawn by the system's browser, and the data of each figure as CSV.

Where no browser is found the CSV files are written all the same and the message says what is missing. One browser is
started for all figures and closed at the end.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pandas as pd
from plotly.graph_objects import Figure

from workbench.types import WorkbenchError

FORMATS = ("pdf", "svg", "png")
# more pages of one browser than this draw no faster
PAGES = 2
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Export:
    """The files written and, where something could not be drawn, one sentence about it (empty when all went well)."""

    paths: tuple[Path, ...]
    message: str = ""


def export(
    figures: Mapping[str, Figure],
    folder: Path | str,
    *,
    data: Mapping[str, pd.DataFrame] | None = None,
    formats: Sequence[str] = ("pdf", "svg"),
    progress: Progress | None = None,
) -> Export:
    """Write ``<name>.<format>`` for every figure, and ``<name>.csv`` for every table in ``data``, into ``folder``.

    ``progress(done, total, name)`` is called before each picture. A missing or broken browser never raises.
    """
    unknown = [f for f in formats if f not in FORMATS]
    if unknown:
        raise WorkbenchError(f"format {unknown[0]!r} is unknown; expected one of {', '.join(FORMATS)}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, table in (data or {}).items():
        paths.append(written(folder / f"{file_name(name)}.csv", table.to_csv(index=False).encode()))
    jobs = [(name, kind, figure) for name, figure in figures.items() for kind in formats]
    if not jobs:
        return Export(tuple(paths))
    browser = find_browser()
    if browser is None:
        return Export(
            tuple(paths),
            "no Chromium or Chrome was found, so no PDF or SVG was drawn (data are in the CSV "
            "files): install chromium, or set BROWSER_PATH to its program",
        )
    drawn, message = drawings(jobs, folder, browser, progress)
    return Export((*paths, *drawn), message)


def file_name(name: str) -> str:
    """A safe file name: letters, digits, dot, dash and underscore."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "figure"


def find_browser() -> str | None:
    """The program in BROWSER_PATH, else the first known browser on the PATH, else the one kaleido would find itself."""
    named = os.environ.get("BROWSER_PATH")
    if named:
        return named if os.access(named, os.X_OK) else None
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found:
        return found
    from choreographer.browsers.chromium import Chromium

    return Chromium.find_browser(skip_local=False)


def written(path: Path, content: bytes) -> Path:
    """Write whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    os.replace(part, path)
    return path


def drawings(
    jobs: Sequence[tuple[str, str, Figure]], folder: Path, browser: str, progress: Progress | None
) -> tuple[list[Path], str]:
    """Draw all jobs in a thread of their own (a notebook's event loop is busy); failures become the message."""
    paths: list[Path] = []
    failed: list[str] = []

    def work() -> None:
        try:
            asyncio.run(draw(jobs, folder, browser, progress, (paths, failed)))
        except Exception as error:
            failed.append(f"the browser {browser} did not start or stopped: {one_line(error)}")

    thread = Thread(target=work)
    thread.start()
    thread.join()
    return paths, "; ".join(failed)


async def draw(
    jobs: Sequence[tuple[str, str, Figure]],
    folder: Path,
    browser: str,
    progress: Progress | None,
    out: tuple[list[Path], list[str]],
) -> None:
    """One browser with a few pages, each drawing one figure after the other; nothing is fetched from the network."""
    from kaleido import Kaleido

    waiting = list(enumerate(jobs))
    drawn: dict[int, Path] = {}

    async def page(kaleido: Any) -> None:
        while waiting:
            index, (name, kind, figure) = waiting.pop(0)
            if progress:
                progress(index, len(jobs), f"{name}.{kind}")
            try:
                content = await kaleido.calc_fig(figure_json(figure), opts=options(figure, kind))
                drawn[index] = written(folder / f"{file_name(name)}.{kind}", content)
            except Exception as error:
                out[1].append(f"{name}.{kind} could not be drawn: {one_line(error)}")

    pages = max(1, min(PAGES, os.cpu_count() or 1, len(jobs)))
    try:
        async with Kaleido(n=pages, timeout=120, path=browser, mathjax=False) as kaleido:
            await asyncio.gather(*(page(kaleido) for _ in range(pages)))
    finally:
        out[0].extend(drawn[index] for index in sorted(drawn))


def figure_json(figure: Figure) -> dict[str, Any]:
    """Plain JSON of the figure, without the bindings that only a report page reads."""
    content = figure.to_plotly_json()
    for trace in content["data"]:
        trace.pop("meta", None)
    content["layout"].pop("meta", None)
    return content


def options(figure: Figure, kind: str) -> dict[str, Any]:
    """Format and size; PNG at three times the screen's resolution."""
    return {
        "format": kind,
        "width": figure.layout.width or 900,
        "height": figure.layout.height or 540,
        "scale": 3 if kind == "png" else 1,
    }


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
