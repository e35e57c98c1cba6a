"""A table that sorts by any column and has one chosen row, by mouse and by keyboard. Cells are text, never markup."""

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets

_DRAW = """
function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "wb-rows";
  const live = document.createElement("div");
  el.append(box);
  function sorted() {
    const { column, down } = model.get("sorting");
    const rows = model.get("rows").map((cells, index) => ({ cells, id: model.get("ids")[index] }));
    const k = model.get("columns").indexOf(column);
    if (k < 0) return rows;
    const order = (a, b) => (typeof a === "number" ? a - b : String(a).localeCompare(String(b)));
    rows.sort((a, b) => order(a.cells[k], b.cells[k]) * (down ? -1 : 1));
    return rows;
  }
  function sortBy(column) {
    const now = model.get("sorting");
    model.set("sorting", { column, down: now.column === column ? !now.down : false });
    model.save_changes();
  }
  function choose(id, focus) {
    model.set("chosen", id);
    model.save_changes();
    mark(focus);
  }
  function mark(focus) {
    for (const row of box.querySelectorAll("tbody tr")) {
      const is = row.dataset.id === model.get("chosen");
      row.setAttribute("aria-selected", String(is));
      row.tabIndex = is ? 0 : -1;
      if (is && focus) { row.focus(); row.scrollIntoView({ block: "nearest" }); }
    }
    if (!box.querySelector('tbody tr[tabindex="0"]')) box.querySelector("tbody tr")?.setAttribute("tabindex", "0");
  }
  function draw() {
    const held = document.activeElement?.closest?.(".wb-rows") === box ? document.activeElement.dataset.column : null;
    const table = document.createElement("table");
    table.setAttribute("role", "grid");
    table.setAttribute("aria-label", model.get("label"));
    const top = table.createTHead().insertRow();
    const { column, down } = model.get("sorting");
    for (const name of model.get("columns")) {
      const head = document.createElement("th");
      head.scope = "col";
      head.setAttribute("aria-sort", name === column ? (down ? "descending" : "ascending") : "none");
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.column = name;
      button.textContent = name + (name === column ? (down ? " ▼" : " ▲") : "");
      button.onclick = () => sortBy(name);
      head.append(button);
      top.append(head);
    }
    const body = table.createTBody();
    for (const { cells, id } of sorted()) {
      const row = body.insertRow();
      row.dataset.id = id;
      row.onclick = () => choose(id, false);
      for (const cell of cells) {
        const place = row.insertCell();
        place.textContent = typeof cell === "number" ? (cell < 0 ? "−" : "+") + Math.abs(cell).toFixed(2) : cell;
        if (typeof cell === "number") place.className = "wb-number";
        else place.title = cell;
      }
    }
    box.replaceChildren(table);
    mark(false);
    if (held) [...box.querySelectorAll("button")].find((b) => b.dataset.column === held)?.focus();
  }
  // JupyterLab has shortcuts of its own for some of these keys
  box.addEventListener("keydown", (event) => {
    const row = event.target.closest("tbody tr");
    if (!row) return;
    const move = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const next = move ? row[move] : ["Enter", " "].includes(event.key) ? row : null;
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    choose(next.dataset.id, true);
  });
  box.setAttribute("data-lm-suppress-shortcuts", "true");
  for (const name of ["rows", "columns", "sorting"]) model.on("change:" + name, draw);
  model.on("change:chosen", () => mark(false));
  draw();
}
export default { render };
"""
_STYLE = """
.wb-rows { max-height: 300px; overflow: auto; border: 1px solid var(--jp-border-color2, #d0d4d9); }
.wb-rows table { border-collapse: collapse; width: 100%; font-size: 12px; color: var(--jp-ui-font-color1, #1b1f24); }
.wb-rows th { position: sticky; top: 0; background: var(--jp-layout-color2, #eee); text-align: left; padding: 0; }
.wb-rows th button { all: unset; cursor: pointer; padding: 4px 8px; font-weight: 600; white-space: nowrap; }
.wb-rows th button:focus-visible { outline: 2px solid var(--jp-brand-color1, #1976d2); }
.wb-rows td { padding: 2px 8px; max-width: 420px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  border-top: 1px solid var(--jp-border-color3, #e4e7eb); }
.wb-rows td.wb-number { text-align: right; font-variant-numeric: tabular-nums; }
.wb-rows tr[aria-selected="true"] { background: var(--jp-layout-color3, #ddd); box-shadow: inset 3px 0 currentColor; }
.wb-rows tbody tr { cursor: pointer; }
.wb-rows tbody tr:focus { outline: 2px solid var(--jp-brand-color1, #1976d2); outline-offset: -2px; }
"""


class Rows(anywidget.AnyWidget):
    """``rows`` of numbers and texts under ``columns``, with an id each; ``chosen`` is the id of the chosen row.

    ``sorting`` says the column and whether it falls. Enter, space and the arrow keys choose rows, the column heads are
    buttons.
    """

    _esm = _DRAW
    _css = _STYLE
    label: Any = traitlets.Unicode().tag(sync=True)
    columns: Any = traitlets.List().tag(sync=True)
    rows: Any = traitlets.List().tag(sync=True)
    ids: Any = traitlets.List().tag(sync=True)
    chosen: Any = traitlets.Unicode().tag(sync=True)
    sorting: Any = traitlets.Dict().tag(sync=True)

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[float | str]], ids: Sequence[str]) -> None:
        """Replaces the table; the chosen row stays where it is still there, else it is the first."""
        with self.hold_sync():
            self.ids, self.columns, self.rows = list(ids), list(columns), [list(row) for row in rows]
            if self.chosen not in self.ids:
                self.chosen = self.ids[0] if self.ids else ""
