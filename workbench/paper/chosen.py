# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Which tables of a record a paper prints, with the columns and the words that they need."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from workbench.paper.captions import source
from workbench.paper.tabular import Table
from workbench.paper.words import intervals_of, level
from workbench.plots.words import short
from workbench.stats import proportion, t_interval, within
from workbench.types import Effect

SMALL = 60  # rows up to which a table of an unknown study is printed
# study -> (table, title, columns)
OTHERS: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "symmetry": (
        ("results", "Index, gains and verdict of every method",
         ("method", "concept", "budget", "index", "gain_aligned", "gain_unaligned", "verdict")),
        ("corrections", "The index as measured and corrected for the lean",
         ("method", "budget", "correction", "index", "difference", "concepts", "note")),
    ),
    "defence": (
        ("tiers", "Verdict of every tier of attacks",
         ("concept", "tier", "retained_aligned", "retained_unaligned", "nll_rise", "index_bare", "index_defended",
          "strongest", "verdict")),
        ("rungs", "What each attack leaves of both poles' control",
         ("concept", "tier", "attack", "retained_aligned", "retained_unaligned", "turned_over", "groups")),
        ("held_out", "What is kept on concepts that the defence was not fitted on",
         ("concept", "held_out", "tier", "retained_aligned", "retained_unaligned", "generalisation")),
    ),
    "causal-coherence": (
        ("effects", "What half of the templates does", ()),
        ("links", "Correlations over concepts, seed by seed", ()),
    ),
}  # fmt: skip


def tables_of(record: Any) -> list[Table]:
    """The tables to print; one that the record lacks, or that lacks all of its columns, is left out."""
    if record.study in OTHERS:
        found = [plain_table(record, *choice) for choice in OTHERS[record.study]]
    elif record.study in ("reliability", "overview"):
        tables = record.tables
        found = [recommendation(tables), ways(tables), correlations(tables), published(tables)]
        # the overview holds the tables of the symmetry study behind a prefix
        found += [plain_table(record, f"symmetry_{name}", *rest) for name, *rest in OTHERS["symmetry"]]
    else:
        found = [plain_table(record, name, short(name), ()) for name, t in record.tables.items() if len(t) <= SMALL]
    origin = source(record)
    return [with_source(table, origin) for table in found if table is not None and len(table.frame)]


def with_source(table: Table, origin: str) -> Table:
    """The table with the level of its intervals and the record at the end of its note."""
    brackets = f"Brackets are {level()} intervals unless said otherwise."
    note = " ".join(p for p in (table.note, brackets, origin) if p)
    return Table(table.name, table.title, table.frame, table.columns, note)


def plain_table(record: Any, name: str, title: str, columns: tuple[str, ...]) -> Table | None:
    """A table as it is, with those of ``columns`` that it has (none named: all)."""
    frame = record.tables.get(name, pd.DataFrame())
    kept = {c: "" for c in columns if c in frame}
    return Table(name, title, frame, kept) if kept or not columns else None


def recommendation(tables: Mapping[str, pd.DataFrame]) -> Table | None:
    """Per concept the setting to use and what it does."""
    frame = tables.get("recommendation", pd.DataFrame())
    name = "title" if "title" in frame else "concept"
    heads = {name: "concept", "prompt_type": "vectors from", "layer": "layer", "multiplier": "multiplier",
             "effect": "odd effect (log-odds)", "backfire": "backfires (share)", "reliable": "reliable"}  # fmt: skip
    if not {"concept", "effect"} <= set(frame):
        return None
    note = ("Per concept the setting with the largest reliable odd effect. Where none is reliable, the largest that "
            "was found and no multiplier. Backfires: the share of questions that move the wrong way; one half is what "
            "no effect gives. Brackets after the multiplier span the "
            f"settings that are not reliably worse. {intervals_of('recommendation')}")  # fmt: skip
    shown = {c: h for c, h in heads.items() if c in frame}
    return Table("recommendation", "Recommended settings", frame, shown, note)


def ways(tables: Mapping[str, pd.DataFrame]) -> Table | None:
    """Per way of making vectors and layer: means over concepts, nothing chosen, beside the random band."""
    cells = tables.get("cells", pd.DataFrame())
    if not {"concept", "prompt_type", "layer", "odd", "beats_random"} <= set(cells):
        return None
    made = [way(kind, layer, part) for (kind, layer), part in cells.groupby(["prompt_type", "layer"], sort=False)]
    heads = {"prompt_type": "vectors from", "layer": "layer", "odd": "odd effect (log-odds)",
             "random": "random directions", "beats": "beyond random (share)", "anti": "Δ(1) < 0 (share)",
             "c_heldout": "held-out c"}  # fmt: skip
    frame = pd.DataFrame(made)
    note = (f"Means over n = {cells['concept'].nunique()} concepts at multiplier 1 (Student's t over concepts). Beyond "
            "random: the share of concepts whose effect, at one norm for all vectors, lies above the band of random "
            "directions (Clopper–Pearson). Δ(1) < 0: the mean share of questions that move the wrong way. "
            "Random directions: the mean of the concepts' bands for one direction of the vector's norm. "
            "Every way and layer is shown; with so many rows the best one looks better than it is.")  # fmt: skip
    return Table("ways", "Ways of making vectors, layer by layer", frame, {c: heads[c] for c in heads if c in
                 {str(n).removesuffix("_low") for n in frame}}, note)  # fmt: skip


def way(kind: str, layer: Any, part: pd.DataFrame) -> dict[str, Any]:
    """One row of :func:`ways`."""
    row: dict[str, Any] = {"prompt_type": kind, "layer": layer}
    row |= three("odd", t_interval(part["odd"].dropna()))
    if {"random_low", "random_high"} <= set(part):
        row |= {"random_low": part["random_low"].mean(), "random_high": part["random_high"].mean()}
    row |= three("beats", proportion(part["beats_random"].astype(float).to_numpy()))
    for name, column, end in (("anti", "anti_braun", 0.0), ("c_heldout", "c_heldout", -1.0)):
        if column in part:
            row |= three(name, within(t_interval(part[column].dropna()), end, 1.0))
    return row


def three(name: str, found: Effect) -> dict[str, float]:
    """An effect as three columns."""
    return {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}


def correlations(tables: Mapping[str, pd.DataFrame]) -> Table | None:
    """Every predictor of the odd effect, pooled, beside its controls."""
    table = tables.get("correlations", pd.DataFrame())
    if not {"predictor", "outcome", "prompt_type", "rho"} <= set(table):
        return None
    part = table[(table["outcome"] == "odd") & (table["prompt_type"].astype(str) == "all")]
    frame = part.assign(predictor=[short(str(p)) for p in part["predictor"]])
    heads = {"predictor": "predictor", "rho": "ρ", "partial_rho": "partial ρ", "partial_given": "partial given",
             "transplant_rho": "ρ with other concepts' vectors", "n": "cells", "n_concepts": "concepts"}  # fmt: skip
    note = ("Spearman's ρ with the odd effect over cells, ranks within way and layer; intervals resample concepts and "
            "are not corrected for the number of predictors. A predictor of the vector's own quality keeps its ρ in "
            "the partial and loses it with other concepts' vectors.")  # fmt: skip
    return Table("correlations", "What goes with the effect", frame, {c: h for c, h in heads.items() if c in frame},
                 note)  # fmt: skip


def published(tables: Mapping[str, pd.DataFrame]) -> Table | None:
    """Published numbers beside those of the run."""
    frame = tables.get("published", pd.DataFrame())
    heads = {"quantity": "quantity", "published": "published", "here": "here", "note": "note"}
    if not set(heads) <= set(frame):
        return None
    return Table("published", "Published numbers beside those of this run", frame, heads,
                 "Another model and other question sets: neither agreement nor difference is a replication.")
