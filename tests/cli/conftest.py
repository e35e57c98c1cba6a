"""A toy study in the folder of studies, and a report that only says that it was written."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner, Result

TOY = '''"""How long is a string? A toy.

More about it.
"""

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from workbench.records import Record
from workbench.types import Effect, WorkbenchError


@dataclass(frozen=True)
class Config:
    model: str = "persona"
    concepts: tuple[str, ...] = ()
    prompt_types: tuple[str, ...] = ("prefilled",)
    layers: tuple[int, ...] = ()
    strength: float = 1.0
    quick: bool = True
    seed: int = 0
    out: str = "runs/toy"


def run(config, progress):
    progress("counting", 0, 2)
    if config.model == "nan":
        raise WorkbenchError("weights hold NaN;\\nexpected numbers")
    if config.model == "stop":
        raise KeyboardInterrupt
    if config.model == "bug":
        raise ZeroDivisionError("a bug")
    cells = Path(config.out) / "cells"
    kept = cells.exists()
    cells.mkdir(parents=True, exist_ok=True)
    progress("counting", 2, 2)
    progress("measuring", 1, 1)
    lines = [f"line {i} [red]not markup[/red]" for i in range(12)]
    return Record(study="toy", config=asdict(config), seeds=(config.seed,), model={"name": config.model},
                  concepts={"art": "d1"}, tables={"cells": pd.DataFrame({"x": [1.0, 2.0]})},
                  results={"summary": lines, "kept": kept, "rho": Effect(0.5, 0.1, 0.9)}, warnings=["few groups"])
'''


@pytest.fixture
def toy(tmp_path: Path, monkeypatch) -> Path:
    """A folder, the working one, with ``toy`` and ``broken`` among the studies; writing a report is faked."""
    import workbench.studies

    folder = tmp_path / "studies"
    folder.mkdir()
    (folder / "toy.py").write_text(TOY)
    (folder / "part.py").write_text('"""A part of a study, no study itself."""\n\ndef run():\n    pass\n')
    monkeypatch.setattr(workbench.studies, "__path__", [*workbench.studies.__path__, str(folder)])
    spec = workbench.studies.__spec__
    monkeypatch.setattr(spec, "submodule_search_locations", workbench.studies.__path__)
    report = ModuleType("workbench.report")
    report.write_report = lambda record, folder, progress: Path(folder) / "report.html"
    monkeypatch.setitem(sys.modules, "workbench.report", report)
    monkeypatch.delitem(sys.modules, "workbench.studies.toy", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call() -> Callable[..., Result]:
    """``call("study", "toy")`` runs the command line in this process."""
    from workbench.cli import app

    return lambda *words: CliRunner().invoke(app, [str(w) for w in words])
