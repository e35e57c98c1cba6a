"""Made-up records: reliability and symmetry as the report's tests build them, and a small defence."""

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from workbench.records import Record

REPORT = Path(__file__).resolve().parent.parent / "report"


def module(name: str):
    """A helper of the report's tests."""
    spec = importlib.util.spec_from_file_location(name, REPORT / f"{name}.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="session")
def synthetic():
    return module("synthetic")


@pytest.fixture(scope="session")
def reliability(synthetic):
    return synthetic.record(n=6, n_eval=8)


@pytest.fixture(scope="session")
def symmetry():
    return module("synthetic_symmetry").record(hostile="<b>_%$&{")


@pytest.fixture(scope="session")
def defence() -> Record:
    rungs, tiers = [], []
    for tier in ("prompts", "vectors"):
        kept = {}
        for pole, value in (("aligned", 0.93), ("unaligned", 0.41)):
            name = f"retained_{pole}"
            kept |= {name: value, f"{name}_low": value - 0.2, f"{name}_high": value + 0.2}
        rungs.append({"concept": "power", "tier": tier, "attack": f"{tier}_1", **kept, "turned_over": 2, "groups": 9})
        cost = {"nll_rise": 0.01, "nll_rise_low": 0.0, "nll_rise_high": 0.02}
        tiers.append({"concept": "power", "tier": tier, **kept, **cost, "strongest": "x_1", "verdict": "fails"})
    return Record(
        study="defence", model={"name": "toy"}, tables={"rungs": pd.DataFrame(rungs), "tiers": pd.DataFrame(tiers)},
        results={"summary": ["2 attacks on toy with floor.", "power, up to vectors: control fails."]},
        warnings=["One budget was spent."], created="2026-01-01T00:00:00+00:00",
    )  # fmt: skip


@pytest.fixture(scope="session")
def overview(reliability, symmetry) -> Record:
    """Both made-up records as the overview puts them together."""
    names = ("config", "seeds", "model", "concepts", "warnings")
    said = {**(reliability.results.get("verdicts") or {}), "add: symmetric?": "undetermined: A = +0.10 at kl (wide)"}
    return Record(
        study="overview", **{name: getattr(reliability, name) for name in names},
        tables=dict(reliability.tables) | {f"symmetry_{name}": table for name, table in symmetry.tables.items()},
        results={**reliability.results, "verdicts": said},
    )  # fmt: skip
