"""The steering panel: sliders and pickers over a :class:`Steering`. It computes nothing itself.

Pictures follow a moved slider at once where their curve is known; text is written when it rests, token by token.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import ipywidgets as ip

from workbench.types import POLES
from workbench.widgets import shown
from workbench.widgets.as_code import as_code
from workbench.widgets.inputs import Debounced, inputs, titled
from workbench.widgets.notices import notices
from workbench.widgets.pictures import Pictures
from workbench.widgets.steering import Setting, Steering
from workbench.widgets.text import Completion, answers, divergence, writing
from workbench.widgets.view import View


class SteeringPanel(View):
    """A view of ``steering`` for notebooks, keyboard and mouse: show it by naming it in a cell.

    ``controls`` holds the input widgets by the name of the setting's field, ``parts`` what is shown; ``setting`` reads
    or sets all controls. Errors become one line in the panel, and the last good numbers stay. ``stop`` is the button
    that ends the writing; what is written so far stays.
    """

    title = "Steering"

    def __init__(self, steering: Steering, setting: Setting | None = None):
        self.steering = steering
        begin = setting or steering.start()
        self.controls = inputs(steering, begin)
        self.same = ip.Checkbox(True, description="same dose for both poles", indent=False)
        self.same.value = begin.aligned == begin.unaligned
        self.stop = ip.Button(description="Stop writing", icon="stop", disabled=True)
        self.parts: dict[str, Any] = _parts() | {"stop": self.stop}
        self._quiet, self._asked = False, begin.concept
        self._drawn: Setting | None = None
        self._writer: asyncio.Task | None = None
        self._later = Debounced(self.refresh)
        super().__init__(_laid_out(self.controls, self.same, self.parts))
        self.stop.on_click(lambda button: self._stopped())
        for name, control in self.controls.items():
            control.observe(self._linked if name in POLES else self._moved, "value")
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
        """Shows the current setting: pictures, doses and warnings, then text; in a notebook that grows by the token."""
        if self._quiet:
            return
        self._stopped()
        self.tell("computing …")
        with self.guarded() as spent:
            setting = self._settled()
            self._draw(setting)
            self._describe(setting)
            read = "curve read from the sweep that was given" if self.steering.covers(setting) else "curve swept here"
            self._write(setting, f"{spent()} · {read}")

    def _draw(self, setting: Setting) -> None:
        """Both pictures; where only doses have moved, their marks and bars alone, the marks before a model is asked."""
        steering, pictures, points = self.steering, self.parts["pictures"], self.steering.points(setting)
        asked = replace(setting, aligned=0.0, unaligned=0.0)
        if asked == self._drawn:
            pictures.change("curve", shown.dose_marks(points))
            self._table = answers(steering, setting)
            pictures.change("bars", shown.bars(self._table))
            return
        self._table = answers(steering, setting)
        curve = shown.curve_figure(steering.curve(setting), steering.prompt_curve(setting), points)
        pictures.show_all({"bars": shown.answer_bars(self._table), "curve": curve})
        self._drawn = asked

    def _describe(self, setting: Setting) -> None:
        steering, parts = self.steering, self.parts
        parts["dose"].value = shown.doses_html(steering.doses(setting), divergence(steering, setting))
        parts["prompt"].value = shown.prompt_html(steering.prompt(setting))
        parts["notices"].value = shown.notices_html(notices(steering, setting, self._table))
        parts["code"].value = as_code(steering, setting)

    def _write(self, setting: Setting, words: str) -> None:
        """The texts of all columns: step by step where an event loop runs, so that the page and Stop stay alive."""
        steps = writing(self.steering, setting)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.parts["text"].value = shown.completions_html(list(steps)[-1], setting)
            self.tell(words)
            return
        self.tell(f"{words} · writing …")
        self.stop.disabled = False
        self._writer = loop.create_task(self._stream(steps, setting, words))

    async def _stream(self, steps: Iterator[dict[str, Completion]], setting: Setting, words: str) -> None:
        found: dict[str, Completion] | None = {}
        try:
            while found is not None:
                found = None
                # the model is free for others between two tokens
                with self.guarded():
                    if self._writer is not asyncio.current_task():
                        raise asyncio.CancelledError
                    found = next(steps, None)
                    if found is None:
                        self.stop.disabled = True  # before the line says that it is done
                        self.tell(words)
                    else:
                        self.parts["text"].value = shown.completions_html(found, setting)
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            # where a new setting is being written already, the line is its own
            if self._writer is None:
                self.tell(f"{words} · writing stopped")
        finally:
            if self._writer in (None, asyncio.current_task()):
                self.stop.disabled = True

    def _stopped(self) -> None:
        """Ends the writing, if there is any."""
        # the task may be another thread's: it sees at its next step that it is no longer asked
        self._writer = None
        self.stop.disabled = True

    def _moved(self, *_: Any) -> None:
        """Pictures at once where that needs no sweep; the rest when the input rests."""
        if self._quiet:
            return
        self._stopped()
        with self.guarded():
            setting = self.setting
            if setting.concept == self._asked and self.steering.known(setting):
                self._draw(setting)
        self._later()

    def _linked(self, change: dict) -> None:
        """A moved dose takes the other one along where both are to be the same."""
        if self._quiet:
            return
        if self.same.value:
            self._quiet = True
            for pole in POLES:
                self.controls[pole].value = change["owner"].value
            self._quiet = False
        self._moved()

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
        [controls[n] for n in ("concept", "also", "share", "prompt_type", "method", "layer", "operator", "where")],
        layout=half,
    )
    right = ip.VBox([controls["aligned"], controls["unaligned"], same, parts["dose"]], layout=half)
    asked = [controls["pair"], controls["text"], controls["max_new_tokens"], parts["prompt"]]
    code = ip.Accordion([parts["code"]], titles=("Copy as code",))
    return [
        ip.HBox([left, right]),
        *asked,
        ip.HBox([parts["stop"], parts["status"]]),
        parts["text"],
        parts["pictures"],
        parts["notices"],
        code,
    ]
