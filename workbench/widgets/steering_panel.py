"""The steering panel: sliders and pickers over a :class:`Steering`. It computes nothing itself."""

from dataclasses import replace
from time import perf_counter
from typing import Any

import ipywidgets as ip

from workbench.types import POLES
from workbench.widgets import shown
from workbench.widgets.as_code import as_code
from workbench.widgets.inputs import Debounced, inputs, titled
from workbench.widgets.notices import notices
from workbench.widgets.pictures import Pictures
from workbench.widgets.steering import Setting, Steering
from workbench.widgets.text import answers, completions, divergence


class SteeringPanel(ip.VBox):
    """A view of ``steering`` for notebooks, keyboard and mouse: show it by naming it in a cell.

    ``controls`` holds the input widgets by the name of the setting's field, ``parts`` what is shown; ``setting`` reads
    or sets all controls. Errors become one line in the panel, and the last good numbers stay.
    """

    def __init__(self, steering: Steering, setting: Setting | None = None):
        self.steering = steering
        begin = setting or steering.start()
        self.controls = inputs(steering, begin)
        self.same = ip.Checkbox(True, description="same dose for both poles", indent=False)
        self.same.value = begin.aligned == begin.unaligned
        self.parts = _parts()
        self._quiet, self._asked = False, begin.concept
        self._later = Debounced(self.refresh)
        super().__init__(_laid_out(self.controls, self.same, self.parts))
        self.add_class("wb-steering")
        for name, control in self.controls.items():
            control.observe(self._linked if name in POLES else self._later, "value")
        self.same.observe(lambda change: self._linked({"owner": self.controls["aligned"]}), "value")
        self._ask(begin)
        self.refresh()

    @property
    def setting(self) -> Setting:
        """What the controls say."""
        return Setting(**{name: control.value for name, control in self.controls.items()})

    @setting.setter
    def setting(self, wanted: Setting) -> None:
        self._quiet = True
        self.same.value = wanted.aligned == wanted.unaligned
        self._ask(wanted)
        for name, control in self.controls.items():
            control.value = getattr(wanted, name)
        self._quiet = False
        self.refresh()

    def refresh(self) -> None:
        """Computes and shows the current setting: text and answers first, then what needs a sweep."""
        if self._quiet:
            return
        status, began = self.parts["status"], perf_counter()
        status.value = '<div class="wb-soft" role="status">computing …</div>'
        try:
            setting = self._settled()
            self._show_text(setting)
            self._show_curve(setting)
            self.parts["code"].value = as_code(self.steering, setting)
            read = "curve read from the sweep that was given" if self.steering.covers(setting) else "curve swept here"
            status.value = f'<div class="wb-soft" role="status">{perf_counter() - began:.1f} s · {read}</div>'
        # whatever fails belongs in the panel: an exception in a callback would be lost in the log
        except Exception as error:  # noqa: BLE001
            status.value = shown.error_html(error)

    def _show_text(self, setting: Setting) -> None:
        steering, parts = self.steering, self.parts
        table = answers(steering, setting)
        parts["dose"].value = shown.doses_html(steering.doses(setting), divergence(steering, setting))
        parts["prompt"].value = shown.prompt_html(steering.prompt(setting))
        parts["text"].value = shown.completions_html(completions(steering, setting), setting)
        parts["pictures"].show("bars", shown.answer_bars(table))
        self._table = table

    def _show_curve(self, setting: Setting) -> None:
        steering, parts = self.steering, self.parts
        fresh = shown.curve_figure(steering.curve(setting), steering.prompt_curve(setting), steering.points(setting))
        parts["pictures"].show("curve", fresh)
        parts["notices"].value = shown.notices_html(notices(steering, setting, self._table))

    def _linked(self, change: dict) -> None:
        """A moved dose takes the other one along where both are to be the same."""
        if self._quiet:
            return
        if self.same.value:
            self._quiet = True
            for pole in POLES:
                self.controls[pole].value = change["owner"].value
            self._quiet = False
        self._later()

    def _settled(self) -> Setting:
        """The setting, with the questions of its concept to choose from."""
        setting = self.setting
        if setting.concept != self._asked:
            setting = replace(setting, pair="")
            self._ask(setting)
            setting = self.setting
        return setting

    def _ask(self, setting: Setting) -> None:
        """Offers the concept's questions."""
        quiet, self._quiet = self._quiet, True
        try:
            pairs = self.steering.parts(setting)[1].pairs
            picker = self.controls["pair"]
            picker.options = [(f"{i} · {titled(pair.question)}", pair.id) for i, pair in enumerate(pairs, 1)]
            picker.value = self.steering.pair(setting).id
            self._asked = setting.concept
        finally:
            self._quiet = quiet


def _parts() -> dict[str, Any]:
    """What is shown, still empty."""
    code = ip.Textarea(rows=12, layout=ip.Layout(width="99%"), description="the setting as Python")
    code.style.description_width = "0"
    shown_as_text = {name: ip.HTML() for name in ("dose", "prompt", "text", "notices", "status")}
    return shown_as_text | {"pictures": Pictures(), "code": code}


def _laid_out(controls: dict[str, Any], same: Any, parts: dict[str, Any]) -> list:
    """The panel from top to bottom: what is asked, what comes out, what to be wary of, how to repeat it."""
    half = ip.Layout(width="50%")
    left = ip.VBox(
        [controls[n] for n in ("concept", "prompt_type", "method", "layer", "operator", "where")], layout=half
    )
    right = ip.VBox([controls["aligned"], controls["unaligned"], same, parts["dose"]], layout=half)
    asked = [controls["pair"], controls["text"], controls["max_new_tokens"], parts["prompt"]]
    code = ip.Accordion([parts["code"]], titles=("Copy as code",))
    sheet = ip.HTML(shown.style())
    return [
        sheet,
        ip.HBox([left, right]),
        *asked,
        parts["status"],
        parts["text"],
        parts["pictures"],
        parts["notices"],
        code,
    ]
