# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The anti-steerable browser: every question by its slope, linked to its curve and its tokens."""

from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets as ip
import pandas as pd

from workbench.evaluation import anti_steerable
from workbench.plots import prompt_slopes
from workbench.types import Effect
from workbench.widgets import shown
from workbench.widgets.inputs import titled
from workbench.widgets.panel import Panel
from workbench.widgets.pictures import Pictures
from workbench.widgets.points import slope_rows
from workbench.widgets.points_shown import verdict
from workbench.widgets.reading import readers, readings
from workbench.widgets.rows import Rows
from workbench.widgets.steering import Setting, Steering
from workbench.widgets.token_text import legend_html, scale_of, tokens_html

COLUMNS = ("question", "group", "positive answer", "slope", "Δ(+1)", "Δ(−1)", "unsteered", "under steering")
NO_POINTS = pd.DataFrame({"pole": [], "multiplier": [], "change": []})


class PromptBrowser(Panel):
    """Questions that steering was not fitted on, sortable by slope; the chosen one's curve and tokens below.

    Numbers: :func:`workbench.evaluation.slope_table`, :meth:`Steering.curve`, :func:`workbench.widgets.readings`.
    """

    title = "Questions by slope"
    fields = ("concept", "prompt_type", "method", "layer", "operator", "where")

    def __init__(self, steering: Steering, setting: Setting | None = None):
        table = Rows(label="questions by slope", sorting={"column": "slope", "down": False})
        parts: dict[str, Any] = {
            "summary": ip.HTML(), "table": table, "question": ip.HTML(), "pictures": Pictures(), "tokens": ip.HTML(),
        }  # fmt: skip
        super().__init__(steering, setting, {}, parts)
        table.observe(self._chosen, "chosen")
        parts["pictures"].observe(self._picked, "picked")

    def draw(self, setting: Setting) -> None:
        """The table of the setting, then what belongs to the chosen question."""
        table = slope_rows(self.steering, setting)
        self._table = table
        rows = [
            [titled(r.question), r.group, r.positive_answer, r.slope, r.delta_plus, r.delta_minus, r.base,
             verdict(r.anti, r.beyond)]
            for r in table.itertuples()
        ]  # fmt: skip
        self._quiet = True
        self.parts["table"].show(COLUMNS, rows, table["prompt"].tolist())
        self._quiet = False
        self.parts["summary"].value = self._summary(setting, table)
        self._slopes()
        self._follow(setting)

    def _summary(self, setting: Setting, table: pd.DataFrame) -> str:
        """How many move the wrong way, with intervals, and what the table's ends are worth."""
        cube = self.steering.curves(setting)
        bound = float(table["bound"].iloc[0])
        found = anti_steerable(
            cube.curve(setting.site, "own"), cube.multipliers, cube.groups, bound if bound == bound else None
        )
        names = {"braun": "Δ(1) &lt; 0", "tan": "slope ≤ 0", "eps": "slope below what random directions reach"}
        said = " · ".join(f"{names[key]}: {_share(effect)}" for key, effect in found.items())
        return (
            f'<div class="wb-soft">{len(table)} held-out questions, {table["group"].nunique()} groups. Anti-steerable '
            f"shares: {said}. Random directions of the same norm give |slope| up to {bound:.2f} (97.5 %).<br>"
            '<span class="wb-warn">⚠ the ends of a sorted list are picked for being extreme: expect their slopes to be '
            "smaller on a rephrased question</span></div>"
        )

    def _slopes(self) -> None:
        """All slopes as bars that can be clicked."""
        figure = prompt_slopes(self._table)
        for trace, flag in zip(figure.data, (False, True), strict=True):
            trace.ids = self._table.loc[self._table["anti"] == flag, "prompt"].tolist()
        figure.update_layout(title={"subtitle": None}, **shown.frame())
        self.parts["pictures"].show("slopes", figure)

    def _follow(self, setting: Setting) -> None:
        """Curve and tokens of the chosen question."""
        at = replace(setting, pair=self.parts["table"].chosen, text="")
        pair = self.steering.pair(at)
        self.parts["question"].value = (
            f'<div class="wb-soft" role="status">chosen question · aligned answer “{escape(pair.aligned.strip())}”, '
            f"unaligned “{escape(pair.unaligned.strip())}”</div>{shown.prompt_html(pair.question)}"
        )
        curve = shown.curve_figure(self.steering.curve(at), self.steering.prompt_curve(at), NO_POINTS)
        self.parts["pictures"].show("curve", curve)
        table, unit = readings(self.steering, at, self.steering.prompt(at)), readers(self.steering, at).unit
        scale = scale_of([table], at.layer)
        words = tokens_html(table, at.layer, scale, f"its tokens, layer {at.layer}", unit)
        self.parts["tokens"].value = words + legend_html(scale, unit)

    def _chosen(self, change: dict) -> None:
        """Another row was chosen."""
        if self._quiet:
            return
        with self.guarded():
            self._follow(self.setting)

    def _picked(self, change: dict) -> None:
        """A bar was clicked: its row is chosen."""
        ids = change["new"].get("ids", ())
        if ids:
            self.parts["table"].chosen = ids[0]


def _share(effect: Effect) -> str:
    return f"{effect.estimate:.0%} [{effect.low:.0%}, {effect.high:.0%}]"
