"""The circuit view: pickers over :mod:`workbench.widgets.circuits`. It computes nothing itself."""

from dataclasses import replace
from typing import Any

import ipywidgets as ip

from workbench.directions import METHODS
from workbench.plots import circuit_nodes, circuit_overlap, circuit_poles, circuit_writers
from workbench.plots.circuit_poles import PANELS
from workbench.prompts import PROMPT_TYPES
from workbench.types import WorkbenchError
from workbench.widgets import shown
from workbench.widgets.circuits import circuits_of, effects_html, is_kept, sizes_of, writers_of
from workbench.widgets.pictures import Pictures
from workbench.widgets.steering import Setting, Steering
from workbench.widgets.view import View

ROLES = ("reads", "passes on")


class CircuitView(View):
    """A view of how a steering vector acts toward both poles: show it by naming it in a cell.

    ``controls`` holds the inputs by the name of the setting's field (``dose`` stands for both poles), and ``top`` and
    ``role``, which only choose what is shown; ``compute`` is the button, as circuits take seconds. Errors become one
    line, and the last good pictures stay.
    """

    title = "Circuits of both poles"

    def __init__(self, steering: Steering, setting: Setting | None = None):
        self.steering = steering
        self.controls = _controls(steering, setting or steering.start())
        self.compute = ip.Button(description="Compute circuits", icon="play", tooltip="takes seconds; Enter or Space")
        self.parts: dict[str, Any] = {"status": ip.HTML(), "account": ip.HTML(), "pictures": Pictures()}
        self._drawn: Setting | None = None
        left, right = (ip.VBox([self.controls[n] for n in names], layout=ip.Layout(width="50%"))
                       for names in (("concept", "prompt_type", "method", "layer"),
                                     ("operator", "dose", "top", "role")))  # fmt: skip
        super().__init__([ip.HBox([left, right]), self.compute, *self.parts.values()])
        self.compute.on_click(lambda _: self.refresh())
        for name, control in self.controls.items():
            control.observe(self._redraw if name in ("top", "role") else self._asked, "value")
        self._asked()

    @property
    def setting(self) -> Setting:
        """What the controls say."""
        values = {name: control.value for name, control in self.controls.items() if name not in ("top", "role")}
        dose = values.pop("dose")
        return Setting(**values, aligned=dose, unaligned=dose)

    def refresh(self) -> None:
        """Computes what the controls ask for (or takes what is kept), and shows it."""
        self.tell("computing …")
        with self.guarded() as spent:
            self._draw(self.setting)
            self.tell(spent())

    def _asked(self, *_: Any) -> None:
        """Another vector is asked for: shown at once where it is kept, else after the button."""
        if is_kept(self.steering, self.setting):
            self.refresh()
        else:
            self.tell("not computed yet: press “Compute circuits”; the pictures below are of the last one")

    def _redraw(self, *_: Any) -> None:
        """More edges, or another role, of what is shown already."""
        if self._drawn is not None:
            with self.guarded():
                self._draw(self._drawn)

    def _draw(self, setting: Setting) -> None:
        circuits, pictures = circuits_of(self.steering, setting), self.parts["pictures"]
        edges, top = circuits.edges(), self.controls["top"].value
        for panel in PANELS:
            pictures.show(panel, _framed(circuit_poles(edges, top, [panel])))
        pictures.show("nodes", _framed(circuit_nodes(circuits.nodes(), self.controls["role"].value)))
        if setting != self._drawn:
            pictures.show("overlap", _framed(circuit_overlap(circuits.overlap(sizes_of(circuits)))))
            self.parts["account"].value = effects_html(circuits.account())
            self._drawn = setting
            self._draw_writers(setting)

    def _draw_writers(self, setting: Setting) -> None:
        try:
            self.parts["pictures"].show("writers", _framed(circuit_writers(writers_of(self.steering, setting))))
        except WorkbenchError as error:  # cues of unequal length: the rest of the view stands without them
            self.parts["account"].value += shown.error_html(error)


def _framed(figure: Any) -> Any:
    """On a notebook page: no paper of its own, title without its sentence."""
    return figure.update_layout(paper_bgcolor="rgba(0,0,0,0)", font={"size": 12}, height=460,
                                title={"subtitle": None})  # fmt: skip


def _controls(steering: Steering, begin: Setting) -> dict[str, Any]:
    # a dragged slider is followed when it is let go
    slider = {"continuous_update": False}
    look = {"style": {"description_width": "110px"}, "layout": ip.Layout(width="98%")}
    made = {
        "concept": ip.Dropdown(options=steering.names, description="concept", **look),
        "prompt_type": ip.Dropdown(options=PROMPT_TYPES, description="fitted on", **look),
        "method": ip.Dropdown(options=tuple(METHODS), description="method", **look),
        # above the last layer nothing reads a vector but the logits
        "layer": ip.IntSlider(min=0, max=max(0, steering.model.n_layers - 2), description="layer", **slider,
                              **look),
        "operator": ip.Dropdown(options=tuple(steering.operators), description="operator", **look),
        "dose": ip.FloatSlider(min=0.25, max=2.0, step=0.25, readout_format=".2f", description="λ to each pole",
                               **slider, **look),
        "top": ip.IntSlider(25, min=5, max=60, step=5, description="edges shown", **slider, **look),
        "role": ip.Dropdown(options=ROLES, description="nodes that", **look),
    }
    start = replace(begin, layer=min(begin.layer, made["layer"].max))
    for name in ("concept", "prompt_type", "method", "layer", "operator"):
        made[name].value = getattr(start, name)
    made["dose"].value = start.aligned
    return made
