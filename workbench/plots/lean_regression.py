"""The difference of the gains against the base lean, and its value where the model does not lean."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import KINDS, LIGHT, kind_marks
from workbench.plots.picture import ZERO, axis, needs, picture


def lean_regression(lean: pd.DataFrame) -> Figure:
    """g⁺ − g⁻ of every concept over its unsteered lean (read on other items), with the line of the value concepts.

    ``lean`` holds one method: concept, kind, lean, difference, difference_low, difference_high, fitted (the line at
    each lean, empty where there is none).
    """
    needs(lean, "concept", "kind", "lean", "difference")
    marks = kind_marks([kind for kind in (*KINDS, *lean["kind"]) if kind in set(lean["kind"])])
    traces = [
        bound(
            lean,
            {
                "x": "lean",
                "y": "difference",
                "error_y.array": ("-", "difference_high", "difference"),
                "error_y.arrayminus": ("-", "difference", "difference_low"),
                "customdata": ("stack", "concept", "gain_aligned", "gain_unaligned"),
            },
            where={"kind": kind},
            type="scatter",
            mode="markers",
            name=f"{kind} concepts",
            marker={"color": colour, "symbol": mark, "size": 9},
            error_y={"color": colour, "thickness": 1.2, "width": 0},
            hovertemplate="<b>%{customdata[0]}</b><br>lean %{x:.2f}, gains %{customdata[1]:.2f} aligned, "
            "%{customdata[2]:.2f} unaligned<extra></extra>",
        )
        for kind, (colour, mark) in marks.items()
    ]
    line = {"color": LIGHT["soft"], "width": 2, "dash": "dash"}
    traces.append(
        bound(
            lean,
            {"x": "lean", "y": "fitted"},
            type="scatter",
            mode="lines",
            name="line of the value concepts",
            line=line,
            hoverinfo="skip",
        )  # fmt: skip
    )
    shape = {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "line": ZERO, "layer": "between"}
    layout = {
        "xaxis": axis("unsteered lean toward the aligned answer (log-odds, other items)"),
        "yaxis": axis("g⁺ − g⁻ (log-odds)"),
        "shapes": [shape],
    }
    return picture(
        traces,
        title="Is the asymmetry only the lean?",
        layout=layout,
        see="Read the line where it crosses the vertical at zero lean: at 0 there, a raw asymmetry is the echo of "
        "where the model started. Where no concept lies left of 0 nothing can be corrected.",
    )
