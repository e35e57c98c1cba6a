# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Three or more records of one study as a page: what holds in each of them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from workbench.plots.replication_forest import replication_forest, with_lines
from workbench.plots.words import short
from workbench.reliability.replication import ESTIMATES, EVERYWHERE, MEAN, agreement, replication
from workbench.report.markup import Html, table, tag
from workbench.report.page import Page, rendered
from workbench.report.panels import Panel, Selector, number, options
from workbench.report.summary import key_numbers


def replication_page(records: Mapping[str, Any]) -> str:
    """HTML that sets several records beside each other; ``records`` by the runs' names.

    Raises WorkbenchError for fewer than two records, or a record without cells and correlations.
    """
    runs = {name: {n: t for n, t in r.tables.items() if len(t)} for name, r in records.items()}
    rows = replication(runs)
    agreed = agreement(rows)
    shown = with_lines(rows[(rows["predictor"] == "c_heldout")])
    tables = {"replication": shown.reset_index(drop=True), "agreement": agreed}
    page = Page(
        f"One study, {len(records)} runs",
        " · ".join(f"{name}: record {r.digest}" for name, r in records.items()),
        [
            tag("section", tag("h2", "In short"), tag("ul", *map(sentence, lines(agreed))), id="summary"),
            tag("section", tag("h2", "Every correlation"), caution(), claim_table(rows, agreed)),
            tag("section", tag("h2", "Key numbers of each run"), numbers_table(records, runs)),
        ],
        [forest(tables["replication"])],
        tables,
        listed=[("agreement", "Means over runs"), ("replication", "Held-out c, run by run")],
    )
    return rendered(page)


def forest(rows: pd.DataFrame) -> Panel:
    """The picture of held-out c with the odd effect, for own, partial and transplanted vectors."""
    there = [e for e in ESTIMATES if e in set(rows["estimate"])]
    return Panel(
        "replication-forest",
        "Held-out coherence and the odd effect, run by run",
        "replication",
        replication_forest,
        "n = {distinct:run} lines a row (the runs and their mean); a run's interval is over concepts, the mean's over "
        "runs",
        (Selector("estimate", "vectors", options(there), there[0] if there else None),),
        height=(640, 620),
    )


def sentence(text: str) -> Html:
    return tag("li", text)


def lines(agreed: pd.DataFrame) -> list[str]:
    """The three estimates over everything, then the ways on which the runs agree, and those on which they do not."""
    c = agreed[agreed["predictor"] == "c_heldout"]
    pooled = c[c["scope"] == EVERYWHERE]
    out = [f"Held-out coherence with the odd effect, {r.estimate}: {interval(r)}; {r.verdict}." for r in named(pooled)]
    own = c[(c["scope"] != EVERYWHERE) & (c["estimate"] == "own vectors")]
    for words, part in own.groupby("verdict", sort=False):
        ways = "; ".join(f"{r.scope} ({r.rho:+.2f})" for r in named(part))
        out.append(f"Per way, {words}: {ways}.".replace("-0.", "−0."))
    return out


def named(frame: pd.DataFrame) -> list[Any]:
    return list(frame.itertuples())


def interval(row: Any) -> str:
    return f"ρ = {number(row.rho)} [{number(row.low)}, {number(row.high)}] over {row.runs} runs"


def caution() -> Html:
    return tag(
        "p",
        "A run's interval resamples concepts. The mean's is Student's t over the runs, on Fisher's z: with three runs "
        "it is wide, as it should be. Layers per way are those of the largest effect over all runs.",
        class_="meta",
    )


def claim_table(rows: pd.DataFrame, agreed: pd.DataFrame) -> Html:
    """One line per correlation, one column per run, then the mean and the verdict."""
    runs = [r for r in dict.fromkeys(rows["run"]) if r != MEAN]
    body = []
    for row in named(agreed):
        keys = ("predictor", "outcome", "scope", "estimate")
        part = rows
        for key in keys:
            part = part[part[key] == getattr(row, key)]
        by_run = {r.run: f"{number(r.rho)} [{number(r.low)}, {number(r.high)}]" for r in named(part)}
        head = [f"{short(row.predictor)} with {short(row.outcome)}", row.scope, row.estimate]
        body.append([*head, *(by_run.get(run, "–") for run in runs), interval(row), row.verdict])
    return table(["correlation", "where", "vectors", *runs, MEAN, "together"], body)


def numbers_table(records: Mapping[str, Any], runs: Mapping[str, Any]) -> Html:
    """Key numbers, one column per run."""
    columns = {name: {k: v for k, v, _ in key_numbers(r, runs[name])} for name, r in records.items()}
    labels = dict.fromkeys(label for found in columns.values() for label in found)
    body = [[label, *(columns[name].get(label, "–") for name in columns)] for label in labels]
    return table(["quantity", *columns], body)
