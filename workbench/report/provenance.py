"""Where a page's numbers come from: digests, versions, seeds, configuration."""

from collections.abc import Mapping
from typing import Any

from workbench.report.markup import Html, table, tag


def flat(value: Any, prefix: str = "") -> dict[str, str]:
    """Nested settings as dotted names, values as text."""
    if isinstance(value, Mapping):
        out: dict[str, str] = {}
        for key, item in value.items():
            out |= flat(item, f"{prefix}{key}.")
        return out or {prefix.rstrip("."): "(empty)"}
    if isinstance(value, (list, tuple)):
        return {prefix.rstrip("."): ", ".join(str(v) for v in value)}
    return {prefix.rstrip("."): str(value)}


def pairs(title: str, values: Mapping[str, Any], fold: bool = False) -> Html:
    """A titled two-column table; folded away where it is long."""
    body = table(["name", "value"], [(k, tag("code", v)) for k, v in flat(values).items()])
    return tag("details", tag("summary", title), body, open=not fold)


def provenance(record: Any) -> Html:
    """Everything needed to run the study again and to see whether it is the same."""
    about = {
        "study": record.study,
        "record digest": record.digest,
        "created": record.created,
        "duration (seconds)": f"{record.seconds:.1f}" if record.seconds is not None else "–",
        "seeds": ", ".join(map(str, seeds(record.seeds))),
    }
    rows = {name: f"{len(t)} rows × {len(t.columns)} columns" for name, t in record.tables.items()}
    return tag(
        "section",
        tag("h2", "Provenance"),
        pairs("Record", about),
        pairs("Model", record.model),
        pairs("Versions", record.versions),
        pairs("Configuration", record.config),
        pairs(f"Concept digests ({len(record.concepts)})", record.concepts, fold=True),
        pairs(f"Tables ({len(rows)})", rows, fold=True),
        id="provenance",
    )


def seeds(value: Any) -> list:
    """Seeds as a list, whether one, several or named."""
    if isinstance(value, Mapping):
        return [f"{k} {v}" for k, v in value.items()]
    return list(value) if isinstance(value, (list, tuple)) else [value]
