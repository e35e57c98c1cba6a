"""Reading against writing: what a probe can decode, and what the same place can be made to do."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT
from workbench.plots.picture import ZERO, axis, needs, picture


def joined(probes: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Probes beside the odd effect of the same concept and layer, one row per prompt type; ``state`` as text."""
    wanted = ["concept", "prompt_type", "layer", "odd", "odd_low", "odd_high", "inert"]
    table = probes.merge(cells[[c for c in wanted if c in cells]], on=["concept", "layer"])
    flags = table["inert"] if "inert" in table else pd.Series(False, index=table.index)
    return table.assign(state=["inert" if flag else "acts" for flag in flags])


def read_write(table: pd.DataFrame) -> Figure:
    """AUROC of a probe against the odd effect of steering, for one probe kind, prompt type and layer."""
    needs(table, "concept", "auroc", "odd", "state")
    marks = (
        ("acts", "decodable and acts", LIGHT["blue"], "circle"),
        ("inert", "decodable but inert", LIGHT["vermillion"], "x"),
    )
    traces = [
        bound(
            table,
            {
                "x": "auroc",
                "y": "odd",
                "error_x.array": ("-", "auroc_high", "auroc"),
                "error_x.arrayminus": ("-", "auroc", "auroc_low"),
                "error_y.array": ("-", "odd_high", "odd"),
                "error_y.arrayminus": ("-", "odd", "odd_low"),
                "customdata": ("stack", "concept", "selectivity"),
            },
            where={"state": state},
            type="scatter",
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": mark, "size": 9},
            error_x={"color": colour, "thickness": 1, "width": 0},
            error_y={"color": colour, "thickness": 1, "width": 0},
            hovertemplate="<b>%{customdata[0]}</b><br>AUROC %{x:.2f}, selectivity %{customdata[1]:.2f}"
            "<br>odd effect %{y:.2f} log-odds<extra></extra>",
        )
        for state, name, colour, mark in marks
    ]
    layout = {
        "xaxis": axis("AUROC of the probe (held out; 0.5 = chance)"),
        "yaxis": axis("odd effect (log-odds)"),
        "shapes": [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0, "line": ZERO, "layer": "between"}
        ],
    }
    return picture(
        traces,
        title="Reading against writing",
        layout=layout,
        see="Crosses at the lower right can be read off with ease and yet do nothing when written: a good probe "
        "is no evidence of control.",
    )
