"use strict";
/* Sortable tables: short ones are in the page already, long ones are shown in slices from the page's data. */
(() => {
  const SLICE = 25;
  const element = (name, text, className) => {
    const e = document.createElement(name);
    if (text !== undefined) e.textContent = text;
    if (className) e.className = className;
    return e;
  };
  const compare = (a, b) => {
    const empty = v => v === null || v === undefined || v === "" || Number.isNaN(v);
    if (empty(a) || empty(b)) return empty(a) - empty(b);
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
  };

  /* short tables: sort the rows that are there */
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    const key = (row, k) => { const c = row.cells[k]; return c.dataset.key !== undefined ? parseFloat(c.dataset.key) : c.textContent; };
    [...table.tHead.rows[0].cells].forEach((head, k) => head.firstChild.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      [...table.tHead.rows[0].cells].forEach(h => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((a, b) => compare(key(a, k), key(b, k)) * (down ? -1 : 1));
      body.append(...rows);
    }));
  }

  /* long tables */
  function grid(host, spec) {
    const table = Bench.tables[spec.name];
    const state = { page: 0, sort: null, down: false, rows: table.rows({}) };
    const bar = element("div", undefined, "controls"), scroll = element("div", undefined, "scroll");
    const find = element("input"), where = element("span", "", "count"), box = element("table");
    find.type = "search"; find.placeholder = "keep rows that contain …"; find.setAttribute("aria-label", "Keep rows that contain");
    const back = element("button", "‹ back"), on = element("button", "next ›"), csv = element("button", "CSV of these rows", "csv");
    bar.append(find, back, on, where, csv); scroll.append(box); host.append(bar, scroll);
    const text = i => spec.columns.map(c => c.name ? table.get(c.name)[i] : "").join(" ").toLowerCase();
    const whole = new Set(spec.columns.filter(c => c.name && !c.span && table.get(c.name).every(v => v === null || Number.isInteger(v))).map(c => c.name));
    const cell = (c, i) => {
      const span = c.span ? `[${Bench.number(table.get(c.span[0])[i])}, ${Bench.number(table.get(c.span[1])[i])}]` : "";
      const value = c.name ? table.get(c.name)[i] : null;
      const td = element("td", c.name ? (whole.has(c.name) && value !== null ? String(value) : Bench.number(typeof value === "boolean" ? (value ? "yes" : "no") : value)) + (span ? " " + span : "") : span);
      if (typeof value === "number" || c.span) td.className = "number";
      else td.className = td.textContent.length > 40 ? "long" : "short";  // a sentence in a narrow column makes rows tall
      return td;
    };
    function order() {
      const wanted = find.value.trim().toLowerCase();
      state.rows = table.rows({}).filter(i => !wanted || text(i).includes(wanted));
      if (state.sort !== null) {
        const c = spec.columns[state.sort], column = table.get(c.name || c.span[0]);
        state.rows.sort((a, b) => compare(column[a], column[b]) * (state.down ? -1 : 1));
      }
      state.page = 0;
      show();
    }
    function show() {
      const last = Math.max(0, Math.ceil(state.rows.length / SLICE) - 1), from = state.page * SLICE;
      const head = element("tr"), body = element("tbody"), top = element("thead");
      spec.columns.forEach((c, k) => {
        const th = element("th"), button = element("button", c.label);
        button.type = "button"; th.scope = "col";
        if (c.span || (c.name && typeof table.get(c.name)[0] === "number")) th.className = "number";
        if (state.sort === k) th.setAttribute("aria-sort", state.down ? "descending" : "ascending");
        button.addEventListener("click", () => { state.down = state.sort === k && !state.down; state.sort = k; order(); });
        th.append(button); head.append(th);
      });
      for (const i of state.rows.slice(from, from + SLICE)) { const tr = element("tr"); tr.append(...spec.columns.map(c => cell(c, i))); body.append(tr); }
      top.append(head); box.replaceChildren(top, body);
      where.textContent = state.rows.length ? `rows ${from + 1}–${Math.min(from + SLICE, state.rows.length)} of ${state.rows.length}` : "no row contains this";
      back.disabled = state.page === 0; on.disabled = state.page >= last;
    }
    back.addEventListener("click", () => { state.page--; show(); });
    on.addEventListener("click", () => { state.page++; show(); });
    find.addEventListener("input", order);
    csv.addEventListener("click", () => Bench.download(`${spec.name}.csv`, Bench.csv(table, state.rows)));
    show();
  }
  const specs = new Map(Bench.page.listed.map(s => [s.name, s]));
  for (const host of document.querySelectorAll(".grid")) {
    const fold = host.closest("details"), start = () => { if (!host.firstChild) grid(host, specs.get(host.dataset.table)); };
    if (fold.open) start(); else fold.addEventListener("toggle", start);
  }
})();
