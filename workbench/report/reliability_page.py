# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""A reliability record as a page."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from workbench.report.markup import tag
from workbench.report.method import method
from workbench.report.page import Page, rendered
from workbench.report.panels import Panel
from workbench.report.pictures import panels
from workbench.report.provenance import provenance
from workbench.report.summary import advice, opening
from workbench.report.tidy import derived, recommended

LIMIT = 8_000_000
# what may be thinned when a page would grow too large, largest tables first
LONG = ("prompts", "projections", "curves")
LISTED = (
    ("cells", "All cells"),
    ("correlations", "Correlations"),
    ("probes", "Probes"),
    ("patching", "Patching"),
    ("recommendation", "Recommendations"),
    ("published", "Published numbers beside ours"),
    ("cosines_types", "Cosines between prompt types"),
)


def reliability_page(record: Any, limit: int = LIMIT, extended: Callable[[Page], Page] = lambda page: page) -> str:
    """The page as HTML, smaller than ``limit`` bytes where leaving out rows of the long tables can make it so.

    ``extended`` adds to the page before it is put together.
    """
    tables, reasons = derived(record.tables)
    shown = panels(tables, reasons)
    notes: dict[str, str] = {}
    text = rendered(extended(page_of(record, tables, shown, reasons, notes)))
    for step in (["concept", "layer"], ["concept", "prompt_type", "layer"]):
        if len(text.encode()) <= limit:
            break
        tables, notes = thinned(tables, step)
        text = rendered(extended(page_of(record, tables, panels(tables, reasons), reasons, notes)))
    return text


def page_of(
    record: Any,
    tables: Mapping[str, pd.DataFrame],
    shown: list[Panel],
    reasons: Mapping[str, str],
    notes: Mapping[str, str],
) -> Page:
    """Opening, advice, pictures, tables, method, provenance."""
    use = tag(
        "section",
        tag("h2", "What to use"),
        tag(
            "p",
            "Per concept: the layer and multiplier with the largest reliable effect, and the share of prompts on which "
            "it works the wrong way. A backfire share near 50 % means no effect.",
            class_="meta",
        ),
        advice(tables, reasons.get("recommendation", "")),
        id="use",
    )
    name = record.model.get("name", "a model") if isinstance(record.model, Mapping) else record.model
    return Page(
        title=f"Reliability of steering: {name}",
        subtitle=f"study {record.study} · {record.created} · record {record.digest}",
        sections=[opening(record, tables), use],
        panels=shown,
        tables=tables,
        listed=LISTED,
        after=[method(), provenance(record)],
        notes=notes,
    )


def thinned(tables: Mapping[str, pd.DataFrame], keys: list[str]) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """The long tables at the recommended settings only, and for each a sentence that says so."""
    best = recommended(tables)
    if best.empty:
        return dict(tables), {}
    kept = {tuple(map(str, row)) for row in best[keys].itertuples(index=False)}
    out, notes = dict(tables), {}
    for name in LONG[:2]:
        if name in tables:
            table = tables[name]
            here = [tuple(map(str, row)) in kept for row in table[keys].itertuples(index=False)]
            out[name] = table[here].reset_index(drop=True)
            notes[name] = (
                f" To keep the page small it holds the recommended {' and '.join(k.replace('_', ' ') for k in keys)}"
                f" only ({sum(here)} of {len(table)} rows); all are in tables/{name}.csv."
            )
    return out, notes
