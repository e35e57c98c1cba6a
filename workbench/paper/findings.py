# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The results of a record in English prose: each number from its tables, what failed said as plainly as what worked."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbench.paper.captions import between, grouped
from workbench.paper.numbers import effect, percent, share, spanned
from workbench.paper.words import level
from workbench.stats import proportion, t_interval, within

Tables = Mapping[str, pd.DataFrame]
Paragraphs = list[tuple[str, str]]


def results(record: Any) -> Paragraphs:
    """(title, text) of every paragraph; of a study that has no prose of its own, the record's own sentences."""
    made = reliability(record) if record.study in ("reliability", "overview") else []
    return [*(made or summarised(record)), *symmetry(record), limits(record)]


def symmetry(record: Any) -> Paragraphs:
    """Of an overview: how the verdicts on symmetry fell, in the record's own words."""
    if record.study != "overview" or "symmetry_results" not in record.tables:
        return []
    counts = record.tables["symmetry_results"]["verdict"].value_counts()
    told = [f"{k.removesuffix(': symmetric?')}: {v}{stop(v)}" for k, v in (record.results.get("verdicts") or {}).items()
            if k.endswith(": symmetric?")]  # fmt: skip
    tally = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
    return [("Symmetry of control", f"Both poles spent the same budget; rows of the table: {tally}. {' '.join(told)}")]


def reliability(record: Any) -> Paragraphs:
    """What was measured, whether steering works, on whom it backfires, what coherence says, what is inert."""
    tables = record.tables
    if not {"concept", "prompt_type", "layer", "odd", "beats_random"} <= set(tables.get("cells", ())):
        return []
    parts = [
        ("What was measured", measured(record)), ("Does steering work?", steering(tables["cells"])),
        ("Settings", settings(tables)), ("Backfire", backfire(tables)), ("Coherence and effect", coherence(tables)),
        ("Decodable but inert", inert(tables["cells"])), ("Published numbers", published(tables)),
    ]  # fmt: skip
    return [(title, text) for title, text in parts if text]


def summarised(record: Any) -> Paragraphs:
    """The record's own summary lines and verdicts, as they stand."""
    given = record.results.get("summary") or "The record carries no summary."
    lines = given.splitlines() if isinstance(given, str) else list(given)
    parts = [("Summary of the record", " ".join(map(str, lines)))]
    verdicts = record.results.get("verdicts") or {}
    if verdicts:
        parts.append(("Verdicts", " ".join(f"{k.rstrip('?')}: {v}{stop(v)}" for k, v in verdicts.items())))
    return parts


def limits(record: Any) -> tuple[str, str]:
    """Of what all this is true, and the record's warnings."""
    seeds = len(record.seeds)
    text = (f"All numbers are of the model {record.model.get('name', 'named below')}, {seeds} "
            f"seed{'' if seeds == 1 else 's'}, and the questions of this run; nothing here says that they hold "
            "elsewhere. ")  # fmt: skip
    warned = " ".join(f"{w}{stop(w)}" for w in map(str, record.warnings))
    return "Limits", f"{text}{warned or 'The run recorded no warnings.'} Record {record.digest}."


def stop(text: object) -> str:
    return "" if str(text).endswith((".", "!", "?")) else "."


def measured(record: Any) -> str:
    """Concepts, ways, layers, questions and units."""
    cells = record.tables["cells"]
    names = cells.drop_duplicates("concept")
    kinds = names["kind"].value_counts() if "kind" in names else pd.Series(dtype=int)
    listed = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
    text = (f"We steered {record.model.get('name', 'the model')} on n = {len(names)} concepts"
            + (f" ({listed})" if listed else "")
            + f" with vectors made in {cells['prompt_type'].nunique()} ways at {cells['layer'].nunique()} layers "
            f"({len(cells)} cells). ")  # fmt: skip
    if "n_eval" in cells:
        text += f"Each cell was measured on {between(cells['n_eval'])} held-out questions{grouped(record.tables)}. "
    return text + (
        "Effects are changes of the log-odds of the positive pole's answer; the odd effect is half the difference "
        "between multipliers +1 and −1, where 1 adds the mean difference of the activations once. Intervals are "
        f"{level()}; those of means and shares over cells treat concepts as the unit."
    )


def steering(cells: pd.DataFrame) -> str:
    """The odd effect over all cells, and how often it leaves the random band, either way."""
    groups = cells["concept"].to_numpy()
    found = t_interval(cells["odd"], groups=groups)
    parts = [f"Over all {len(cells)} cells, none chosen, the mean odd effect was {effect(found, 'log-odds')}."]
    matched = "_matched" if "random_matched_high" in cells else ""
    flags = cells["beats_random"].astype(float).to_numpy()
    how = "With all vectors brought to one norm, the" if matched else "The"
    parts.append(f"{how} effect's interval lay wholly above the {level()} band of random directions in "
                 f"{int(flags.sum())} of {len(flags)} cells, {share(proportion(flags, groups))}; in the other "
                 f"{int(len(flags) - flags.sum())} it did not.")  # fmt: skip
    names = [f"odd{matched}_high", f"random{matched}_low"]
    if set(names) <= set(cells):
        against = int((cells[names[0]] < np.minimum(cells[names[1]], 0)).sum())
        parts.append(f"In {against} of those it lay wholly beyond the band on the wrong side.")
    return " ".join(parts)


def settings(tables: Tables) -> str:
    """For how many concepts a setting can be recommended, its effect, and for which none."""
    table = tables.get("recommendation", pd.DataFrame())
    if not {"concept", "effect", "reliable", "multiplier"} <= set(table):
        return ""
    flags = table["reliable"].astype(bool)
    good, bad = table[flags], table[~flags]
    parts = [f"A reliable setting was found for {len(good)} of {len(table)} concepts, "
             f"{share(proportion(flags.astype(float).to_numpy()))}."]  # fmt: skip
    if len(good):
        text = effect(t_interval(good["effect"].dropna()), "log-odds")
        parts.append(f"At these settings the odd effect was {text} (mean over those {len(good)} concepts). They were "
                     "chosen on the same questions as having the largest effect, and concepts without one are left "
                     "out, so that this mean is optimistic.")  # fmt: skip
        largest = tables["curves"]["multiplier"].max() if "multiplier" in tables.get("curves", ()) else np.inf
        at_end = int((good["multiplier"] >= largest).sum())
        if at_end:
            parts.append(f"In {at_end} of them the multiplier is the largest that was tried, so that better ones may "
                         "lie beyond.")  # fmt: skip
    if len(bad):
        parts.append(f"For {listing(bad)} no setting can be recommended.")
    return " ".join(parts)


def listing(table: pd.DataFrame, most: int = 8) -> str:
    """Concepts by title, the first few."""
    names = [f"“{name}”" for name in table["title" if "title" in table else "concept"].astype(str)]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def backfire(tables: Tables) -> str:
    """The share of questions that steering moves the wrong way, beside what no effect would give."""
    cells, table = tables["cells"], tables.get("recommendation", pd.DataFrame())
    parts = []
    if "anti_braun" in cells:
        known = cells.dropna(subset=["anti_braun"])
        found = within(t_interval(known["anti_braun"], groups=known["concept"].to_numpy()), 0.0, 1.0)
        parts.append(f"Over all cells, multiplier 1 moved {share(found)} of a concept's questions the wrong way; a "
                     "vector without any effect would move about half.")  # fmt: skip
    if {"reliable", "backfire", "backfire_high"} <= set(table):
        good = table[table["reliable"].astype(bool)].dropna(subset=["backfire"])
        if len(good):
            found = within(t_interval(good["backfire"]), 0.0, 1.0)
            half = int((good["backfire_high"] >= 0.5).sum())
            parts.append(f"At the recommended settings it was {share(found)}; single concepts ranged from "
                         f"{percent(good['backfire'].min())} % to {percent(good['backfire'].max())} %, and for {half} "
                         f"of {len(good)} the interval reaches one half (settings above it were not "
                         "eligible).")  # fmt: skip
    return " ".join(parts)


def coherence(tables: Tables) -> str:
    """The pooled correlation with both of its controls, and how the single settings fall."""
    table = tables.get("correlations", pd.DataFrame())
    if not {"predictor", "outcome", "prompt_type", "rho", "low", "high"} <= set(table):
        return ""
    part = table[(table["predictor"] == "c_heldout") & (table["outcome"] == "odd")]
    pooled = part[part["prompt_type"].astype(str) == "all"]
    if pooled.empty:
        return ""
    row = pooled.iloc[0]
    words = told(row["low"], row["high"], "went with larger odd effects", "went with smaller odd effects",
                 "was not told from unrelated to the odd effect")  # fmt: skip
    parts = [f"Within way and layer, held-out coherence {words}: Spearman's ρ = {rho(row, 'rho', '')} "
             f"(n = {int(row['n'])} cells of {int(row['n_concepts'])} concepts)."]  # fmt: skip
    if {"partial_rho", "partial_given"} <= set(row.index):
        words = told(row["partial_low"], row["partial_high"], "above zero", "below zero", "not told from zero")
        parts.append(f"Given {row['partial_given']} it was {words}: {rho(row, 'partial_rho', 'partial_')}.")
    if "transplant_rho" in row.index:
        words = told(row["transplant_low"], row["transplant_high"],
                     "showed it as well, so that at least a part belongs to the concept and not to its vector",
                     "showed the opposite", "did not show it with any certainty")  # fmt: skip
        parts.append(f"Vectors of other concepts {words}: {rho(row, 'transplant_rho', 'transplant_')}.")
    single = part[~part["prompt_type"].astype(str).str.startswith("all")]
    if len(single):
        above, below = int((single["low"] > 0).sum()), int((single["high"] < 0).sum())
        parts.append(f"Taken one by one (not corrected for their number), {above} of {len(single)} ways × layers had "
                     f"an interval above zero, {below} below, {len(single) - above - below} neither.")  # fmt: skip
    return " ".join([*parts, "This is an association over the concepts of one model, no evidence of a cause."])


def told(low: float, high: float, *words: str) -> str:
    """The first word where the interval is above zero, the second below, the third otherwise."""
    return words[0] if low > 0 else words[1] if high < 0 else words[2]


def rho(row: pd.Series, name: str, prefix: str) -> str:
    return spanned(float(row[name]), float(row[f"{prefix}low"]), float(row[f"{prefix}high"]), signed=True)


def inert(cells: pd.DataFrame) -> str:
    """Where a concept can be read and steering does nothing."""
    if "inert" not in cells:
        return ""
    flags = cells["inert"].astype(float).to_numpy()
    if not flags.sum():
        return "No cell was decodable and inert."
    found = proportion(flags, cells["concept"].to_numpy())
    where = cells[cells["inert"].astype(bool)]["concept"].nunique()
    return (f"In {int(flags.sum())} of {len(flags)} cells, {share(found)}, of {where} concepts, the concept could be "
            "read from the activations, while steering along it did not leave the band of random directions and "
            "stayed small beside that band or a cue's effect: being decodable is no evidence of control.")  # fmt: skip


def published(tables: Tables) -> str:
    """How many published numbers lie inside this run's intervals."""
    table = tables.get("published", pd.DataFrame())
    if not {"published", "low", "high"} <= set(table):
        return ""
    known = table[np.isfinite(table["low"]) & np.isfinite(table["high"])]
    if known.empty:
        return ""
    inside = int(((known["low"] <= known["published"]) & (known["published"] <= known["high"])).sum())
    return (f"Of {len(known)} published numbers with an interval here, {inside} lay inside it and "
            f"{len(known) - inside} outside. They are of another model and other questions; this run does not decide "
            "which difference matters.")  # fmt: skip
