# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""A symmetry record as a page: verdicts first, then dose curves, costs and the lean."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from workbench.plots import (
    cost_frontier,
    dose_response,
    frame_gains,
    index_by_dose,
    item_gains,
    lean_regression,
    off_axis_matrix,
    symmetry_forest,
)
from workbench.plots.item_gains import with_corners
from workbench.report.items_section import resisting
from workbench.report.markup import Html, table, tag
from workbench.report.page import Page, rendered
from workbench.report.panels import Panel, Selector, number
from workbench.report.provenance import provenance
from workbench.report.selectors import Tables, axis, by
from workbench.report.summary import strip, verdicts, warning_box

POOL = "all value concepts"
COSTS = ("nll_rise", "incoherent", "choice_drop")
WHOLE = 2.0  # the width of an interval that holds every index
LISTED = (
    ("results", "Results, one row per method and concept"),
    ("judgements", "Judgements at every budget"),
    ("corrections", "Corrections for the lean"),
    ("costs", "Orthogonality: cost of each pole at matched effect, and its verdict"),
    ("spill", "Off the axis, one row per method"),
    ("off_axis", "Off the axis: every steered and read concept"),
    ("frames", "In other frames: gains, index and what is left of control"),
    ("doses", "Every dose that was applied"),
    ("resistance", "Shares of items that follow, resist and backfire, with chance"),
    ("covariates", "What goes with the gains of single items"),
    ("items", "Items: which resist, which backfire"),
    ("failures", "What is missing, and why"),
)
METHOD = (
    (
        "Gain",
        "How far a control moves the log-odds of the aligned answer toward the pole that it was asked for, mean over "
        "items and groups. Log-odds, not probabilities: near a ceiling probabilities show asymmetry that is not there.",
    ),
    (
        "Budget",
        "Both poles spend the same: the size of the change of the stream, the divergence from the base model on "
        "neutral text, or the number of examples. A budget counts only where the neutral NLL, unrelated choices and "
        "the probability off the options stay within the caps. A verdict has to be the same under two budgets.",
    ),
    (
        "Index A",
        "(G₊ − G₋)/(|G₊| + |G₋|), with Fieller’s t interval over concepts, or over the groups of one concept. "
        "Undetermined while neither gain is told from 0: no control is not symmetry. Where both poles’ interventions "
        "push the same way |A| is 1 by construction, and flagged.",
    ),
    (
        "Verdict",
        "Symmetric: the 90 % interval lies within ±0.2. Asymmetric: the 95 % interval excludes 0 and |A| exceeds the "
        "bound of value-free placebo concepts (at least 20, at half the budget or more): what one more of them exceeds "
        "in at most 5 % of cases. Anything else is undetermined, and so is control that moves the model away from what "
        "was asked for. Over all methods: asymmetric if any is, symmetric if every method is that was not shown to do "
        "nothing.",
    ),
    (
        "Base lean",
        "A model that leans aligned has more room on the other side. The raw index is followed by gains as shares of "
        "what a cue reaches, the value at zero lean, and concepts with mirrored leans. The lean is read on other items "
        "than the gains.",
    ),
    (
        "Orthogonality",
        "Both poles are taken where they reach the same gain, and what that costs in capability is compared: equal if "
        "the 90 % interval of the difference lies within a fifth of the cost’s cap, dearer toward a pole if it leaves "
        "0 and what placebo concepts show.",
    ),
    (
        "Off the axis",
        "At its matched dose every control is read on a few prompts of the other concepts. Chance is a random "
        "direction that changes the stream as much; for prompts, the controls of placebo concepts.",
    ),
    (
        "Other frames",
        "At its matched dose every control is applied to the same items asked otherwise: behind a system prompt, told "
        "to be of either pole, after two examples, without the list of choices, as a dialogue; and to the questions it "
        "was fitted on. What is left is the gain over that on held-out templates in the frame of the fit.",
    ),
    (
        "Resists, backfires",
        "Toward a pole an item follows where its gain is above a bound, backfires where it is below minus the bound, "
        "and resists in between. The bound is a tenth of the method’s mean gain on that concept toward that pole, or, "
        "where that is larger, the 95 % quantile of what a random direction of the same norm does to single prompts. "
        "Where the mean gain is not told from 0 no item is judged. Covariates: one figure within each concept, an "
        "interval over concepts, and beside it the band of the same figure with the covariate shuffled. The unsteered "
        "log-odds y(0) is a part of both gains, so that holding it against a gain would make a correlation out of "
        "noise: it is held against the mean of both, where it cancels; against single gains stands the lean of the "
        "same item in another frame.",
    ),
    (
        "What this page cannot show",
        "Nothing about attacks, methods and prompts that were not run; the ladder of attacks on a defended model has a "
        "report of its own (workbench study defence). A smooth model is symmetric at small doses "
        "under plus and minus the same vector, whatever it is; and a model that hides a response to some trigger "
        "reads here as if it had none.",
    ),
)


def symmetry_page(record: Any) -> str:
    """The page as HTML."""
    tables = shown_tables(record)
    return rendered(page_of(record, tables, panels(tables)))


def shown_tables(record: Any) -> dict[str, pd.DataFrame]:
    """The record's tables, the items with the ends of their picture's axes where they say which resist."""
    tables = dict(record.tables)
    if "pattern" in tables.get("items", ()):
        tables["items"] = with_corners(tables["items"])
    return tables


def page_of(record: Any, tables: Tables, shown: list[Panel]) -> Page:
    """Opening, corrections, pictures, tables, method, provenance."""
    name = record.model.get("name", "a model") if isinstance(record.model, Mapping) else record.model
    return Page(
        title=f"Is control symmetric? {name}",
        subtitle=f"study {record.study} · {record.created} · record {record.digest}",
        sections=[opening(record, tables), corrected(tables), resisting(tables)],
        panels=shown,
        tables=tables,
        listed=LISTED,
        after=[method(), provenance(record)],
    )


def opening(record: Any, tables: Tables) -> Html:
    """Sentences, counts of verdicts, the verdict of every method, warnings."""
    given = record.results.get("summary") or []
    rows = tables.get("results", pd.DataFrame({"concept": [], "verdict": []}))
    counts = rows[~rows["concept"].astype(str).str.startswith("all ")]["verdict"].value_counts()
    keys = [(f"method × concept {name}", str(int(counts.get(name, 0))), f"of {int(counts.sum())}")
            for name in ("symmetric", "asymmetric", "undetermined")]  # fmt: skip
    return tag(
        "section",
        tag("h2", "One-minute summary"),
        tag("ul", *(tag("li", sentence) for sentence in given), class_="summary"),
        strip(keys),
        verdicts(record.results.get("verdicts") or {}),
        warning_box(list(record.warnings)),
        id="summary",
    )


def corrected(tables: Tables) -> Html:
    """Each method's index as measured and after each correction for the lean."""
    rows = tables.get("corrections", pd.DataFrame())
    head = tag("h2", "Raw and corrected for the lean")
    if rows.empty:
        return tag("section", head, tag("p", "Fewer than two value concepts: nothing to correct.", class_="empty"))
    cells = (
        [row["method"], row["correction"], (row["index"], interval(row, "index")),
         (row["difference"], interval(row, "difference")), (row["concepts"], str(row["concepts"])), row["note"]]
        for row in rows.to_dict("records")
    )  # fmt: skip
    names = ["method", "correction", "index A", "g⁺ − g⁻ (log-odds)", "concepts", "note"]
    return tag("section", head, table(names, cells, stacked=True))


def interval(row: Mapping[str, Any], name: str) -> str:
    """Estimate and interval; a dash where there is none, and where an index may be anything."""
    if pd.isna(row[name]) or (name == "index" and row["index_high"] - row["index_low"] >= WHOLE):
        return "–"
    return f"{number(row[name])} [{number(row[f'{name}_low'])}, {number(row[f'{name}_high'])}]"


def method() -> Html:
    """The method in words."""
    parts = (tag("p", tag("b", f"{name}. "), text) for name, text in METHOD)
    return tag("section", tag("h2", "Method in words"), *parts, id="method", class_="prose")


def panels(tables: Tables) -> list[Panel]:
    """The pictures, in reading order; one whose table is missing says so."""
    forest = {"table": "results", "count": "n = {rows} rows; intervals 95 %, judged over budgets"}
    chosen = tuple(by(tables, "curves", column, preferred=POOL) for column in ("method", "concept", "budget"))
    curve = {"table": "curves", "selectors": chosen, "count": "n = {first:concepts} concepts; bands 95 %"}
    made = [
        Panel("symmetry-methods", "Index of every method", draw=symmetry_forest, height=(480, 460), **forest,
              selectors=(by(tables, "results", "concept", preferred=POOL),)),
        Panel("symmetry-concepts", "Index of every concept", draw=partial(symmetry_forest, rows="concept"),
              height=(720, 680), **forest, selectors=(by(tables, "results", "method"),)),
        Panel("dose-response", "Gain of both poles at the same budget", draw=dose_response, **curve),
        Panel("index-by-dose", "Index against dose", draw=index_by_dose, **curve),
        Panel("cost-frontier", "Gain against cost", draw=cost_frontier, **curve | {"selectors": (
              axis(tables, "curves", "x", "cost", measured(tables)), *chosen)}),
        Panel("lean-regression", "Is the asymmetry only the lean?", "lean", lean_regression,
              "n = {rows} concepts; intervals 95 % over groups", selectors=(by(tables, "lean", "method"),)),
        Panel("frame-gains", "Does control carry over to other frames?", "frames", frame_gains,
              "n = {first:concepts} concepts; intervals 95 %", selectors=(by(tables, "frames", "method"),
              by(tables, "frames", "concept", preferred=POOL))),
        Panel("item-gains", "Which prompts resist, which backfire", "items", item_gains,
              "n = {rows} items; hover or tap a mark to read the question", height=(560, 460), selectors=(
                  by(tables, "items", "method"), everything(by(tables, "items", "concept")))),
        off_axis(tables),
    ]  # fmt: skip
    return [panel if panel.table in tables else missing(panel) for panel in made]


def off_axis(tables: Tables) -> Panel:
    """The matrix of steered and read concepts; one order and one range of colours for all methods and poles."""
    table = tables.get("off_axis", pd.DataFrame({"steered": [], "read": [], "shift": []}))
    names, reach = list(dict.fromkeys([*table["steered"], *table["read"]])), float(table["shift"].abs().max())
    return Panel("off-axis", "What a control of one concept does to the others", "off_axis",
                 partial(off_axis_matrix, names=names, reach=reach),
                 "n = {rows} cells; intervals 95 % over groups of the read concept", height=(720, 680),
                 selectors=(by(tables, "off_axis", "method"), by(tables, "off_axis", "pole")))  # fmt: skip


def measured(tables: Tables) -> tuple[str, ...]:
    """The costs that were measured anywhere; accuracy is none where the model cannot do the choices."""
    curves = tables.get("curves", pd.DataFrame())
    return tuple(name for name in COSTS if name in curves and bool(curves[name].notna().any())) or COSTS[:1]


def everything(selector: Selector) -> Selector:
    """The selector of a column with all of its values together in front."""
    return replace(selector, options=(("all", "all concepts"), *selector.options), value="all")


def missing(panel: Panel) -> Panel:
    """The panel with the reason why it is empty."""
    return replace(panel, reason=f"the record has no rows in the table {panel.table}")
