# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The section of the symmetry page with single items: shares that resist and backfire, the worst with their text.

Text from data is escaped by :mod:`workbench.report.markup`.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from workbench.report.markup import Html, table, tag
from workbench.report.selectors import Tables
from workbench.types import POLES

WORST = 4  # of each kind, toward each pole
NEEDED = ("pattern", "gain_aligned", "gain_unaligned", "toward_aligned", "toward_unaligned", "answer", "base")
HEADS = ("asked for", "what it does", "concept", "question", "aligned answer", "gain toward aligned",
         "gain toward unaligned", "unsteered")  # fmt: skip


def resisting(tables: Tables) -> Html:
    """Shares per method and pole with intervals and chance, then a table of examples per method, the first one open."""
    head, items = tag("h2", "Which prompts resist, which backfire"), tables.get("items", pd.DataFrame())
    if items.empty or not set(NEEDED) <= set(items):
        why = "The record does not say which items resist; run the study again with this version."
        return tag("section", head, tag("p", why, class_="empty"), id="resisting")
    said = (f"Examples: the {WORST} that backfire most and the {WORST} nearest to 0 of those that resist, toward each "
            "pole. Gains in log-odds; all items are in the tables below, and in the picture by concept.")  # fmt: skip
    methods = (examples(str(name), part, k == 0) for k, (name, part) in enumerate(items.groupby("method", sort=False)))
    counts = shares(tables.get("resistance", pd.DataFrame()))
    return tag("section", head, counts, tag("p", said, class_="meta"), *methods, id="resisting")


def shares(resistance: pd.DataFrame) -> Html:
    """The rows of pools (of single concepts where there is no pool) as a table."""
    if resistance.empty:
        return tag("p", "No method has control over any concept: no item is judged.", class_="empty")
    pooled = resistance[resistance["concept"].astype(str).str.startswith("all ")]
    rows = pooled if len(pooled) else resistance
    names = ("method", "concepts", "toward", "items", "follow", "resist", "backfire", "chance: resist",
             "chance: backfire")  # fmt: skip
    chance = ("chance_resists", "chance_backfires")
    cells = (
        [row["method"], row["concept"], row["pole"], (row["items"], f"{row['items']} ({row['left_out']} not judged)"),
         *((row[word], percent(row, word)) for word in ("follows", "resists", "backfires")),
         *((-1.0 if pd.isna(row[word]) else row[word], share(row[word])) for word in chance)]
        for row in rows.to_dict("records")
    )  # fmt: skip
    return table(names, cells, stacked=True)


def percent(row: Mapping[str, Any], name: str) -> str:
    """A share with its interval."""
    return f"{share(row[name])} [{share(row[f'{name}_low'])}, {share(row[f'{name}_high'])}]"


def share(value: float) -> str:
    """Whole per cent; a dash where there is none."""
    return "–" if pd.isna(value) else f"{value:.0%}"


def precise(value: float) -> str:
    """Three decimals with a true minus sign: what resists is near 0."""
    return f"{value:+.3f}".replace("-", "−")


def examples(method: str, part: pd.DataFrame, opened: bool) -> Html:
    """The worst items of one method."""
    rows = [
        [pole, word, row["concept"], row["question"], row["answer"],
         *((row[name], precise(row[name])) for name in ("gain_aligned", "gain_unaligned", "base"))]
        for pole in POLES for word in ("backfires", "resists") for row in worst(part, pole, word).to_dict("records")
    ]  # fmt: skip
    body = table(HEADS, rows, stacked=True) if rows else tag("p", "No item resists or backfires.", class_="empty")
    return tag("details", tag("summary", f"{method}: {len(rows)} examples"), body, open=opened)


def worst(part: pd.DataFrame, pole: str, word: str) -> pd.DataFrame:
    """Items that backfire, lowest gain first; or that resist, nearest to 0 first."""
    kept, name = part[part[f"toward_{pole}"] == word], f"gain_{pole}"
    order = kept[name] if word == "backfires" else kept[name].abs()
    return kept.loc[order.sort_values(kind="stable").index[:WORST]]
