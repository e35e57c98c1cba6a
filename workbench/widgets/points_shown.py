# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Figures and prompts of the explorers as HTML tables; text from data is escaped here."""

from collections.abc import Sequence
from html import escape

import pandas as pd

from workbench.types import Effect
from workbench.widgets.inputs import titled

# more prompts than this are counted, not listed
LISTED = 12


def figures_html(figures: pd.DataFrame) -> str:
    """In-sample figures marked, each with its held-out twin and what it would be without a concept."""
    rows = []
    for row in figures.itertuples():
        inside = "—" if row.in_sample != row.in_sample else f'<span class="wb-warn">⚠ {row.in_sample:.2f}</span>'
        rows.append([escape(row.name), inside, _effect(row.held_out), escape(row.control)])
    heads = ["figure", "in-sample (fitted on these)", "held out, 95 % interval", "control"]
    return table_html("figures of the line", heads, rows, numbers=(1, 2))


def prompts_html(prompts: pd.DataFrame, picked: Sequence[str]) -> str:
    """The picked prompts with slope and unsteered propensity; ``prompts`` is a slope table."""
    found = prompts[prompts["prompt"].isin(picked)]
    if not len(found):
        many = f"{len(picked)} fitted pairs: no slope, directions were made from them" if picked else "none"
        return f'<div class="wb-soft" role="status">picked: {many}. Click a point, drag a box, or use the list.</div>'
    rows = [
        [escape(titled(r.question)), escape(r.group), f"{r.slope:+.2f}", f"{r.base:+.2f}", verdict(r.anti, r.beyond)]
        for r in found.head(LISTED).itertuples()
    ]
    heads = ["prompt", "group", "slope", "unsteered", "under steering"]
    more = f'<div class="wb-soft">and {len(found) - LISTED} more</div>' if len(found) > LISTED else ""
    return table_html("picked prompts", heads, rows, numbers=(2, 3)) + more


def verdict(anti: bool, beyond: bool) -> str:
    """What a prompt does, in words."""
    way = "▼ moves the wrong way" if anti else "▲ moves as asked"
    return way + ("" if beyond else ", no more than random directions do")


def table_html(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A table of cells that are already HTML."""
    top = "".join(f'<th scope="col">{head}</th>' for head in heads)
    body = "".join(
        "<tr>" + "".join(
            f'<td{" class=wb-number" if k in numbers else ""}>{cell}</td>' for k, cell in enumerate(row)
        ) + "</tr>"
        for row in rows
    )  # fmt: skip
    head = f'<table class="wb-table" aria-label="{escape(name)}"><thead><tr>{top}</tr></thead>'
    return f"{head}<tbody>{body}</tbody></table>"


def _effect(effect: Effect) -> str:
    return f"{effect.estimate:+.2f} [{effect.low:+.2f}, {effect.high:+.2f}] · {effect.n_groups} groups"
