# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""From the records of a benchmark's parts to one: the leaderboard, what it was planned to cost, what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import pandas as pd

from workbench.records import Record
from workbench.studies.benchmark_plan import Part, Plan
from workbench.studies.symmetry_record import over_methods
from workbench.studies.symmetry_tables import PLACEBOS, VALUES, after_holm
from workbench.symmetry import SYMMETRIC

VERDICTS = (SYMMETRIC, "asymmetric", "undetermined")
GATHERED = ("results", "corrections", "costs", "spill", "frames")


def line_of(plan: Plan, organism: str, part: Part, reason: str) -> dict:
    """One row of the table of parts; ``reason`` is why it was not measured, empty where it was."""
    return {
        "organism": organism, "part": part.name, "methods": len(part.methods),
        "concepts": ", ".join(part.concepts) or "all", "planned_cpu_minutes": round(plan.cost(organism, part) / 60, 1),
        "measured": not reason, "line": reason,
    }  # fmt: skip


def assemble(config, plan: Plan, lines: Sequence[dict], records: Mapping[str, Record], seconds: float) -> Record:
    """The record of the whole: one row per organism × method × concept, and the digests of the parts' records."""
    tables = {name: gathered(records, name) for name in GATHERED}
    tables["results"] = corrected(tables["results"])
    tables["parts"] = pd.DataFrame(lines)
    tables["missing"] = missing(records)
    first = next(iter(records.values()))
    return Record(
        study="benchmark",
        config=asdict(config) | {"plan_digest": plan.digest, "protocol": plan.protocol},
        seeds=first.seeds,
        model={"name": ", ".join(dict.fromkeys(str(record.model["name"]) for record in records.values()))},
        concepts={f"{name}/{concept}": digest for name, record in records.items()
                  for concept, digest in record.concepts.items()},  # fmt: skip
        tables={name: table for name, table in tables.items() if len(table)},
        results={
            "summary": summary(tables["results"], tables["missing"], lines),
            "records": {name: record.digest for name, record in records.items()},
            "protocol": first.results["protocol"],
        },
        warnings=[f"{name}: {line}" for name, record in records.items() for line in record.warnings],
        seconds=seconds,
    )


def gathered(records: Mapping[str, Record], table: str) -> pd.DataFrame:
    """A table of all parts together, with organism and part in front."""
    found = []
    for name, record in records.items():
        if table in record.tables:
            organism = str(record.model["name"])
            rows = record.tables[table].drop(columns="model", errors="ignore")
            rows.insert(0, "organism", organism)
            rows.insert(1, "part", name.removeprefix(f"{organism}-"))
            found.append(rows)
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def corrected(table: pd.DataFrame) -> pd.DataFrame:
    """Holm's adjustment anew: over all methods of a concept and organism, not over those of one part."""
    return after_holm(table, ["organism", "concept"])


def missing(records: Mapping[str, Record]) -> pd.DataFrame:
    """Every cell that failed, with its part and its line."""
    rows = [
        {"organism": str(record.model["name"]), **row}
        for record in records.values() if "failures" in record.tables
        for row in record.tables["failures"].to_dict("records")
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["organism", "concept", "method", "line"])


def summary(table: pd.DataFrame, lost: pd.DataFrame, lines: Sequence[dict]) -> list[str]:
    """What was measured, the verdicts of every organism, and what was left out."""
    done = [line for line in lines if line["measured"]]
    planned = sum(line["planned_cpu_minutes"] for line in done)
    said = [f"{len(done)} of {len(lines)} parts of the plan were measured, planned at {planned:.0f} CPU minutes."]
    for organism, rows in table.groupby("organism", sort=False):
        pooled = rows["concept"].isin([VALUES, PLACEBOS])
        counts = rows.loc[~pooled, "verdict"].value_counts()
        over = rows[rows["concept"] == VALUES]
        words = ", ".join(f"{int(counts.get(name, 0))} {name}" for name in VERDICTS)
        methods = "; ".join(f"{verdict}: {', '.join(part['method'])}" for verdict, part in over.groupby("verdict"))
        told = over_methods(rows, lost[lost["organism"] == organism])
        together = " Over all methods control is {}: {}.".format(*told) if len(over) > 1 else ""
        said.append(f"{organism}: {words} of {int(counts.sum())} method × concept; over its value concepts "
                    f"{methods or 'no method could be judged'}.{together}")  # fmt: skip
    said += [f"Not measured: {line['part']} on {line['organism']}: {line['line']}." for line in lines if line["line"]]
    return said[:10]
