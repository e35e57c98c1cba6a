"""The frame every picture shares: title, one sentence of what to see, axis titles with units, zero lines."""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import put, resolved
from workbench.plots.palette import LIGHT, template
from workbench.types import WorkbenchError

ZERO = {"color": LIGHT["zero"], "width": 1}


def picture(
    traces: Sequence[Mapping[str, Any]],
    *,
    title: str,
    see: str,
    layout: Mapping[str, Any],
    choice: Mapping[str, str] | None = None,
) -> Figure:
    """A figure in the light theme. ``layout["meta"]["bind"]`` may name axis titles that follow the reader's choice."""
    layout = dict(layout)
    for place, source in layout.get("meta", {}).get("bind", {}).items():
        put(layout, place, resolved(pd.DataFrame(), source, choice or {}, {}))
    layout["title"] = {"text": title, "subtitle": {"text": "<br>".join(wrap(see, 110))}}
    layout["template"] = template("light")
    return Figure(data=list(traces), layout=layout)


def axis(title: str, **more: Any) -> dict:
    """An axis with a title."""
    return {"title": {"text": title}, **more}


def needs(frame: pd.DataFrame, *columns: str) -> None:
    """Raise one line naming the columns that a picture wants and the table lacks."""
    missing = [c for c in columns if c not in frame]
    if missing:
        raise WorkbenchError(
            f"the table lacks {', '.join(missing)}; the picture needs {', '.join(columns)}: "
            "compute the table again with this version"
        )


def order(series: pd.Series) -> list:
    """The distinct values: numbers by size, text in order of appearance."""
    found = list(dict.fromkeys(series.dropna()))
    return sorted(found) if pd.api.types.is_numeric_dtype(series) else found
