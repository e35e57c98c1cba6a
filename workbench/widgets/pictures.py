"""Plotly pictures in a notebook, drawn by the plotly.js of the installed package: nothing is fetched from a network.

plotly 7.1's own ``FigureWidget`` stayed empty in JupyterLab 4.6, and it knows nothing of the page's theme.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import anywidget
import traitlets
from plotly.graph_objects import Figure
from plotly.offline import get_plotlyjs

from workbench.plots.palette import swaps

_DRAW = """
function library(source) {
  // a page may have an AMD loader; plotly.js must not find it
  const module = { exports: {} };
  new Function("module", "exports", "define", source)(module, module.exports, undefined);
  return module.exports;
}
function recoloured(value, table) {
  if (typeof value === "string") return Object.hasOwn(table, value) ? table[value] : value;
  if (Array.isArray(value)) return value.map((item) => recoloured(item, table));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, recoloured(item, table)]));
}
function render({ model, el }) {
  const Plotly = library(model.get("library"));
  const box = document.createElement("div");
  box.style.cssText = "display: grid; grid-template-columns: repeat(auto-fit, minmax(380px, 1fr)); width: 100%;";
  el.style.width = "100%";
  el.append(box);
  const places = {};
  const drawn = {};
  // another figure beside it makes one narrower without any resize of the window
  const sizes = new ResizeObserver((all) => {
    for (const { target } of all) if (target.isConnected && target.offsetWidth) Plotly.Plots.resize(target);
  });
  // clicked or brushed points that carry an id are told to Python
  function tell(name, event) {
    const ids = [...new Set((event?.points ?? []).map((point) => point.id).filter((id) => id !== undefined))];
    if (!ids.length) return;
    model.set("picked", { figure: name, ids, count: (model.get("picked").count ?? 0) + 1 });
    model.save_changes();
  }
  function draw() {
    const fresh = [];
    const dark = document.body.dataset.jpThemeLight === "false";
    // all places first: what is drawn has the width that it keeps
    for (const name of Object.keys(model.get("figures"))) {
      if (places[name]) continue;
      places[name] = document.createElement("div");
      places[name].style.cssText = "min-width: 0;";
      box.append(places[name]);
      fresh.push(name);
    }
    for (const [name, figure] of Object.entries(model.get("figures"))) {
      // every change brings all figures; those that are the same stay as they are
      const what = JSON.stringify([dark, figure]);
      if (drawn[name] === what) continue;
      drawn[name] = what;
      const { data, layout } = recoloured(figure, dark ? model.get("dark") : {});
      Plotly.react(places[name], data, layout, { responsive: true, displayModeBar: false });
      if (fresh.includes(name)) {
        places[name].on("plotly_click", (event) => tell(name, event));
        sizes.observe(places[name]);
        places[name].on("plotly_selected", (event) => tell(name, event));
      }
    }
    for (const name of Object.keys(places)) {
      if (name in model.get("figures")) continue;
      sizes.unobserve(places[name]);
      Plotly.purge(places[name]);
      places[name].remove();
      delete places[name];
      delete drawn[name];
    }
  }
  model.on("change:figures", draw);
  const theme = new MutationObserver(draw);
  theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  requestAnimationFrame(draw);
  return () => {
    theme.disconnect();
    sizes.disconnect();
    model.off("change:figures", draw);
    Object.values(places).forEach((place) => Plotly.purge(place));
  };
}
export default { render };
"""


class Pictures(anywidget.AnyWidget):
    """Figures side by side, by name; in dark colours where the page is dark. :meth:`show` replaces one.

    ``picked`` follows what the reader clicks or brushes: ``figure`` and the ``ids`` of its points.
    """

    _esm = _DRAW
    figures: Any = traitlets.Dict().tag(sync=True)
    dark: Any = traitlets.Dict().tag(sync=True)
    library: Any = traitlets.Unicode().tag(sync=True)
    picked: Any = traitlets.Dict().tag(sync=True)

    def __init__(self):
        super().__init__(dark=swaps("dark"), library=get_plotlyjs())

    def show(self, name: str, figure: Figure) -> None:
        """Draws ``figure`` (in the light colours) in the place of that name."""
        self.figures = {**self.figures, name: json.loads(str(figure.to_json()))}

    def show_all(self, figures: Mapping[str, Figure]) -> None:
        """Draws several figures in one message to the page."""
        self.figures = {**self.figures, **{name: json.loads(str(f.to_json())) for name, f in figures.items()}}

    def change(self, name: str, traces: Sequence[Mapping[str, Any]]) -> None:
        """Puts plain traces in the place of the last ones of a shown figure, and leaves all else of it as it is.

        A tenth of the work of a new figure: for what has to follow a slider. Values are lists of what JSON knows.
        """
        shown = self.figures[name]
        data = [*shown["data"][: len(shown["data"]) - len(traces)], *traces]
        self.figures = {**self.figures, name: {**shown, "data": data}}

    def drop(self, name: str) -> None:
        """Takes a figure away, if it is there."""
        self.figures = {key: figure for key, figure in self.figures.items() if key != name}
