# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The one-minute summary: key numbers with intervals, what to use, verdicts and warnings."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbench.plots.binding import select
from workbench.plots.recommendation_forest import with_states
from workbench.report.markup import Html, joined, table, tag
from workbench.report.panels import number
from workbench.report.tidy import recommended, reliable
from workbench.stats import proportion, t_interval, within
from workbench.types import Effect

Tables = Mapping[str, pd.DataFrame]


def opening(record: Any, tables: Tables) -> Html:
    """Sentences, the strip of numbers, warnings and verdicts."""
    given = record.results.get("summary") or "The record carries no summary; the numbers below come from its tables."
    sentences = given.splitlines() if isinstance(given, str) else given
    return tag(
        "section",
        tag("h2", "One-minute summary"),
        tag("ul", *(tag("li", s) for s in sentences), class_="summary"),
        strip(key_numbers(record, tables)),
        verdicts(record.results.get("verdicts") or {}),
        warning_box(record.warnings),
        id="summary",
    )


def strip(numbers: list[tuple[str, str, str]]) -> Html:
    """Big value, what it is, and a note, side by side."""
    return tag(
        "div",
        *(
            tag(
                "div",
                tag("div", value, class_="value"),
                tag("div", label, class_="label"),
                tag("div", note, class_="note"),
                class_="key",
            )
            for label, value, note in numbers
        ),
        class_="strip",
    )


def shown(effect: Effect, share: bool = False) -> str:
    """Estimate and interval; an interval that is the whole line says so."""
    form = percent if share else number
    if not np.isfinite([effect.low, effect.high]).all():
        return f"{form(effect.estimate)} (no interval)"
    return f"{form(effect.estimate)} [{form(effect.low)}, {form(effect.high)}]"


def percent(value: float) -> str:
    return "–" if pd.isna(value) else f"{100 * value:.0f} %"


def key_numbers(record: Any, tables: Tables) -> list[tuple[str, str, str]]:
    """(label, value, note): from ``results["key_numbers"]`` where a study gives them, else from the tables."""
    given = record.results.get("key_numbers")
    if given:
        return [
            (
                str(row["label"]),
                shown(row["value"]) if isinstance(row["value"], Effect) else str(row["value"]),
                str(row.get("note", "")),
            )
            for row in given
        ]
    return [*sizes(tables), *at_recommended(tables), *correlation(tables)]


def sizes(tables: Tables) -> list[tuple[str, str, str]]:
    cells = tables.get("cells", pd.DataFrame())
    if "concept" not in cells:
        return []
    parts = [
        f"{cells[c].nunique()} {word}"
        for c, word in (("prompt_type", "prompt types"), ("layer", "layers"))
        if c in cells
    ]
    return [("concepts", str(cells["concept"].nunique()), f"{len(cells)} cells: {' × '.join(parts)}")]


def at_recommended(tables: Tables) -> list[tuple[str, str, str]]:
    """Means over the concepts that have a reliable setting, at that setting; Student's t over concepts."""
    chosen = reliable(tables)
    total = len(tables.get("recommendation", chosen))
    best = recommended({**tables, "recommendation": chosen})
    out = []
    if total:
        effect = proportion([True] * len(chosen) + [False] * (total - len(chosen)))
        note = f"{len(chosen)} of {total} concepts beat random directions at some layer and multiplier"
        out.append(("have a reliable setting", shown(effect, share=True), note))
    wanted = (
        (best, "odd", "odd effect, mean", "log-odds at the recommended layer, multiplier 1", np.inf),
        (best, "c_heldout", "held-out agreement c, mean", "mean cosine at that layer; noise gives 0", 1.0),
        (chosen, "backfire", "prompts that backfire, mean", "at the recommended setting; no effect gives 50 %", 1.0),
    )
    for frame, column, label, note, end in wanted:
        values = frame[column].dropna() if column in frame else pd.Series(dtype=float)
        values = values[np.isfinite(values)]
        if len(values):
            share = column == "backfire"
            out.append((label, shown(within(t_interval(values), 0.0 if share else -end, end), share), note))
    return out


def correlation(tables: Tables) -> list[tuple[str, str, str]]:
    """The headline correlation, never without its transplant and partial beside it."""
    table = tables.get("correlations", pd.DataFrame())
    if not {"predictor", "outcome", "prompt_type", "layer", "rho"} <= set(table):
        return []
    rows = select(table, predictor="c_heldout", outcome="odd")
    pooled = select(rows, prompt_type="all", layer="all")
    rows = pooled if len(pooled) else rows
    if rows.empty:
        return []
    row = rows.iloc[0]
    parts = [
        f"{name} {number(row[f'{key}_rho'])} [{number(row[f'{key}_low'])}, {number(row[f'{key}_high'])}]"
        for key, name in (("transplant", "other concepts’ vectors"), ("partial", "partial"))
        if f"{key}_rho" in row
    ]
    where = "" if len(pooled) else f" ({row['prompt_type']}, layer {row['layer']})"
    return [
        (
            f"ρ of held-out c and odd effect{where}",
            f"{number(row['rho'])} [{number(row['low'])}, {number(row['high'])}]",
            "; ".join(parts),
        )
    ]


def verdicts(found: Mapping[str, Any]) -> Html:
    """Each question with its verdict."""
    if not found:
        return Html("")
    return tag(
        "dl",
        *(joined([tag("dt", name), tag("dd", shown(v) if isinstance(v, Effect) else v)]) for name, v in found.items()),
        class_="verdicts",
    )


def warning_box(warnings: list[str]) -> Html:
    if not warnings:
        return tag("p", "No warnings were recorded.", class_="calm")
    return tag(
        "div",
        tag("h3", f"Warnings ({len(warnings)})"),
        tag("ul", *(tag("li", w) for w in warnings)),
        class_="warnings",
        role="note",
    )


def advice(tables: Tables, reason: str = "") -> Html:
    """One row per concept: the setting to use, its effect, and how often it backfires."""
    rows = tables.get("recommendation", pd.DataFrame())
    if rows.empty:
        return tag(
            "p", f"No recommendation: {reason or 'the record has no rows in the table recommendation'}.", class_="empty"
        )
    curves = tables.get("curves", pd.DataFrame())
    largest = float(curves["multiplier"].max()) if "multiplier" in curves else np.inf
    return table(
        ["concept", "use", "effect (log-odds)", "backfires on"],
        (advice_row(row, largest) for row in with_states(rows).to_dict("records")),
        stacked=True,
    )


def advice_row(row: Mapping[str, Any], largest: float = np.inf) -> list[Any]:
    """Concept, setting, effect, backfire; where nothing is reliable, why. ``largest``: the end of the grid."""
    if row["state"] == "reliable":
        dose = span(row, "multiplier", tenth) + (" (the largest tried)" if row["multiplier"] >= largest else "")
        use = f"layer {row.get('layer')}, multiplier {dose}, prompt type {row.get('prompt_type')}"
    else:
        use = f"no setting can be recommended: {row.get('reason') or 'no effect is reliable'}"
    share = span(row, "backfire", whole_percent)
    backfires = share if share == "–" else f"{share} % of prompts"
    return [
        tag("span", str(row.get("title") or row.get("concept")), title=row.get("concept")),
        use,
        (float(row.get("effect", np.nan)), span(row, "effect", number)),
        (float(row.get("backfire", np.nan)), backfires),
    ]


def span(row: Mapping[str, Any], name: str, form: Callable[[Any], str]) -> str:
    """Estimate and interval of a row's quantity; a dash where it is missing."""
    if pd.isna(row.get(name, np.nan)):
        return "–"
    return f"{form(row.get(name))} [{form(row.get(f'{name}_low'))}, {form(row.get(f'{name}_high'))}]"


def whole_percent(value: Any) -> str:
    return "–" if value is None or pd.isna(value) else f"{100 * value:.0f}"


def tenth(value: Any) -> str:
    return "–" if value is None or pd.isna(value) else f"{value:.1f}".replace("-", "−")
