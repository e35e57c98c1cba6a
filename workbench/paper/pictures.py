"""The pictures of a record, each with its caption, in the size of a column or of a page."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from plotly.graph_objects import Figure

from workbench.figures import WIDTHS, in_column
from workbench.paper import latex
from workbench.paper.captions import caption, source, title_of
from workbench.report.panels import captioned, guarded, rows_of
from workbench.report.write import atomic, parts_of, printable
from workbench.types import WorkbenchError

# pictures of many small ones, which never fit a single column
WIDE = ("propensity-overview",)


@dataclass(frozen=True)
class Picture:
    """A figure ready to draw, the rows it shows, the title and text of its caption (plain characters), its width."""

    name: str
    figure: Figure
    rows: pd.DataFrame
    title: str
    caption: str
    width: str = "double"


def pictures(record: Any, width: str = "") -> tuple[list[Picture], dict[str, str]]:
    """(pictures, name -> why a picture is missing) of a record's report, whatever its study.

    ``width``: "single" or "double" for a figure of that column width without title (the caption has it); empty for the
    size and title of the report. A picture in ``WIDE`` is "double" in both. Raises WorkbenchError for another width.
    """
    if width and width not in WIDTHS:
        raise WorkbenchError(f"width {width!r} is unknown; expected one of {', '.join(WIDTHS)}")
    tables, panels, _ = parts_of(record)
    made, missing, origin = [], {}, source(record)
    for panel, figure in (guarded(p, tables) for p in panels):
        if figure is None:
            missing[panel.name] = panel.reason
            continue
        shown = printable(captioned(panel, figure, tables), panel.name)
        own = "double" if panel.name in WIDE else width or "double"
        shown = in_column(shown, own) if width else shown
        text = caption(panel, figure, tables, record.config, origin)
        made.append(Picture(panel.name, shown, rows_of(panel, tables), title_of(panel), text, own))
    return made, missing


def write_captions(made: Iterable[Picture], folder: Path) -> list[Path]:
    """Write ``NAME.caption.txt`` and the LaTeX snippet ``NAME.tex`` of every picture beside it."""
    paths = []
    for picture in made:
        text = f"{latex.stopped(picture.title)} {picture.caption}\n"
        paths.append(atomic(folder / f"{picture.name}.caption.txt", text))
        snippet = latex.figure(picture.name, latex.titled(picture.title, picture.caption), picture.width)
        paths.append(atomic(folder / f"{picture.name}.tex", snippet))
    return paths
