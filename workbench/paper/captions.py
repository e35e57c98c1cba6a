# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Drafts of captions: what is shown, n, intervals, method, digest, all from the record and the panel's own words."""

from collections.abc import Mapping
from html import unescape
from string import Formatter
from typing import Any

import pandas as pd
from plotly.graph_objects import Figure

from workbench.paper.words import CONTROLLED, DRAWS, EFFECTS, intervals_of, method_of
from workbench.plots.words import label
from workbench.report.panels import Panel, counted, read, rows_of
from workbench.report.tidy import ALL_CONCEPTS, reliable

Tables = Mapping[str, pd.DataFrame]
KEYS = ("concept", "prompt_type", "layer")


def title_of(panel: Panel) -> str:
    """The panel's title with the choice that the picture shows."""
    chosen = [str(dict(s.options).get(s.value, s.value)) for s in panel.selectors if not s.axis]
    return f"{panel.title} ({', '.join(chosen)})" if chosen else panel.title


def caption(panel: Panel, figure: Figure, tables: Tables, config: Mapping[str, Any], origin: str) -> str:
    """The text after the title, in plain characters; ``figure`` is the panel's own picture, as drawn.

    ``config`` is the record's, ``origin`` the last sentence, from :func:`source`.
    """
    see = unescape((figure.layout.title.subtitle.text or "").replace("<br>", " "))
    axes = [f"{s.label}: {label(str(s.value))}" for s in panel.selectors if s.axis]
    rows = rows_of(panel, tables)
    parts = [
        see, "; ".join(axes), sizes(panel, rows), averaged(rows, tables[panel.table]), questions(panel, rows, tables),
        method_of(panel.name), intervals_of(panel.name), draws(panel, config), picked(panel, tables),
    ]  # fmt: skip
    if panel.readout:
        parts.append(read(panel.readout, tables, {s.name: s.value for s in panel.selectors}))
    return " ".join(sentence(p) for p in [*parts, origin] if p)


def source(record: Any) -> str:
    """Model, study and digest of the record (made anew from all tables at each call)."""
    name = record.model.get("name", "a model") if isinstance(record.model, Mapping) else record.model
    return f"Model {name}, study {record.study}, record {record.digest}."


def sentence(text: str) -> str:
    """The text with a capital at its head and a stop at its end; "n = …" and symbols stay as they are."""
    text = text.strip()
    text = text if text.endswith((".", "!", "?", ".)")) else text + "."
    return text if text.startswith(("n =", "κ", "ρ")) else text[:1].upper() + text[1:]


def sizes(panel: Panel, rows: pd.DataFrame) -> str:
    """The panel's own n without what belongs to a screen; n of rows that differ in what it counts is counted here."""
    firsts = [spec for _, name, spec, _ in Formatter().parse(panel.count) if name == "first"]
    if any(spec in rows and rows[spec].nunique() > 1 for spec in firsts):
        return f"n = {rows['concept'].nunique()} concepts" if "concept" in rows else f"n = {len(rows)} rows"
    clauses = counted(panel.count, rows).split("; ")
    said = ("hover", "× marks", "interval", "bands 95")  # the last two are said by the picture's own words
    return "; ".join(c for k, c in enumerate(clauses) if k == 0 or not method_of(panel.name) or
                     not any(word in c for word in said))  # fmt: skip


def averaged(rows: pd.DataFrame, table: pd.DataFrame) -> str:
    """Over how many concepts the picture averages; "" where it shows concepts."""
    if "concept" not in rows or set(rows["concept"]) != {ALL_CONCEPTS}:
        return ""
    return f"Each value is the mean over n = {table['concept'].nunique() - 1} concepts"


def questions(panel: Panel, rows: pd.DataFrame, tables: Tables) -> str:
    """On how many held-out questions, in how many groups, each effect of the picture was measured."""
    cells = tables.get("cells", pd.DataFrame())
    if panel.name not in EFFECTS or "concept" not in rows or not {*KEYS, "n_eval"} <= set(cells):
        return ""
    shown = [c for c in KEYS if c in rows]
    here = {tuple(map(str, row)) for row in rows[shown].itertuples(index=False)}
    part = cells[[tuple(map(str, row)) in here for row in cells[shown].itertuples(index=False)]]
    part = cells if part.empty else part  # a row of means over concepts
    each = " of each concept" if part["concept"].nunique() > 1 else ""
    return f"Effects are measured on {between(part['n_eval'])} held-out questions{each}{grouped(tables, part)}"


def grouped(tables: Tables, part: pd.DataFrame | None = None) -> str:
    """``", in 10 groups (templates)"``: of the questions on which the concepts of ``part`` were measured."""
    prompts = tables.get("prompts", pd.DataFrame())
    if not {"concept", "group"} <= set(prompts):
        return ""
    kept = prompts if part is None else prompts[prompts["concept"].isin(part["concept"])]
    groups = kept.groupby("concept")["group"].nunique()
    return f", in {between(groups)} groups (templates)" if len(groups) else ""


def draws(panel: Panel, config: Mapping[str, Any]) -> str:
    """How many control directions there are, and on how many questions they were measured; "" where it is not said."""
    wanted = {name for _, name, _, _ in Formatter().parse(DRAWS) if name}
    known = panel.name in CONTROLLED and wanted <= set(config)
    return DRAWS.format(**{name: config[name] for name in wanted}) if known else ""


def picked(panel: Panel, tables: Tables) -> str:
    """Says so where the concept shown is the one on which steering works best."""
    best = reliable(tables)
    named = [s.value for s in panel.selectors if s.name == "concept"]
    if named and "effect" in best and len(best) and str(named[0]) == str(best.iloc[-1]["concept"]):
        return "The concept shown is the one with the largest reliable effect"
    return ""


def between(values: pd.Series) -> str:
    """``"40"`` or ``"40 to 60"``."""
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"
