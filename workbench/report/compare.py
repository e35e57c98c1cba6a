"""Two records side by side: key numbers, settings, and the odd effect cell by cell."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbench.plots.paired_effects import paired, paired_effects
from workbench.report.markup import Html, table, tag
from workbench.report.page import Page, rendered
from workbench.report.panels import Panel, number
from workbench.report.provenance import flat, seeds
from workbench.report.selectors import by, with_all
from workbench.report.summary import key_numbers, shown, strip
from workbench.report.tidy import usual
from workbench.stats import t_interval
from workbench.types import WorkbenchError

CHANGES = (
    ("odd", "odd effect", "log-odds"),
    ("steerability", "steerability", "log-odds per multiplier"),
    ("c_heldout", "held-out agreement c", "mean cosine"),
    ("d_prime_split", "split-half d′", "pooled sd"),
    ("anti_braun", "anti-steerable prompts", "share"),
)


def compare_page(a: Any, b: Any) -> str:
    """HTML that sets record ``b`` beside record ``a``; differences are second minus first."""
    first, second = ({name: t for name, t in r.tables.items() if len(t)} for r in (a, b))
    pairs, reason = paired_cells(first, second)
    tables = {"paired": pairs} if not reason else {}
    sections = [
        tag("section", tag("h2", "In short"), tag("p", same(a, b)), strip(changes(pairs)), id="summary"),
        tag("section", tag("h2", "Key numbers"), number_table(a, b, first, second)),
        tag("section", tag("h2", "What differs in the set-up"), setting_table(a, b)),
    ]
    page = Page(
        "Two records compared",
        f"first: {about(a)} · second: {about(b)}",
        sections,
        [scatter(tables, first, reason)],
        tables,
        listed=[("paired", "Cells that both records have")],
    )
    return rendered(page)


def scatter(tables: Mapping[str, pd.DataFrame], first: Mapping[str, pd.DataFrame], reason: str) -> Panel:
    """The paired picture, starting at the setting that the first record recommends most often."""
    chosen = (by(tables, "paired", c, preferred=usual(first, c, "cells")) for c in ("prompt_type", "layer"))
    return Panel(
        "paired-effects",
        "Odd effects, cell by cell",
        "paired",
        paired_effects,
        "n = {rows} cells of {distinct:concept} concepts that both records have; intervals 95 %",
        tuple(with_all(s) for s in chosen),
        height=(560, 420),
        reason=reason,
    )


def about(record: Any) -> str:
    return f"{record.study}, {record.model.get('name', '?')}, record {record.digest}, {record.created}"


def same(a: Any, b: Any) -> str:
    """Whether the two are the same finding."""
    return (
        "Both records have the same digest: the same study with the same outcome."
        if a.digest == b.digest
        else "The records differ. Differences are second minus first, with 95 % intervals over concepts."
    )


def paired_cells(first: Mapping[str, pd.DataFrame], second: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, str]:
    """Matched cells, or the reason why there are none."""
    missing = [name for name, tables in (("first", first), ("second", second)) if "cells" not in tables]
    if missing:
        return pd.DataFrame(), f"the {' and the '.join(missing)} record has no cells"
    try:
        pairs = paired(first["cells"], second["cells"], [c for c, _, _ in CHANGES])
    except (KeyError, WorkbenchError) as error:
        return pd.DataFrame(), f"the cells cannot be matched: {error}"
    if pairs.empty:
        return pairs, "the records have no cell (concept, prompt type, layer) in common"
    return pairs, ""


def changes(pairs: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Mean difference of each quantity over matched cells, concepts as the unit."""
    out = []
    for column, name, unit in CHANGES:
        if {f"{column}_first", f"{column}_second"} <= set(pairs):
            change = (pairs[f"{column}_second"] - pairs[f"{column}_first"]).to_numpy(dtype=float)
            kept = np.isfinite(change)
            if kept.any():
                effect = t_interval(change[kept], groups=pairs["concept"].to_numpy()[kept])
                out.append((f"change of {name}", shown(effect), f"{unit}; {kept.sum()} matched cells"))
    return out


def number_table(a: Any, b: Any, first: Mapping[str, pd.DataFrame], second: Mapping[str, pd.DataFrame]) -> Html:
    """Each key number of both records."""
    one, two = (
        {label: (value, note) for label, value, note in key_numbers(r, t)} for r, t in ((a, first), (b, second))
    )
    rows = []
    for label in dict.fromkeys([*one, *two]):
        (value, note), (other, remark) = one.get(label, ("–", "")), two.get(label, ("–", ""))
        about = note if note == remark else f"first: {note or '–'}. Second: {remark or '–'}"
        rows.append([label, value, other, about])
    if not rows:
        return tag("p", "Neither record has the tables that key numbers are made of.", class_="empty")
    return table(["quantity", "first", "second", "about"], rows)


def setting_table(a: Any, b: Any) -> Html:
    """Configuration, model, versions, seeds and concept digests that are not the same."""
    one, two = (
        {
            **flat(r.config, "config."),
            **flat(r.model, "model."),
            **flat(r.versions, "versions."),
            **flat(r.concepts, "concept digest."),
            "seeds": ", ".join(map(str, seeds(r.seeds))),
        }
        for r in (a, b)
    )
    rows = [
        [name, tag("code", one.get(name, "–")), tag("code", two.get(name, "–"))]
        for name in dict.fromkeys([*one, *two])
        if one.get(name) != two.get(name)
    ]
    if not rows:
        return tag(
            "p", f"Nothing: all {number(len(one))} settings, versions, seeds and digests are the same.", class_="calm"
        )
    return table(["setting", "first", "second"], rows)
