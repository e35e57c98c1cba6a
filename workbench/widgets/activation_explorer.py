# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The activation explorer: what a direction or a probe reads at every token, layer by layer, in one or two texts."""

from collections.abc import Mapping
from typing import Any

import ipywidgets as ip
import pandas as pd

from workbench.plots import token_heatmap
from workbench.types import Probe
from workbench.widgets import shown
from workbench.widgets.panel import Panel
from workbench.widgets.pictures import Pictures
from workbench.widgets.reading import PROJECTION, quality, readers, readings
from workbench.widgets.steering import Setting, Steering
from workbench.widgets.token_text import legend_html, quality_html, scale_of, tokens_html

# a heat map with more columns than this is a smear: the tokens say it better
COLUMNS = 80


class ActivationExplorer(Panel):
    """Tokens coloured by the projection on a direction, or by a probe; show it by naming it in a cell.

    ``probes`` are offered beside the projection: name -> probe (fitted here, at each layer, on the fitting part).
    ``text`` and ``other`` are free texts; paragraphs that begin with "User:" or "Assistant:" are a dialogue. Without
    any text the first evaluation question is read. Numbers: :func:`workbench.widgets.reading.readings`.
    """

    title = "What every token holds"

    def __init__(  # noqa: PLR0913 - what is read, by what, and where to begin
        self,
        steering: Steering,
        probes: Mapping[str, Probe] | None = None,
        text: str = "",
        other: str = "",
        setting: Setting | None = None,
    ):
        self.probes = dict(probes or {})
        look = {"style": {"description_width": "110px"}, "layout": ip.Layout(width="98%"), "rows": 3}
        own = {
            "reader": ip.Dropdown(options=(PROJECTION, *self.probes), description="read by", style=look["style"],
                                  layout=look["layout"]),
            "text": ip.Textarea(value=text, description="text or dialogue",
                                placeholder="empty: the first question to evaluate on", **look),
            "other": ip.Textarea(value=other, description="compare with", placeholder="empty: nothing", **look),
        }  # fmt: skip
        parts: dict[str, Any] = {name: ip.HTML() for name in ("quality", "text", "other", "legend")}
        parts["pictures"] = Pictures()
        super().__init__(steering, setting, own, parts)

    @property
    def probe(self) -> Probe | None:
        """The probe that reads; None for the projection."""
        return self.probes.get(self.controls["reader"].value)

    def draw(self, setting: Setting) -> None:
        """Reads both texts at every layer and shows the setting's."""
        texts = self._texts(setting)
        tables = {name: readings(self.steering, setting, text, self.probe) for name, text in texts.items()}
        unit = readers(self.steering, setting, self.probe).unit
        scale = scale_of(list(tables.values()), setting.layer)
        layers = range(self.steering.model.n_layers)
        self.parts["quality"].value = quality_html(dict(quality(self.steering, setting, self.probe)), setting.layer)
        self.parts["legend"].value = legend_html(scale, unit)
        for name in ("text", "other"):
            if name not in tables:
                self.parts[name].value = ""
                self.parts["pictures"].drop(name)
                continue
            title = f"{'first' if name == 'text' else 'second'} text, layer {setting.layer}"
            self.parts[name].value = tokens_html(tables[name], setting.layer, scale, title, unit)
            self._heat(name, tables[name], unit, max(scale_of(list(tables.values()), k) for k in layers))

    def _heat(self, name: str, table: pd.DataFrame, unit: str, scale: float) -> None:
        """The heat map of a text that is short enough for one; both texts on one scale."""
        if int(table["position"].max()) >= COLUMNS:
            self.parts["pictures"].drop(name)
            return
        figure = token_heatmap(table, unit.partition(",")[0])
        title = {"text": f"Layer by token, {'first' if name == 'text' else 'second'} text", "subtitle": None}
        figure.update_layout(title=title, **shown.frame()).update_traces(zmin=-scale, zmax=scale)
        self.parts["pictures"].show(name, figure)

    def _texts(self, setting: Setting) -> dict[str, str | tuple[str, str]]:
        """What to read: the free texts, or the first question where there is none."""
        first = self.controls["text"].value
        found: dict[str, str | tuple[str, str]] = {"text": first or self.steering.prompt(setting)}
        return found | ({"other": self.controls["other"].value} if self.controls["other"].value else {})
