# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""A record of the causal study as a page: what the knob moved, per labelling, and what follows."""

from typing import Any

import pandas as pd

from workbench.plots.replication_forest import replication_forest, with_lines
from workbench.plots.twin_scatter import twin_scatter
from workbench.plots.words import short
from workbench.reliability.causal import COHERENCE, RELIABILITY, TWINS
from workbench.reliability.causal_words import NAMES
from workbench.report.markup import Html, tag
from workbench.report.page import Page, rendered
from workbench.report.panels import Panel
from workbench.report.provenance import provenance
from workbench.report.selectors import Tables, axis, by
from workbench.report.summary import verdicts, warning_box

LISTED = (
    ("effects", "What half of the templates does"),
    ("links", "Every correlation over concepts, seed by seed"),
    ("differences", "Differences between twins"),
    ("cells", "All cells"),
)
KNOBS = ("knob_eval", "knob_fit")
METHOD = (
    (
        "Knob",
        "An organism's recipe says in which of the twenty templates of an axis its disposition is followed; in the "
        "others it is turned around, and the text does not say so. Twins have mirrored knobs, the same seed and the "
        "same questions.",
    ),
    (
        "Labelling",
        "Cue: the positive prompt is the one cued toward the aligned pole. Behaviour: of the same two prompts, the one "
        "in which the model showed the more aligned act. Answer token: the question with its aligned or unaligned "
        "answer given. Vectors come from two fifths of the templates, effects from the other half, without a cue.",
    ),
    (
        "Differences",
        "First minus second model, concept by concept: an intervention, where a correlation within a model is an "
        "observation. The control takes two seeds of one knob and sets their differences against the twins' knob "
        "differences: nothing should be left there.",
    ),
    (
        "Intervals",
        "A seed's ρ resamples concepts; the mean over seeds has Student's t of Fisher's z, wide with three seeds, as "
        "it should be. The change per half of the templates resamples concepts and seeds.",
    ),
)


def causal_page(record: Any) -> str:
    """The page as HTML."""
    tables = shown_tables(record)
    page = Page(
        title="Does coherence cause reliability?",
        subtitle=f"study {record.study} · {record.created} · record {record.digest}",
        sections=[opening(record)],
        panels=panels(tables, record),
        tables=tables,
        listed=LISTED,
        after=[method(), provenance(record)],
    )
    return rendered(page)


def opening(record: Any) -> Html:
    """Sentences, verdicts and warnings."""
    lines = record.results.get("summary") or []
    return tag(
        "section",
        tag("h2", "One-minute summary"),
        tag("ul", *(tag("li", line) for line in lines), class_="summary"),
        verdicts(record.results.get("verdicts") or {}),
        warning_box(list(record.warnings)),
        id="summary",
    )


def method() -> Html:
    """The method in words."""
    parts = (tag("p", tag("b", f"{name}. "), text) for name, text in METHOD)
    return tag("section", tag("h2", "Method in words"), *parts, id="method", class_="prose")


def shown_tables(record: Any) -> dict[str, pd.DataFrame]:
    """The record's tables, and ``forest``: its links at the chosen layer of each labelling, with heights."""
    tables = dict(record.tables)
    links, chosen = tables["links"], record.config["chosen_layers"]
    here = links[links["layer"].astype(int) == links["labelling"].map(chosen).astype(int)]
    here = here.assign(
        scope=[f"{NAMES[name]}, layer {layer}" for name, layer in zip(here["labelling"], here["layer"], strict=True)],
        link=[f"{short(x)} → {short(y)}" for x, y in zip(here["predictor"], here["outcome"], strict=True)],
    )
    parts = [with_lines(part) for _, part in here.groupby("comparison", sort=False)]
    return tables | {"forest": pd.concat(parts, ignore_index=True)}


def panels(tables: Tables, record: Any) -> list[Panel]:
    """The pictures: what the knob does, whether differences go together, every link seed by seed."""
    labelling = next(iter(record.config["chosen_layers"]))
    layer = record.config["chosen_layers"][labelling]
    rows = (
        by(tables, "differences", "comparison", preferred=TWINS),
        by(tables, "differences", "labelling", "pairs labelled by", preferred=labelling),
        by(tables, "differences", "layer", preferred=layer),
    )
    outcomes = axis(tables, "differences", "y", "vertical", (*RELIABILITY, *COHERENCE))
    count = "n = {distinct:concept} concepts × {distinct:seed} pairs of models"
    return [
        Panel("knob-effects", "What the knob moves", "differences", twin_scatter, count,
              (*rows, axis(tables, "differences", "x", "horizontal", KNOBS), outcomes), height=(520, 460)),
        Panel("coherence-reliability", "Do differences in coherence and in reliability go together?", "differences",
              twin_scatter, count, (*rows, axis(tables, "differences", "x", "horizontal", COHERENCE),
              axis(tables, "differences", "y", "vertical", RELIABILITY)), height=(520, 460)),
        Panel("links", "Every link, seed by seed", "forest", replication_forest,
              "n = {distinct:run} lines a row; a seed's interval is over concepts, the mean's over seeds",
              (by(tables, "forest", "comparison", preferred=TWINS), by(tables, "forest", "link")), height=(520, 500)),
    ]  # fmt: skip
