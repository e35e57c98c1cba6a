# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The same study in several trained models: which correlations hold in each of them?

A run's own interval resamples concepts; it says nothing about another training seed. Here a run is the unit: every
correlation is listed per run, and its mean over runs has Student's t interval of Fisher's z over the runs.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from workbench.stats import t_interval
from workbench.types import WorkbenchError

Tables = Mapping[str, pd.DataFrame]
ESTIMATES = {
    "own vectors": "",
    "own vectors, given grasp, headroom and lean": "partial_",
    "vectors of other concepts (transplant)": "transplant_",
}
EVERYWHERE = "all ways and layers"
PUBLISHED = {("c", "effect"): 0.76, ("d_prime", "effect"): 0.71, ("d_prime", "anti_braun"): -0.78}
MEAN = "mean over runs"
COLUMNS = ["predictor", "outcome", "scope", "estimate", "run", "rho", "low", "high"]


def replication(runs: Mapping[str, Tables]) -> pd.DataFrame:
    """One row per correlation and run: predictor, outcome, scope, estimate, run, rho, low, high.

    Held-out c with the odd effect is taken over all ways and layers, and per way at one layer for all runs: the one
    with the largest mean odd effect over runs (chosen by effect, not by correlation). The pairs of figures that Braun
    et al. 2025 printed follow, over all ways and layers.

    Args:
        runs: tables of each record by the run's name; at least two, each with ``cells`` and ``correlations``.

    Raises WorkbenchError for fewer runs or missing tables.
    """
    if len(runs) < 2:
        raise WorkbenchError(f"got {len(runs)} run, expected at least two: name the folders of more runs")
    for name, tables in runs.items():
        if missing := {"cells", "correlations"} - set(tables):
            raise WorkbenchError(f"run {name} has no table {' and '.join(sorted(missing))}: name a reliability run")
    scopes = [(EVERYWHERE, "all", "all")] + [(f"{way}, layer {k}", way, k) for way, k in chosen_layers(runs).items()]
    rows = [r for scope in scopes for r in estimates(runs, ("c_heldout", "odd"), scope, ESTIMATES)]
    for pair in PUBLISHED:
        rows += estimates(runs, pair, scopes[0], {"own vectors": ""})
    return pd.DataFrame(rows, columns=COLUMNS)


def chosen_layers(runs: Mapping[str, Tables]) -> dict[str, str]:
    """Per way that every run has, the layer where the odd effect is largest, averaged over concepts and runs."""
    means = [t["cells"].assign(layer=t["cells"]["layer"].astype(str)) for t in runs.values()]
    effect = pd.concat([m.groupby(["prompt_type", "layer"], sort=False)["odd"].mean() for m in means], axis=1).dropna()
    mean = effect.mean(axis=1)
    return {way: mean[way].idxmax() for way in dict.fromkeys(mean.index.get_level_values(0))}


def estimates(
    runs: Mapping[str, Tables], pair: tuple[str, str], scope: tuple[str, str, str], wanted: Mapping[str, str]
) -> list[tuple]:
    """Every run's correlations of one pair in one scope, and their mean; nothing where no run has a number."""
    text, way, layer = scope
    rows = []
    for name, prefix in wanted.items():
        found = []
        for run, tables in runs.items():
            table = tables["correlations"]
            keys = {"predictor": pair[0], "outcome": pair[1], "prompt_type": way, "layer": layer}
            here = table[np.logical_and.reduce([table[k].astype(str) == v for k, v in keys.items()])]
            if len(here) and f"{prefix}rho" in here and np.isfinite(here.iloc[0][f"{prefix}rho"]):
                row = here.iloc[0]
                found.append((run, *(float(row[f"{prefix}{end}"]) for end in ("rho", "low", "high"))))
        rows += [(*pair, text, name, *one) for one in found]
        if len(found) > 1:
            rows.append((*pair, text, name, MEAN, *fisher_mean([one[1] for one in found])))
    return rows


def fisher_mean(values: list[float]) -> tuple[float, float, float]:
    """Mean correlation and its 95 % interval over runs, by Student's t on Fisher's z."""
    z = t_interval(np.arctanh(np.clip(values, -0.999, 0.999)))
    return float(np.tanh(z.estimate)), float(np.tanh(z.low)), float(np.tanh(z.high))


def agreement(table: pd.DataFrame) -> pd.DataFrame:
    """One row per correlation: its mean over runs with interval, and in how many runs it is above or below zero."""
    rows = []
    for keys, part in table.groupby(COLUMNS[:4], sort=False):
        single, mean = part[part["run"] != MEAN], part[part["run"] == MEAN]
        centre = mean.iloc[0] if len(mean) else single.iloc[0]
        above, below = int((single["low"] > 0).sum()), int((single["high"] < 0).sum())
        words = verdict(above, below, len(single))
        rows.append((*keys, centre["rho"], centre["low"], centre["high"], above, below, len(single), words))
    return pd.DataFrame(rows, columns=[*COLUMNS[:4], "rho", "low", "high", "above", "below", "runs", "verdict"])


def verdict(above: int, below: int, runs: int) -> str:
    """What the runs' own intervals say together."""
    if above and below:
        return f"contradictory: positive in {above}, negative in {below} of {runs} runs"
    count, sign = (above, "positive") if above else (below, "negative")
    if count == 0:
        return "undecided in every run"
    return f"{sign} in every run" if count == runs else f"{sign} in {count} of {runs} runs, undecided in the others"
