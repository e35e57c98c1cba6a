# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Two records, cell by cell: the odd effect in one against the other."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT, kind_marks
from workbench.plots.picture import axis, needs, order, picture
from workbench.plots.words import plain

CELL = ["concept", "prompt_type", "layer"]


def paired(first: pd.DataFrame, second: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Cells that both tables have: ``<column>_first`` and ``<column>_second``, intervals as ``…_first_low``.

    Layers are compared as text, so that a table read back from a file meets one from memory.
    """
    about = [*CELL, *(c for c in ("title", "kind") if c in first)]
    sides = []
    for table, name in ((first, "first"), (second, "second")):
        names = {
            f"{c}{end}": f"{c}_{name}{end}" for c in columns for end in ("", "_low", "_high") if f"{c}{end}" in table
        }
        kept = about if name == "first" else CELL
        sides.append(table[[*kept, *names]].assign(layer=table["layer"].astype(str)).rename(columns=names))
    return sides[0].merge(sides[1], on=CELL)


def paired_effects(table: pd.DataFrame, value: str = "odd") -> Figure:
    """Scatter of ``<value>_first`` (x) and ``<value>_second`` (y) with intervals and the line of equality."""
    x, y = f"{value}_first", f"{value}_second"
    needs(table, "concept", "kind", x, y)
    names = {
        "x": (x, f"{x}_low", f"{x}_high"),
        "y": (y, f"{y}_low", f"{y}_high"),
    }
    bind = {"customdata": ("stack", "concept", "prompt_type", "layer")}
    for letter, (centre, low, high) in names.items():
        bind |= {
            letter: centre,
            f"error_{letter}.array": ("-", high, centre),
            f"error_{letter}.arrayminus": ("-", centre, low),
        }
    traces = [
        bound(
            table,
            bind,
            where={"kind": kind},
            type="scatter",
            mode="markers",
            name=plain(kind),
            marker={"color": colour, "symbol": mark, "size": 8, "opacity": 0.85},
            error_x={"color": colour, "thickness": 1, "width": 0},
            error_y={"color": colour, "thickness": 1, "width": 0},
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}, layer %{customdata[2]}"
            "<br>first %{x:.2f}, second %{y:.2f}<extra></extra>",
        )
        for kind, (colour, mark) in kind_marks(order(table["kind"])).items()
    ]
    ends = table[[x, y]].to_numpy(dtype=float)
    low, high = (float(ends.min()), float(ends.max())) if len(table) else (0.0, 1.0)
    layout = {
        "xaxis": axis("first record: odd effect (log-odds)"),
        "yaxis": axis("second record: odd effect (log-odds)"),
        "shapes": [
            {
                "type": "line",
                "x0": low,
                "x1": high,
                "y0": low,
                "y1": high,
                "layer": "between",
                "line": {"color": LIGHT["zero"], "width": 1.5, "dash": "dash"},
            }
        ],
    }
    return picture(
        traces,
        title="Odd effects, cell by cell",
        layout=layout,
        see="Points on the dashed line have the same effect in both records; points that leave it together show "
        "a systematic change.",
    )
