"""The index of asymmetry with its interval and verdict: one row per method, or per concept."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT
from workbench.plots.picture import ZERO, axis, needs, picture

MARGIN = 0.2
# verdict -> colour, mark: told apart without colour as well
VERDICTS = {
    "symmetric": (LIGHT["green"], "circle"),
    "asymmetric": (LIGHT["vermillion"], "diamond"),
    "undetermined": (LIGHT["grey"], "circle-open"),
}


def symmetry_forest(results: pd.DataFrame, rows: str = "method", margin: float = MARGIN) -> Figure:
    """A per row with its 95 % interval; mark and colour are the verdict over budgets.

    ``results`` holds ``rows`` ("method" of one concept, or "concept" of one method), index, index_low, index_high,
    verdict, and reason and budget for the hover box. The shaded strip is the margin within which control counts as
    symmetric.
    """
    needs(results, rows, "index", "index_low", "index_high", "verdict")
    traces = [
        bound(
            results,
            {
                "x": "index",
                "y": rows,
                "error_x.array": ("-", "index_high", "index"),
                "error_x.arrayminus": ("-", "index", "index_low"),
                "customdata": ("stack", ("wrap", "reason"), "budget", "gain_aligned", "gain_unaligned", "flag"),
            },
            where={"verdict": verdict},
            type="scatter",
            mode="markers",
            name=verdict,
            marker={"color": colour, "symbol": mark, "size": 10, "line": {"width": 1.5, "color": colour}},
            error_x={"color": colour, "thickness": 1.8, "width": 0},
            hovertemplate="<b>%{y}</b><br>A = %{x:.2f} at %{customdata[1]}<br>gains %{customdata[2]:.2f} aligned, "
            "%{customdata[3]:.2f} unaligned<br>%{customdata[0]}<br>%{customdata[4]}<extra>%{fullData.name}</extra>",
        )
        for verdict, (colour, mark) in VERDICTS.items()
    ]
    strip = {"type": "rect", "x0": -margin, "x1": margin, "yref": "paper", "y0": 0, "y1": 1, "line": {"width": 0}}
    line = {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "line": ZERO, "layer": "between"}
    layout = {
        "xaxis": axis("index A (below 0 easier to unalign, above 0 easier to align)", range=[-1.05, 1.05], dtick=0.5),
        "yaxis": {"type": "category", "autorange": "reversed"},
        "shapes": [{**strip, "fillcolor": LIGHT["band_grey"], "layer": "below"}, line],
    }
    return picture(
        traces,
        title="Is control symmetric?",
        layout=layout,
        see="A whole interval inside the grey strip is symmetric control; one that leaves 0 and exceeds what placebos "
        "do is asymmetric; everything else is undetermined. A row without a mark has no control to judge.",
    )
