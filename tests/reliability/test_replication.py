"""What holds in every run: planted agreement is found, planted contradiction is named."""

import numpy as np
import pandas as pd
import pytest

from workbench.reliability import agreement, replication
from workbench.reliability.replication import EVERYWHERE, MEAN, fisher_mean, verdict
from workbench.types import WorkbenchError


def tables(own: float, transplant: float, way: float, effects=(0.1, 0.5)) -> dict[str, pd.DataFrame]:
    """A record's tables with the given correlations; intervals of +- 0.1."""
    cells = pd.DataFrame(
        [{"prompt_type": "prefilled", "layer": k, "odd": e, "concept": c} for k, e in enumerate(effects) for c in "ab"]
    )
    rows = []
    for kind, layer, rho in (("all", "all", own), ("prefilled", "0", -way), ("prefilled", "1", way)):
        row = {"predictor": "c_heldout", "outcome": "odd", "prompt_type": kind, "layer": layer}
        for prefix, value in (("", rho), ("partial_", rho), ("transplant_", transplant)):
            low, high = (f"{prefix}{end}" for end in ("low", "high"))
            row |= {f"{prefix}rho": value, low: value - 0.1, high: value + 0.1}
        rows.append(row)
    return {"cells": cells, "correlations": pd.DataFrame(rows)}


def test_planted_agreement_and_contradiction():
    runs = {"s0": tables(0.5, 0.0, 0.6), "s1": tables(0.4, 0.05, -0.6), "s2": tables(0.6, -0.05, 0.0)}
    found = agreement(replication(runs)).set_index(["scope", "estimate"])
    own = found.loc[(EVERYWHERE, "own vectors")]
    assert own["verdict"] == "positive in every run" and own["low"] < 0.5 < own["high"]
    assert found.loc[(EVERYWHERE, "vectors of other concepts (transplant)"), "verdict"] == "undecided in every run"
    split = found.loc[("prefilled, layer 1", "own vectors"), "verdict"]
    assert split == "contradictory: positive in 1, negative in 1 of 3 runs"


def test_the_layer_is_chosen_by_effect_over_all_runs():
    runs = {"s0": tables(0.5, 0, 0.6, (0.4, 0.1)), "s1": tables(0.5, 0, 0.6, (0.1, 0.9))}
    scopes = set(replication(runs)["scope"])
    assert scopes == {EVERYWHERE, "prefilled, layer 1"}


def test_the_mean_has_its_interval_over_runs():
    mean, low, high = fisher_mean([0.3, 0.5, 0.6])
    z = np.arctanh([0.3, 0.5, 0.6])
    half = 4.302652729911275 * z.std(ddof=1) / np.sqrt(3)
    assert np.allclose(np.arctanh([mean, low, high]), [z.mean(), z.mean() - half, z.mean() + half])
    rows = replication({"a": tables(0.3, 0, 0), "b": tables(0.5, 0, 0)})
    assert (rows["run"] == MEAN).sum() == 6


@pytest.mark.parametrize(
    ("counts", "words"), [((2, 0, 3), "positive in 2 of 3"), ((0, 3, 3), "negative in every"), ((0, 0, 2), "undecided")]
)
def test_verdicts(counts, words):
    assert verdict(*counts).startswith(words)


def test_one_run_or_a_foreign_record_is_one_line():
    with pytest.raises(WorkbenchError, match="at least two"):
        replication({"a": tables(0, 0, 0)})
    with pytest.raises(WorkbenchError, match="no table correlations"):
        replication({"a": tables(0, 0, 0), "b": {"cells": pd.DataFrame()}})
