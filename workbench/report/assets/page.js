"use strict";
/* Pictures: those in view are drawn first, then the others; drawn again when the reader chooses, turns the page dark or changes its width. */
(() => {
  const page = Bench.page, root = document.documentElement, NARROW = 640;
  const stored = { get: () => { try { return localStorage.getItem("theme"); } catch { return null; } }, set: v => { try { localStorage.setItem("theme", v); } catch { /* private mode */ } } };
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  function recoloured(value) {
    if (typeof value === "string") return page.swaps[value] || value;
    if (Array.isArray(value)) return value.map(recoloured);
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, recoloured(v)]));
    return value;
  }
  const shown = text => String(text).replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
  const short = (text, n) => { const t = shown(text); return Bench.plain(t.length > n ? t.slice(0, n - 1) + "…" : t); };
  /* names of prompt types that would otherwise be cut to the same stump */
  const brief = text => String(text).replace(/prefilled/g, "pre").replace(/instruction/g, "instr");
  const lines = (text, n) => {
    const out = [""];
    for (const word of String(text).replace(/<br>/g, " ").split(" ")) {
      if ((out[out.length - 1] + " " + word).length > n && out[out.length - 1]) out.push(word); else out[out.length - 1] = (out[out.length - 1] + " " + word).trim();
    }
    return out.join("<br>");
  };

  /* small screens: smaller type, short tick labels, slim colour bars */
  function narrowed(figure) {
    const layout = figure.layout;
    layout.font = { size: 11 };
    layout.margin = { l: 44, r: 8, t: 8, b: 40 };
    layout.legend = { font: { size: 11 } };
    for (const [name, axis] of Object.entries(layout)) {
      if (!/^[xy]axis\d*$/.test(name)) continue;
      if (axis.title && axis.title.text) axis.title = { ...axis.title, text: lines(axis.title.text, name[0] === "x" ? 46 : 40), font: { size: 12 } };
      if (axis.ticktext) axis.ticktext = axis.ticktext.map(t => lines(t, 17));
      else if (axis.categoryarray) {
        const size = axis.categoryarray.length > 12 ? 8 : 10;
        Object.assign(axis, { tickmode: "array", tickvals: axis.categoryarray, ticktext: axis.categoryarray.map(t => short(brief(t), 17)), tickfont: { size } });
        if (name[0] === "x") axis.tickangle = -90;
      }
    }
    for (const trace of figure.data) {
      if (trace.colorbar) trace.colorbar = { ...trace.colorbar, thickness: 8, title: { text: "" }, tickfont: { size: 9 }, nticks: 5 };
      if (trace.type === "heatmap" && trace.texttemplate) trace.textfont = { ...trace.textfont, size: 9 };
      if (trace.marker && trace.marker.size > 6) trace.marker.size = 6;
    }
    return figure;
  }
  /* many points with intervals: let the points show through */
  function crowded(figure) {
    for (const trace of figure.data) if (trace.error_x && trace.mode === "markers") {
      trace.opacity = 0.5;
      trace.marker.size = 5;
      for (const error of [trace.error_x, trace.error_y]) error.thickness = 0.4;
    }
  }
  /* small multiples: as many columns as fit, one scale; the twin of plots.propensity_overview */
  function multiples(figure, width, host) {
    const spec = (figure.layout.meta || {}).multiples;
    if (!spec) return;
    const columns = Math.max(1, Math.min(spec.columns, spec.n, Math.floor(width / 122))), rows = Math.ceil(spec.n / columns);
    const wide = 1 / columns, tall = 1 / rows;
    host.style.height = `${rows * 150 + 80}px`;
    figure.layout.margin = { l: 34, r: 6, t: 8, b: 8 };
    for (let i = 0; i < spec.n; i++) {
      const number = i ? String(i + 1) : "", left = (i % columns) * wide, top = 1 - Math.floor(i / columns) * tall;
      const across = [left + (i % columns ? spec.gap * wide : 0), left + wide], up = [Math.max(top - tall * (1 - spec.ticks), 0), top - spec.heading * tall];
      figure.layout[`xaxis${number}`].domain = across;
      Object.assign(figure.layout[`yaxis${number}`], { domain: up, showticklabels: i % columns === 0 });
      Object.assign(figure.layout.annotations[i], { x: across[0], y: up[1], text: short(figure.layout.annotations[i].text, Math.floor(width / columns / 6.6)) });
    }
  }

  function panel(spec) {
    const host = document.getElementById(spec.name), plot = host.querySelector(".plot"), table = Bench.tables[spec.table];
    const choice = Object.fromEntries(spec.selectors.map(s => [s.name, s.value]));
    const state = { drawn: false, wide: 0 }, boxes = {};
    for (const s of spec.selectors) {
      const label = document.createElement("label"), select = boxes[s.name] = document.createElement("select");
      label.append(s.label, select);
      s.options.forEach(([, text], i) => select.add(new Option(text, i)));
      select.addEventListener("change", () => { choice[s.name] = s.options[select.selectedIndex][0]; draw(); });
      if (s.options.length > 1) host.querySelector(".controls").append(label);
    }
    /* The chosen rows. From left to right a value that the rows do not have gives way to one that they have. */
    function rows() {
      let kept = table.rows({});
      for (const s of spec.selectors) {
        if (!s.axis) {
          const column = table.get(s.name), there = new Set(kept.map(i => String(column[i])));
          const possible = v => there.has(String(v)) || (v === "all" && !column.includes("all"));
          if (!possible(choice[s.name])) choice[s.name] = (s.options.find(o => possible(o[0])) || [choice[s.name]])[0];
          if (there.has(String(choice[s.name])) || choice[s.name] !== "all") kept = table.rows({ [s.name]: choice[s.name] }, kept);
          s.options.forEach(([v], i) => { const o = boxes[s.name].options[i]; o.disabled = o.hidden = !possible(v); });
        }
        boxes[s.name].selectedIndex = s.options.findIndex(o => String(o[0]) === String(choice[s.name]));
      }
      return kept;
    }
    function read() {
      const place = host.querySelector(".readout"), r = spec.readout;
      if (!place || !r) return;
      const source = Bench.tables[r.table];
      const where = Object.fromEntries(Object.entries(r.where).map(([c, v]) => [c, v in choice ? choice[v] : Bench.chosen(v, choice)]));
      const found = source ? source.rows(where) : [];
      place.textContent = found.length ? r.text.replace(/\{(\w+)\}/g, (_, c) => source.has(c) ? Bench.number(source.get(c)[found[0]]) : "–") : r.missing;
    }
    function draw() {
      try {
        const kept = rows(), width = plot.clientWidth;
        let figure = Bench.fill(JSON.parse(JSON.stringify(spec.figure)), table, kept, choice);
        const points = figure.data.reduce((n, t) => n + t.points, 0);
        figure.data.forEach(t => { delete t.points; delete t.meta; });
        if (width < NARROW) figure = narrowed(figure);
        if (points > 200) crowded(figure);
        multiples(figure, width, plot);
        if (dark()) figure = recoloured(figure);
        figure.layout.template = page.templates[dark() ? "dark" : "light"];
        delete figure.layout.meta; delete figure.layout.width; delete figure.layout.height;
        if (!points) figure.layout.annotations = [{ text: "no rows for this choice", showarrow: false, xref: "paper", yref: "paper", x: 0.5, y: 0.5 }];
        Plotly.react(plot, figure.data, figure.layout, { responsive: true, displaylogo: false, displayModeBar: width < NARROW ? false : "hover",
          modeBarButtonsToRemove: ["lasso2d", "select2d"], toImageButtonOptions: { format: "svg", filename: spec.name } });
        host.querySelector(".count").textContent = Bench.counted(spec.count, table, kept);
        host.dataset.points = points;
        state.drawn = true; state.wide = width;
        read();
      } catch (error) {
        host.dataset.error = String(error);
        state.drawn = true;
        plot.textContent = `This picture could not be drawn: ${error}`;
      }
    }
    host.querySelector(".csv").addEventListener("click", () => Bench.download(`${spec.name}.csv`, Bench.csv(table, rows())));
    const crossed = () => (plot.clientWidth < NARROW) !== (state.wide < NARROW) || (spec.figure.layout.meta || {}).multiples && Math.abs(plot.clientWidth - state.wide) > 60;
    return { host, draw, drawn: () => state.drawn, crossed };
  }

  const panels = page.panels.map(panel), byHost = new Map(panels.map(p => [p.host, p]));
  const near = new IntersectionObserver(seen => seen.forEach(e => { if (e.isIntersecting) { near.unobserve(e.target); const p = byHost.get(e.target); if (!p.drawn()) p.draw(); } }), { rootMargin: "600px" });
  panels.forEach(p => near.observe(p.host));
  const next = () => { const p = panels.find(q => !q.drawn()); if (p) { p.draw(); setTimeout(next, 30); } };
  setTimeout(next, 300);
  const again = test => panels.filter(p => p.drawn() && (!test || test(p))).forEach(p => p.draw());
  let timer = 0;
  addEventListener("resize", () => { clearTimeout(timer); timer = setTimeout(() => again(p => p.crossed()), 150); });
  addEventListener("beforeprint", () => panels.forEach(p => p.draw()));

  const button = document.getElementById("theme");
  const name = () => { button.textContent = dark() ? "Light" : "Dark"; };
  const asked = new URLSearchParams(location.search).get("theme") || stored.get();
  if (asked === "dark" || asked === "light") root.dataset.theme = asked;
  name();
  button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; stored.set(root.dataset.theme); name(); again(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { name(); again(); });
})();
