"""The record of one run, and its digest."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from importlib import metadata
from typing import Any

import pandas as pd

from workbench import __version__
from workbench.records.plain import plain
from workbench.records.tables import table_digest
from workbench.types import digest_of

PLACES = ("out", "data", "resume", "workers", "engine", "address", "gpus")


def versions() -> dict[str, str]:
    """The versions a result may depend on: Python, torch, transformer_lens and this package."""
    return {
        "python": platform.python_version(),
        "torch": _installed("torch"),
        "transformer_lens": _installed("transformer_lens"),
        "workbench": __version__,
    }


def _installed(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "absent"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, eq=False)
class Record:
    """Everything one run of a study used and found.

    ``tables`` are tidy frames (numbers, text and booleans; the index is not kept) with the per-prompt rows
    among them; ``results`` holds numbers and :class:`Effect`; ``concepts`` maps each name to its digest.
    """

    study: str
    config: Mapping[str, Any] = field(default_factory=dict)
    seeds: Sequence[int] = ()
    versions: Mapping[str, str] = field(default_factory=versions)
    model: Mapping[str, Any] = field(default_factory=dict)
    concepts: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    created: str = field(default_factory=_now)
    seconds: float = 0.0

    @property
    def digest(self) -> str:
        """What was run and found. Leaves out when, where, how long and with which versions.

        Of the config it leaves out the places and means (``out``, ``data``, ``workers``, ``engine``, …): the data's
        content counts through the digests of the concepts.
        """
        config = {k: v for k, v in self.config.items() if k not in PLACES}
        tables = {name: table_digest(frame, name) for name, frame in self.tables.items()}
        return digest_of(plain([self.study, config, list(self.seeds), self.model, self.concepts, tables,
                                self.results, list(self.warnings)]))

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{escape(n)}</td><td>{len(t)} rows</td></tr>" for n, t in self.tables.items())
        notes = "".join(f"<li>{escape(w)}</li>" for w in self.warnings)
        return (
            f"<b>Record</b> {escape(self.study)} of {escape(str(self.model.get('name', 'a model')))}: "
            f"{len(self.concepts)} concepts, {escape(self.created)}, {self.seconds:.0f} s, digest {self.digest}"
            f"<table>{rows}</table><ul>{notes}</ul>"
        )
