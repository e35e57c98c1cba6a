# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportOptionalMemberAccess=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""From the cells of a symmetry study to its record: tables, sentences, verdicts, warnings."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from workbench.records import Record
from workbench.report.overview_page import ALL
from workbench.studies.assemble import model_card
from workbench.studies.symmetry_cells import settings
from workbench.studies.symmetry_costs import axes_verdict, cost_table, orthogonality
from workbench.studies.symmetry_covariates import covariate_sentence, covariate_table
from workbench.studies.symmetry_errors import marked, resistance_table
from workbench.studies.symmetry_frames import frame_sentence, frame_table
from workbench.studies.symmetry_lean import lean_rows, primary
from workbench.studies.symmetry_spill import off_axis_tables, spill_sentence
from workbench.studies.symmetry_tables import (
    PLACEBOS,
    VALUES,
    by_method,
    curves,
    judgements,
    results,
)
from workbench.symmetry import MethodVerdict, Response, overall, response_of
from workbench.symmetry.placebo import NEEDED
from workbench.symmetry.protocol import Protocol
from workbench.types import POLES, Concept, Effect, WorkbenchError

SHOWN = 3  # methods that get a sentence of their own


def assemble(config, model, parts: tuple, seconds: float) -> Record:
    """The record. ``parts``: concepts, backgrounds, (job, cell) pairs on and off the axis and in frames, failures."""
    concepts, known, measured, spilt, asked, failures = parts
    protocol, seed = settings(config)
    failed = failures + [
        {"concept": job[1].name, "method": job[2], "line": cell["failed"]} for job, cell in measured if "failed" in cell
    ]
    failed += [
        {"concept": job[1].name, "method": f"{job[2]}, {where}", "line": cell["failed"]}
        for where, pairs in (("off the axis", spilt), ("other frames", asked))
        for job, cell in pairs if "failed" in cell
    ]  # fmt: skip
    kept = [(job[1], cell) for job, cell in measured if "response" in cell]
    if not kept:
        raise WorkbenchError(f"nothing could be measured; the first line: {failed[0]['line']}")
    # a kept cell may be older than the list of placebos
    responses = [replace(response_of(cell["response"]), kind=concept.card.kind) for concept, cell in kept]
    background = {concept.name: about for concept, about in zip(concepts, known, strict=True)}
    tables = tables_of(protocol, responses, background, model.name)
    tables |= off_axis_tables(concepts, spilt) | {"frames": frame_table(protocol, concepts, asked)}
    tables["doses"] = dose_table(responses)
    items = item_table(protocol, responses, [cell["pairs"] for _, cell in kept])
    tables |= item_tables(protocol, items, concepts, spilt, asked)
    tables["failures"] = pd.DataFrame(failed, columns=["concept", "method", "line"])
    notes = warnings_of(protocol, concepts, background, tables, [cell for _, cell in kept])
    results_of = {
        "summary": summary(model, tables),
        "verdicts": verdicts(tables["results"], tables["failures"]) | axes_verdict(tables["costs"]),
        "protocol": {"name": protocol.name, "digest": protocol.digest, "attacks": list(protocol.attacks)},
    }
    return Record(
        study="symmetry",
        config=asdict(config) | {"protocol_digest": protocol.digest},
        seeds=(seed,),
        model=model_card(model),
        concepts={c.name: c.digest for c in concepts},
        tables={name: table for name, table in tables.items() if len(table)},
        results=results_of,
        warnings=notes,
        seconds=seconds,
    )


def tables_of(
    protocol: Protocol, responses: Sequence[Response], background: dict, model: str
) -> dict[str, pd.DataFrame]:
    """Judgements, results, curves, potency, lean, corrections and costs over all methods."""
    rows: dict[str, list] = {name: [] for name in ("judgements", "curves", "potency", "lean", "corrections")}
    for method, members in by_method(responses).items():
        rows["judgements"] += judgements(protocol, method, members)
        points, summaries = curves(protocol, method, members)
        rows["curves"] += points
        rows["potency"] += summaries
        leaning, corrected = lean_rows(protocol, method, members, background)
        rows["lean"] += leaning
        rows["corrections"] += corrected
    tables = {name: pd.DataFrame(found) for name, found in rows.items()} | {"costs": cost_table(protocol, responses)}
    if tables["judgements"].empty:
        raise WorkbenchError(
            "no budget could be matched on both poles within the caps; widen the protocol's budgets or caps"
        )
    table = results(tables["judgements"], model)
    if len(tables["potency"]):
        table = table.merge(tables["potency"].drop(columns="concepts"), on=["method", "concept", "budget"], how="left")
    leans = {name: float(np.mean(about["lean"])) for name, about in background.items()}
    return {"results": table.assign(lean=[leans.get(name, np.nan) for name in table["concept"]]), **tables}


def dose_table(responses: Sequence[Response]) -> pd.DataFrame:
    """Every dose that was applied: strength, what it spent, what it cost, what it gained on average."""
    rows = []
    for r in responses:
        for pole in POLES:
            curve = r.curves[pole]
            moved = curve.values - r.base[:, None]
            gain = (moved if pole == "aligned" else -moved).mean(0)
            for k, strength in enumerate(curve.strengths):
                spent = {kind: float(values[k]) for kind, values in {**curve.budgets, **curve.costs}.items()}
                rows.append({"method": r.method, "concept": r.concept, "kind": r.kind, "pole": pole,
                             "strength": float(strength), "gain": float(gain[k]), **spent})  # fmt: skip
    return pd.DataFrame(rows)


def item_table(protocol: Protocol, responses: Sequence[Response], pairs: Sequence[list]) -> pd.DataFrame:
    """Per item at the method's chosen budget: the unsteered log-odds and the gains toward both poles."""
    rows = []
    for r, asked in zip(responses, pairs, strict=True):
        kind, at = primary(protocol, [r])
        if r.concept not in at:
            continue
        _, level, gains = at[r.concept]
        for (name, question), group, base, plus, minus in zip(
            asked, r.groups, r.base, gains.aligned, gains.unaligned, strict=True
        ):
            rows.append({
                "method": r.method, "concept": r.concept, "pair": name, "group": group, "question": question,
                "budget": kind, "level": level, "base": round(float(base), 5), "gain_aligned": round(float(plus), 5),
                "gain_unaligned": round(float(minus), 5),
            })  # fmt: skip
    return pd.DataFrame(rows)


def item_tables(protocol: Protocol, items: pd.DataFrame, concepts: Sequence[Concept], spilt, asked) -> dict:
    """The items with what each does toward either pole, the shares that resist and backfire, and what goes with it."""
    items = marked(items, concepts, spilt, asked)
    return {"items": items, "resistance": resistance_table(items, concepts, spilt),
            "covariates": covariate_table(items, concepts, protocol.seed)}  # fmt: skip


def shown(row: pd.Series) -> str:
    """A with its interval; undefined where there is no control."""
    if np.isnan(row["index"]):
        return "A is undefined"
    return f"A = {row['index']:+.2f} [{row['index_low']:+.2f}, {row['index_high']:+.2f}]"


def over_methods(table: pd.DataFrame, failures: pd.DataFrame | None = None) -> tuple[str, str]:
    """The verdict over all methods from the rows of results, and its reason; what failed is open, not idle."""
    rows = {row["method"]: method_verdict(row) for _, row in table[table["concept"] == VALUES].iterrows()}
    lost = [] if failures is None or failures.empty else [name for name in failures["method"] if ", " not in name]
    return overall([rows.get(name, MethodVerdict(name)) for name in dict.fromkeys([*table["method"], *lost])])


def method_verdict(row: pd.Series) -> MethodVerdict:
    """What a row of results says of its method."""
    gains = (Effect(*(row[f"gain_{pole}{end}"] for end in ("", "_low", "_high"))) for pole in POLES)
    return MethodVerdict(row["method"], row["verdict"], row["index"], row["flag"], tuple(gains))


def verdicts(table: pd.DataFrame, failures: pd.DataFrame) -> dict[str, str]:
    """One line over all methods, and one per method over the value concepts."""
    part = table[table["concept"] == VALUES]
    whole = {ALL: "{}: {}".format(*over_methods(table, failures))} if len(part) > 1 else {}
    return whole | {
        f"{row['method']}: symmetric?": f"{row['verdict']}: {shown(row)} at {row['budget']} ({row['reason']})"
        for _, row in part.iterrows()
    }


def summary(model, tables: dict[str, pd.DataFrame]) -> list[str]:
    """At most ten sentences with their numbers."""
    table = tables["results"]
    single = table[(table["concept"] != VALUES) & (table["concept"] != PLACEBOS)]
    counts = single["verdict"].value_counts().to_dict()
    lines = [
        f"{single['method'].nunique()} methods × {single['concept'].nunique()} concepts of {model.name}, both poles at "
        f"matched budgets: {', '.join(f'{n} {verdict}' for verdict, n in counts.items())}."
    ]
    pooled = table[table["concept"] == VALUES]
    if len(pooled) > 1:
        lines[0] += " Over all methods control is {}: {}.".format(*over_methods(table, tables["failures"]))
    for _, row in pooled.head(SHOWN).iterrows():
        gains = f"gains {row['gain_aligned']:+.2f} (aligned) and {row['gain_unaligned']:+.2f} (unaligned) log-odds"
        flag = f"; {row['flag']}" if row["flag"] else ""
        lines.append(f"{row['method']}: {row['verdict']}. {shown(row)}, {gains} at {row['budget']}{flag}.")
    if len(pooled) > SHOWN:
        lines[-1] += f" {len(pooled) - SHOWN} more methods are in the table of results."
    fixed = tables["corrections"]
    if len(fixed):
        zero = fixed[fixed["correction"] == "value at zero lean"]
        # an interval that is all of [−1, 1] is no reading
        known = zero[np.isfinite(zero["index_low"]) & (zero["index_high"] - zero["index_low"] < 2)]
        told = "; ".join(f"{row['method']} {shown(row)}" for _, row in known.iterrows())
        lines.append(f"At zero lean the index can be read for {len(known)} of {len(zero)} methods"
                     + (f": {told}." if told else "."))  # fmt: skip
    beside = orthogonality(tables["costs"]), spill_sentence(tables["spill"]), frame_sentence(tables["frames"])
    lines += [line for line in beside if line]
    if len(tables["failures"]):
        first = tables["failures"].iloc[0]
        where = f"{first['method']} on {first['concept']}"
        lines.append(f"{len(tables['failures'])} cells are missing, the first: {where}: {first['line']}")
    controlled = pooled["method"][pooled["flag"] == ""]
    lines += [line for line in [covariate_sentence(tables["covariates"], list(controlled))] if line]
    return lines[:10]


def warnings_of(
    protocol: Protocol, concepts: Sequence[Concept], background: dict, tables: dict, cells: Sequence[dict]
) -> list[str]:
    """What limits this run."""
    notes = []
    placebos = sum(concept.card.kind == "placebo" for concept in concepts)
    if placebos < NEEDED:
        notes.append(f"{placebos} placebo concepts: with fewer than {NEEDED} no null quantile is claimed, so that no "
                     "verdict can be 'asymmetric'.")  # fmt: skip
    values = [background[c.name] for c in concepts if c.card.kind != "placebo"]
    leans = [float(np.mean(about["lean"])) for about in values]
    if leans and not min(leans) <= 0 <= max(leans):
        notes.append(f"All value concepts lean to one side ({min(leans):+.2f} to {max(leans):+.2f} log-odds): the lean "
                     "cannot be corrected for, and raw indices may be its echo.")  # fmt: skip
    lost = [c.name for c in concepts if background[c.name]["grasp"] < 0.6]
    if lost:
        notes.append(f"The model hardly follows a cue (under 60 %) on: {', '.join(lost)}.")
    if not all(cell["able"] for cell in cells):
        notes.append("The model cannot do the unrelated choices (under 60 %): their accuracy is no cost here.")
    flagged = tables["judgements"]["flag"].ne("")
    if flagged.any():
        notes.append(f"{int(flagged.sum())} of {len(flagged)} judgements carry a flag (no control, or both poles push "
                     "the same way): read it beside A.")  # fmt: skip
    left = sorted({note for cell in cells for note in cell["notes"]})
    if left:
        notes.append(f"Budgets and doses left out, {len(left)} kinds, as: {left[0]}.")
    return notes
