"use strict";
/* Tables of the page, and the recipes by which a trace shows their rows. The Python twin is workbench/plots/binding.py. */
const Bench = {};
(() => {
  const page = JSON.parse(document.getElementById("page-data").textContent);
  Bench.page = page;

  function bytes(text) {
    const raw = atob(text), out = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return out.buffer;
  }
  function half(code) {
    const sign = code & 0x8000 ? -1 : 1, power = (code >> 10) & 31, rest = code & 1023;
    if (power === 31) return rest ? NaN : sign * Infinity;
    return sign * (power ? Math.pow(2, power - 15) * (1 + rest / 1024) : Math.pow(2, -14) * (rest / 1024));
  }
  function codes(column, rows) {
    const type = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[column.width];
    const found = new type(bytes(column.bytes));
    if (!column.runs) return found;
    const all = new type(rows), runs = new Uint32Array(bytes(column.runs));
    let at = 0;
    runs.forEach((length, i) => { all.fill(found[i], at, at + length); at += length; });
    return all;
  }
  function decode(column, rows) {
    if (column.form === "codes") return Array.from(codes(column, rows), code => column.values[code]);
    if (column.form === "half") return Array.from(new Uint16Array(bytes(column.bytes)), half);
    return Array.from(new Float32Array(bytes(column.bytes)));
  }
  class Table {
    constructor(raw) { this.raw = raw; this.n = raw.n; this.cache = {}; }
    has(name) { return name in this.raw.columns; }
    get(name) {
      if (!(name in this.cache)) this.cache[name] = this.has(name) ? decode(this.raw.columns[name], this.n) : null;
      return this.cache[name];
    }
    rows(where, among) {
      let kept = among || Array.from({ length: this.n }, (_, i) => i);
      for (const [name, value] of Object.entries(where)) {
        const column = this.get(name), wanted = text(value);
        kept = column ? kept.filter(i => text(column[i]) === wanted) : [];
      }
      return kept;
    }
  }
  Bench.tables = {};
  for (const [name, raw] of Object.entries(page.tables)) Bench.tables[name] = new Table(raw);

  function text(value) { return String(value).toLowerCase(); }
  function plain(value) { return String(value).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"); }
  function wrapped(value, width = 58) {
    const lines = [];
    let line = "";
    for (let word of String(value).split(/\s+/)) {
      while (word.length > width) { if (line) lines.push(line); lines.push(word.slice(0, width)); word = word.slice(width); line = ""; }
      if (line && line.length + word.length + 1 > width) { lines.push(line); line = word; } else line = line ? line + " " + word : word;
    }
    return [...lines, line].filter(l => l).map(plain).join("<br>");
  }
  function chosen(name, choice) {
    if (!name.startsWith("@")) return name;
    for (const end of ["_low", "_high"]) if (name.endsWith(end)) return choice[name.slice(1, -end.length)] + end;
    return choice[name.slice(1)];
  }
  function values(table, rows, name, choice) {
    const column = table.get(chosen(name, choice));
    return rows.map(i => {
      const v = column ? column[i] : null;
      if (typeof v === "number") return Number.isFinite(v) ? v : null;
      return typeof v === "string" ? plain(v) : v;
    });
  }
  function grid(table, rows, [value, row, column], choice, meta) {
    const at = name => new Map(name.map((v, i) => [text(v), i]));
    const down = at(meta.rows), across = at(meta.columns);
    const matrix = meta.rows.map(() => meta.columns.map(() => null));
    const a = table.get(row), b = table.get(column), v = values(table, rows, value, choice);
    rows.forEach((i, k) => {
      const y = down.get(text(a[i])), x = across.get(text(b[i]));
      if (y !== undefined && x !== undefined) matrix[y][x] = v[k];
    });
    return matrix;
  }
  function resolved(table, rows, source, choice, meta) {
    if (typeof source === "string") return values(table, rows, source, choice);
    const [kind, ...rest] = source;
    if (kind === "label") { const name = chosen(rest[0], choice); return (rest[1] || "") + (page.labels[name] || name.replace(/_/g, " ")); }
    if (kind === "wrap") { const c = table.get(rest[0]); return rows.map(i => c && c[i] !== null ? wrapped(c[i]) : null); }
    if (kind === "stack") {
      const parts = rest.map(s => resolved(table, rows, s, choice, meta));
      return rows.map((_, k) => parts.map(p => p[k]));
    }
    if (kind === "grid") return grid(table, rows, rest, choice, meta);
    const a = values(table, rows, rest[0], choice);
    if (kind === "+") return a.map(v => v === null ? null : v + rest[1]);
    const b = values(table, rows, rest[1], choice);
    return a.map((v, k) => v === null || b[k] === null ? null : v - b[k]);
  }
  function put(target, place, value) {
    const path = place.split("."), last = path.pop();
    for (const step of path) target = target[step] = target[step] || {};
    target[last] = value;
  }
  /* Fill a figure (a fresh copy of the panel's) with the chosen rows. */
  Bench.fill = (figure, table, rows, choice) => {
    for (const trace of figure.data) {
      const meta = trace.meta || {}, bind = meta.bind || {};
      const mine = table.rows(meta.where || {}, rows);
      for (const [place, source] of Object.entries(bind)) put(trace, place, resolved(table, mine, source, choice, meta));
      trace.points = mine.length;
    }
    const bind = (figure.layout.meta || {}).bind || {};
    for (const [place, source] of Object.entries(bind)) put(figure.layout, place, resolved(table, [], source, choice, {}));
    return figure;
  };
  Bench.number = v => {
    if (v === null || v === undefined || v === "") return "–";
    if (typeof v !== "number") return String(v);
    if (Number.isNaN(v)) return "–";
    if (!Number.isFinite(v)) return v > 0 ? "∞" : "−∞";
    const digits = Number.isInteger(v) && Math.abs(v) > 1 ? 0 : Math.abs(v) >= 1000 ? 0 : 2;
    return v.toFixed(digits).replace("-", "−");
  };
  Bench.counted = (template, table, rows) => template.replace(/\{(\w+)(?::(\w+))?\}/g, (_, kind, name) => {
    if (kind === "rows") return rows.length;
    const column = table.get(name);
    if (!column) return "–";
    if (kind === "distinct") return new Set(rows.map(i => column[i])).size;
    if (kind === "range") {
      const numbers = rows.map(i => column[i]).filter(v => typeof v === "number");
      const ends = numbers.length ? [Math.min(...numbers), Math.max(...numbers)].map(Bench.number) : ["–"];
      return [...new Set(ends)].join(" to ");
    }
    return rows.length && column[rows[0]] !== null ? column[rows[0]] : "–";
  });
  Bench.chosen = chosen;
  Bench.plain = plain;
  Bench.csv = (table, rows) => {
    const names = Object.keys(table.raw.columns);
    const quote = v => { const t = v === null || Number.isNaN(v) ? "" : String(v); return /[",\n\r]/.test(t) ? `"${t.replace(/"/g, '""')}"` : t; };
    return [names.join(","), ...rows.map(i => names.map(n => quote(table.get(n)[i])).join(","))].join("\n") + "\n";
  };
  Bench.download = (name, content) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type: "text/csv" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
})();
