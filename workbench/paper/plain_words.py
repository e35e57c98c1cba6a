# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The results for readers outside the field: the same numbers, everyday words, and what does not follow."""

import math
from typing import Any

import pandas as pd

from workbench.paper.captions import between
from workbench.paper.findings import Paragraphs, Tables, summarised, told
from workbench.paper.numbers import fixed, places, share
from workbench.paper.words import level
from workbench.stats import proportion, t_interval, within

# what each study asks, for somebody who has never heard of it
QUESTIONS = {
    "reliability": "The answers of a language model can be pushed: while it reads a question, a fixed pattern is added "
    "to its inner activity, in the hope that its answers lean one way. This study asks how often that works, on which "
    "questions it does the opposite, and whether one can tell beforehand.",
    "overview": "The answers of a language model can be pushed: while it reads a question, a fixed pattern is added to "
    "its inner activity, or something is said before it. This study asks how often that works and on which questions "
    "it does the opposite; and whether a model can be pushed toward bad conduct as easily as toward good conduct.",
    "symmetry": "If a language model can be pushed toward good conduct, can it be pushed toward bad conduct as easily? "
    "This study pushes both ways, spends the same on both, and compares how far each gets.",
    "defence": "A defence is meant to let a language model be pushed toward good conduct but not toward bad. This "
    "study attacks such a defence in several ways and sees what each attack still achieves.",
    "causal-coherence": "Pushes whose examples agree with one another seem to work better. This study changes how far "
    "they agree, by training models that differ in nothing else, and sees whether the effect follows.",
}
HEDGE = ("These are results of one model and one set of questions. They do not say that a model wants or values "
         "anything, nor that a method makes it safe, nor that other models would do the same.")  # fmt: skip


def plain_words(record: Any) -> Paragraphs:
    """(title, text): the question, the findings and the limits, without terms of the trade where the study allows."""
    parts = [("The question", QUESTIONS.get(record.study, f"This is the study “{record.study}”."))]
    found = outcome(record) if record.study in ("reliability", "overview") else []
    found = [*found, *both_ways(record)]
    if not found:
        text = " ".join(t for _, t in summarised(record))
        found = [("What was found", f"In the record's own, technical words: {text}")]
    return [*parts, *found, ("What does not follow", HEDGE)]


def both_ways(record: Any) -> Paragraphs:
    """Of an overview: for how many techniques both ways are alike, differ, or cannot be told."""
    rows = record.tables.get("symmetry_results", pd.DataFrame({"concept": [], "verdict": []}))
    counts = rows.loc[rows["concept"] == "all value concepts", "verdict"].value_counts()
    if record.study != "overview" or counts.empty:
        return []
    same, other, open_ = (int(counts.get(name, 0)) for name in ("symmetric", "asymmetric", "undetermined"))
    text = (f"{same + other + open_} techniques were tried both ways at the same cost. {same} reached about as far "
            f"toward bad conduct as toward good, {other} clearly further one way, and for {open_} it cannot be told.")
    return [("Both ways alike?", text)]


def outcome(record: Any) -> Paragraphs:
    """What was tried and what came out; nothing where the record lacks the cells."""
    tables = record.tables
    cells = tables.get("cells", pd.DataFrame())
    if not {"concept", "prompt_type", "layer", "odd", "beats_random"} <= set(cells):
        return []
    tried = f"The model {record.model.get('name', '')} was asked about {cells['concept'].nunique()} topics"
    if "n_eval" in cells:
        tried += f", with {between(cells['n_eval'])} questions each that had no part in making the push"
    tried += (f". Every push was compared with random pushes of the same size. Brackets say how sure the numbers are: "
              f"a range made this way covers the true value in about {level()} of studies.")  # fmt: skip
    found = " ".join(p for p in (worked(tables), wrong_way(tables), forecast(tables), readable(cells)) if p)
    return [("What was done", tried), ("What was found", found)]


def worked(tables: Tables) -> str:
    """For how many topics some push works, and how strong pushes are on average."""
    cells, table = tables["cells"], tables.get("recommendation", pd.DataFrame())
    text = ""
    if "reliable" in table and len(table):
        flags = table["reliable"].astype(bool)
        text = (f"For {int(flags.sum())} of {len(table)} topics, {share(proportion(flags.astype(float).to_numpy()))}, "
                "at least one of the pushes that were tried moved the answers as intended, and more than random pushes "
                f"did; for the other {int((~flags).sum())} none did so reliably. ")  # fmt: skip
    found = t_interval(cells["odd"], groups=cells["concept"].to_numpy())
    if not math.isfinite(found.low):
        return text.strip()
    odds = [math.exp(v) for v in (found.estimate, found.low, found.high)]
    digits = places(odds[1], odds[2])
    one, low, high = (fixed(v, digits) for v in odds)
    return text + (f"Over everything that was tried, good and bad, a push of ordinary size multiplied the odds of the "
                   f"intended answer by a typical factor of {one} [{low}, {high}]; 1 would be no effect.")  # fmt: skip


def wrong_way(tables: Tables) -> str:
    """How many questions move the wrong way even at the best setting."""
    table = tables.get("recommendation", pd.DataFrame())
    if not {"reliable", "backfire"} <= set(table):
        return ""
    good = table[table["reliable"].astype(bool)].dropna(subset=["backfire"])
    if good.empty:
        return ""
    found = within(t_interval(good["backfire"]), 0.0, 1.0)
    return (f"Even where a push worked, {share(found)} of the questions moved the wrong way; with a push that does "
            "nothing it would be about half. The best pushes were picked after the fact, so these figures flatter "
            "them.")  # fmt: skip


def forecast(tables: Tables) -> str:
    """Whether agreement of the examples goes with the effect."""
    table = tables.get("correlations", pd.DataFrame())
    if not {"predictor", "outcome", "prompt_type", "low", "high"} <= set(table):
        return ""
    part = table[(table["predictor"] == "c_heldout") & (table["outcome"] == "odd")]
    part = part[part["prompt_type"].astype(str) == "all"]
    if part.empty:
        return ""
    row = part.iloc[0]
    words = told(row["low"], row["high"], "tended to work better, but far from always",
                 "tended to work worse", "did not clearly work better or worse")  # fmt: skip
    return (f"Pushes whose examples agreed with one another {words}; that two things go together does not show that "
            "one makes the other.")  # fmt: skip


def readable(cells: pd.DataFrame) -> str:
    """How often a topic can be read inside the model where pushing does nothing."""
    if "inert" not in cells or not cells["inert"].any():
        return ""
    found = proportion(cells["inert"].astype(float).to_numpy(), cells["concept"].to_numpy())
    return (f"In {share(found)} of the places that were tried the topic could be read off the model's inner activity, "
            "and yet pushing there did little or nothing more than a random push.")  # fmt: skip
