# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Two records as one: the reliability of steering, and beside it whether control is symmetric."""

from dataclasses import asdict

from workbench.records import Record
from workbench.report.overview_page import PREFIX
from workbench.studies.symmetry_record import over_methods, shown
from workbench.studies.symmetry_tables import PLACEBOS, VALUES

LINES = 10


def together(config, first: Record, other: Record | None, reason: str, seconds: float) -> Record:
    """``first`` with the tables, sentences, verdicts and warnings of ``other``, or with ``reason``, why there is none.

    Tables of ``other`` have ``symmetry_`` in front of their names.
    """
    tables, results, warnings = dict(first.tables), dict(first.results), list(first.warnings)
    if other is None:
        lines = [f"Whether control is symmetric was not measured: {reason.rstrip('.')}."]
        warnings.append(lines[0])
    else:
        tables |= {PREFIX + name: table for name, table in other.tables.items()}
        lines = sentences(other)
        results["verdicts"] = dict(results["verdicts"]) | dict(other.results["verdicts"])
        results["protocol"] = other.results["protocol"]
        warnings += [f"Symmetry: {line}" for line in other.warnings]
    results["summary"] = [*list(results["summary"])[: LINES - len(lines)], *lines]
    return Record(
        study="overview",
        config=asdict(config) | ({} if other is None else {"protocol_digest": other.config["protocol_digest"]}),
        seeds=first.seeds,
        model=first.model,
        concepts=dict(first.concepts) | ({} if other is None else dict(other.concepts)),
        tables=tables,
        results=results,
        warnings=warnings,
        seconds=seconds,
    )


def sentences(record: Record) -> list[str]:
    """What was compared and how often each verdict fell, and every method over the value concepts."""
    table = record.tables["results"]
    single = table[~table["concept"].isin([VALUES, PLACEBOS])]
    counts = ", ".join(f"{n} {verdict}" for verdict, n in single["verdict"].value_counts().items())
    first = (
        f"Is control symmetric? {single['method'].nunique()} methods × {single['concept'].nunique()} concepts, both "
        f"poles at the same budget: {counts}."
    )
    pooled = table[table["concept"] == VALUES]
    each = [f"{row['method']} {row['verdict']} ({shown(row)})" for _, row in pooled.iterrows()]
    if not each:
        return [first]
    told = over_methods(table, record.tables.get("failures"))
    together = " All methods together: {} ({}).".format(*told) if len(each) > 1 else ""
    return [first, f"Over the value concepts: {'; '.join(each)}.{together}"]
