"""What the explorers share beside being views: inputs that are followed when they rest."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ipywidgets as ip

from workbench.widgets.inputs import Debounced, inputs
from workbench.widgets.steering import Setting, Steering
from workbench.widgets.view import View


class Panel(View):
    """A view of ``steering``: named inputs on top, what they lead to below.

    ``controls`` holds the inputs by the setting's field (or by a name of the explorer's own), ``parts`` what is shown.
    Errors become one line in the panel, and the last good numbers stay.
    """

    fields: Sequence[str] = ("concept", "prompt_type", "method", "layer")

    def __init__(self, steering: Steering, setting: Setting | None, own: dict[str, Any], parts: dict[str, Any]):
        self.steering, self.begin = steering, setting or steering.start()
        every = inputs(steering, self.begin)
        self.controls = {name: every[name] for name in self.fields} | own
        self.parts = parts | {"status": ip.HTML()}
        self._later, self._quiet = Debounced(self.refresh), False
        for control in self.controls.values():
            control.observe(self._later, "value")
        super().__init__([self._asked(), self.parts["status"], *parts.values()])
        self.refresh()

    @property
    def setting(self) -> Setting:
        """What the inputs say."""
        return replace(self.begin, **{name: self.controls[name].value for name in self.fields})

    def refresh(self) -> None:
        """Computes and shows what the inputs say."""
        if self._quiet:
            return
        self.tell("computing …")
        with self.guarded() as spent:
            self.draw(self.setting)
            self.tell(spent())

    def draw(self, setting: Setting) -> None:
        """Shows the setting; each explorer says how."""
        raise NotImplementedError

    def choose(self, name: str, options: Sequence, value: Any = None) -> None:
        """Offers other options without being asked to draw again; keeps the choice where it is still there."""
        quiet, self._quiet = self._quiet, True
        control = self.controls[name]
        values = [option[1] if isinstance(option, tuple) else option for option in options]
        kept = value if value is not None else control.value
        if list(control.options) != list(options):
            control.options = options
        control.value = kept if kept in values else values[0]
        self._quiet = quiet

    def _asked(self) -> ip.HBox:
        """The inputs in two columns."""
        found = list(self.controls.values())
        middle, half = (len(found) + 1) // 2, ip.Layout(width="50%")
        return ip.HBox([ip.VBox(found[:middle], layout=half), ip.VBox(found[middle:], layout=half)])
