"""What the script of a page gets: tables, pictures without their data, labels, both themes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.palette import swaps, template
from workbench.plots.words import LABELS, label
from workbench.report.columns import encoded
from workbench.report.listing import shown_columns
from workbench.report.panels import Panel


def payload(
    tables: Mapping[str, pd.DataFrame], drawn: Sequence[tuple[Panel, Figure | None]], listed: Sequence[str]
) -> dict[str, Any]:
    """The page's JSON; ``listed`` are the tables that the page shows in full."""
    pictures = [(panel, figure) for panel, figure in drawn if figure is not None]
    present = [name for name in listed if name in tables]
    return {
        "tables": used_tables(tables, [panel for panel, _ in pictures], present),
        "panels": [panel_json(panel, figure) for panel, figure in pictures],
        "listed": [{"name": name, "columns": shown_columns(tables[name])} for name in present],
        "labels": {name: label(name) for name in LABELS},
        "swaps": swaps("dark"),
        "templates": {theme: template(theme) for theme in ("light", "dark")},
    }


def panel_json(panel: Panel, figure: Figure) -> dict[str, Any]:
    """The picture without its data, its table, its choices."""
    content = bare(figure)
    return {
        "name": panel.name,
        "table": panel.table,
        "figure": content,
        "count": panel.count,
        "selectors": [
            {
                "name": s.name,
                "label": s.label,
                "value": plain_json(s.value),
                "axis": s.axis,
                "options": [[plain_json(v), text] for v, text in s.options],
            }
            for s in panel.selectors
        ],
        "readout": None
        if panel.readout is None
        else {
            "table": panel.readout.table,
            "where": dict(panel.readout.where),
            "text": panel.readout.text,
            "missing": panel.readout.missing,
        },
    }


def bare(figure: Figure) -> dict[str, Any]:
    """The figure's JSON without title and template (the page has its own) and without the arrays that are bound."""
    content = plain_json(figure.to_plotly_json())
    for name in ("title", "template"):
        content["layout"].pop(name, None)
    for trace in content["data"]:
        for place in trace.get("meta", {}).get("bind", {}):
            *path, last = place.split(".")
            target = trace
            for step in path:
                target = target[step]
            target.pop(last, None)
    return content


def plain_json(value: Any) -> Any:
    """Numpy and tuples as lists and numbers."""
    if isinstance(value, Mapping):
        return {str(k): plain_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain_json(v) for v in value]
    if isinstance(value, np.generic):
        return plain_json(value.item())
    return None if isinstance(value, float) and not np.isfinite(value) else value


def used_tables(tables: Mapping[str, pd.DataFrame], panels: Sequence[Panel], listed: Sequence[str]) -> dict[str, Any]:
    """Every table that a panel, a readout or the tables' section needs, once, with the columns that are used."""
    columns: dict[str, set[str] | None] = {}
    for panel in panels:
        columns[panel.table] = merged(columns.get(panel.table, set()), set(panel.columns) or None)
        if panel.readout:
            columns[panel.readout.table] = None
    columns |= {name: None for name in listed}
    return {
        name: encoded(tables[name], None if wanted is None else [c for c in tables[name] if c in wanted])
        for name, wanted in columns.items()
        if name in tables
    }


def merged(one: set[str] | None, other: set[str] | None) -> set[str] | None:
    return None if one is None or other is None else one | other
