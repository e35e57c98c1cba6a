# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The geometry explorer: both poles on the line and in space, steered and not, and cosines between directions."""

from dataclasses import replace
from typing import Any

import ipywidgets as ip

from workbench.plots import cosine_matrix, line_points, space_points
from workbench.widgets import shown
from workbench.widgets.inputs import titled
from workbench.widgets.panel import Panel
from workbench.widgets.pictures import Pictures
from workbench.widgets.points import BETWEEN, HELD_OUT, cosines, figures, points, slope_rows, view
from workbench.widgets.points_shown import figures_html, prompts_html
from workbench.widgets.steering import Setting, Steering

WHOLE, ACROSS = "as fitted", "across halves (no shared noise)"
NOBODY = "(none)"


class GeometryExplorer(Panel):
    """Projections, components and cosines of a setting; show it by naming it in a cell.

    Clicking a point, or dragging a box over some, lists their prompts with slopes; the list "prompt" does the same from
    the keyboard. Numbers: :mod:`workbench.widgets.points`.
    """

    title = "Geometry of a direction"

    def __init__(self, steering: Steering, setting: Setting | None = None):
        look = {"style": {"description_width": "110px"}, "layout": ip.Layout(width="98%")}
        begin, top = setting or steering.start(), steering.model.n_layers - 1
        own: dict[str, Any] = {
            "multiplier": ip.FloatSlider(1.0, min=-2, max=2, step=0.25, description="steered by λ", **look),
            "read": ip.IntSlider(begin.layer, min=0, max=top, description="read at layer", **look),
            "dimensions": ip.Dropdown(options=[("2-D", 2), ("3-D", 3)], description="components", **look),
            "between": ip.Dropdown(options=BETWEEN, description="cosines between", **look),
            "cosine": ip.Dropdown(options=(WHOLE, ACROSS), description="cosines are", **look),
            "prompt": ip.Dropdown(options=[NOBODY], description="prompt", **look),
        }
        parts: dict[str, Any] = {"figures": ip.HTML(), "pictures": Pictures(), "picked": ip.HTML(), "note": ip.HTML()}
        self._drawn: Any = None
        super().__init__(steering, setting, own, parts)
        self.parts["pictures"].observe(self._picked, "picked")

    def draw(self, setting: Setting) -> None:
        """Computes the points, figures and cosines of the setting; steering below the read layer only."""
        multiplier, dimensions = self.controls["multiplier"].value, self.controls["dimensions"].value
        read = max(self.controls["read"].value, setting.layer)
        if read != self.controls["read"].value:
            self._quiet, self.controls["read"].value = True, read
            self._quiet = False
        asked = (setting, multiplier, read, dimensions)
        if asked != self._drawn:
            self._draw_points(setting, multiplier, read, dimensions)
            self._drawn = asked
        self._draw_cosines(setting)
        self._list([] if self.controls["prompt"].value == NOBODY else [self.controls["prompt"].value])

    def _draw_points(self, setting: Setting, multiplier: float, read: int, dimensions: int) -> None:
        """The line, the space, their figures, and the prompts to choose from."""
        found = points(self.steering, setting, multiplier, read)
        self._slopes = slope_rows(self.steering, setting)
        shares = view(self.steering, replace(setting, layer=read)).shares
        self.parts["figures"].value = figures_html(figures(self.steering, setting, multiplier, read))
        self._show("line", line_points(found))
        held = found[found["condition"].str.startswith(HELD_OUT)]
        self._show("space", space_points(held, list(shares), dimensions))
        listed = [(f"{row.slope:+.2f} · {titled(str(row.question))}", row.prompt) for row in self._slopes.itertuples()]
        self.choose("prompt", [(NOBODY, NOBODY), *listed])

    def _draw_cosines(self, setting: Setting) -> None:
        """The matrix, with the diagonal that belongs to the kind of cosine."""
        between, kind = self.controls["between"].value, self.controls["cosine"].value
        table = cosines(self.steering, setting, between)
        names = list(dict.fromkeys(table["a"]))
        if kind == ACROSS:
            table = table.assign(cosine=table["across"])
        self._show("cosines", cosine_matrix(table[["a", "b", "cosine"]], names, between))
        width = self.steering.model.d_model
        diagonal = "its diagonal is the split-half cosine, the ceiling that noise sets for its row and column"
        warn = "directions fitted on the same questions share their noise: compare with “across halves”"
        said = diagonal if kind == ACROSS else f'<span class="wb-warn">⚠ in-sample: {warn}</span>'
        self.parts["note"].value = (
            f'<div class="wb-soft">cosines {kind}: {said}. Two random directions of {width} dimensions reach '
            f"±{1.96 / width**0.5:.2f} (95 %).</div>"
        )

    def _show(self, name: str, figure: Any) -> None:
        figure.update_layout(title={"subtitle": None}, **shown.frame())
        if name == "cosines":
            figure.update_layout(height=420)
        self.parts["pictures"].show(name, figure)

    def _picked(self, change: dict) -> None:
        """Points that were clicked or brushed."""
        self._list(list(change["new"].get("ids", ())))

    def _list(self, picked: list[str]) -> None:
        self.parts["picked"].value = prompts_html(self._slopes, picked)
