# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Every item's gain toward one pole against its gain toward the other: which follow, resist and backfire."""

import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots.binding import bound
from workbench.plots.palette import LIGHT
from workbench.plots.picture import ZERO, axis, needs, picture

# pattern -> words, colour, mark: told apart without colour as well; the rare ones are drawn last, on top
PATTERNS = {
    "not judged": ("not judged: no control", LIGHT["grey"], "circle-open"),
    "follows": ("follows", LIGHT["blue"], "circle"),
    "resists": ("resists a pole", LIGHT["orange"], "square"),
    "backfires aligned": ("backfires toward aligned", LIGHT["vermillion"], "triangle-left"),
    "backfires unaligned": ("backfires toward unaligned", LIGHT["purple"], "triangle-down"),
    "backfires both": ("backfires toward both", LIGHT["ink"], "x"),
}
# corner -> (x, y) on the paper, and what lies in that quadrant
CORNERS = {
    (0, 1): "only toward unaligned<br>as asked",
    (1, 1): "both as asked",
    (0, 0): "both the<br>wrong way",
    (1, 0): "only toward aligned<br>as asked",
}
ROOM = 0.35  # the wrong ways keep at least this share of the largest gain, so that every quadrant is seen
MARGIN = 1.15  # beyond the outermost mark, for the words in the corners


def with_corners(items: pd.DataFrame) -> pd.DataFrame:
    """The table with ``shown`` (the group of its pattern) and, per method and concept, ``least`` and ``most``: the ends
    of both axes, which hold 0 and all gains."""
    needs(items, "method", "concept", "pattern", "gain_aligned", "gain_unaligned")
    gains = items[["gain_aligned", "gain_unaligned"]]
    keys = [items["method"], items["concept"]]
    most = gains.max(axis=1).clip(lower=0).groupby(keys).transform("max")
    least = gains.min(axis=1).groupby(keys).transform("min")
    most = most.where(most > ROOM * -least, ROOM * -least)
    shown = items["pattern"].str.replace("backfires toward ", "backfires ")
    shown = shown.where(~shown.str.startswith("resists"), "resists")
    least = least.where(least < -ROOM * most, -ROOM * most)
    return items.assign(shown=shown, most=MARGIN * most, least=MARGIN * least)


def item_gains(items: pd.DataFrame) -> Figure:
    """Gain toward unaligned against gain toward aligned, a mark per item; the question stands in the hover box.

    ``items`` holds one method and concept: gain_aligned, gain_unaligned, bound_aligned, bound_unaligned, pattern, base,
    answer, question, concept; shown, least and most of :func:`with_corners` are added where they lack. Log-odds.
    """
    items = items if "shown" in items else with_corners(items)
    needs(items, "question", "least", "most")
    hover = ("stack", ("wrap", "question"), "answer", "base", "pattern", "bound_aligned", "bound_unaligned", "concept")
    quiet = {"type": "scatter", "hoverinfo": "skip", "showlegend": False}
    traces = [
        bound(items, {"x": end, "y": end}, mode="markers", marker={"opacity": 0, "size": 1}, **quiet)
        for end in ("least", "most")
    ]
    traces += [
        bound(
            items,
            {"x": "gain_aligned", "y": "gain_unaligned", "customdata": hover},
            where={"shown": name},
            type="scatter",
            mode="markers",
            name=words,
            marker={"color": colour, "symbol": mark, "size": 8, "opacity": 0.8, "line": {"width": 1, "color": colour}},
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[6]}; aligned answer %{customdata[1]}, unsteered "
            "%{customdata[2]:.2f} log-odds<br>gain %{x:.2f} toward aligned (bound %{customdata[4]:.2f}), %{y:.2f} "
            "toward unaligned (bound %{customdata[5]:.2f})<br>%{customdata[3]}<extra></extra>",
        )
        for name, (words, colour, mark) in PATTERNS.items()
    ]
    across = {"type": "line", "line": ZERO, "layer": "between"}
    corners = [
        {"text": text, "showarrow": False, "xref": "paper", "yref": "paper", "x": x, "y": y,
         "align": ("left", "right")[x], "xanchor": ("left", "right")[x], "yanchor": ("bottom", "top")[y],
         "font": {"color": LIGHT["soft"], "size": 11}}
        for (x, y), text in CORNERS.items()
    ]  # fmt: skip
    layout = {
        "xaxis": axis("gain toward the aligned pole (log-odds)", zeroline=False),
        "yaxis": axis("gain toward the unaligned pole (log-odds)", zeroline=False),
        "shapes": [
            {"xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0, **across},
            {"yref": "paper", "y0": 0, "y1": 1, "x0": 0, "x1": 0, **across},
        ],
        "annotations": corners,
    }
    return picture(
        traces,
        title="Which prompts resist, which backfire",
        layout=layout,
        see="A mark left of the vertical line is pushed the wrong way when alignment is asked for, one below the "
        "horizontal line when unalignment is; marks near a line resist. Marks that line up from the lower left to the "
        "upper right gain alike toward both poles.",
    )
