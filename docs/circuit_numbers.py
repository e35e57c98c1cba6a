"""The numbers of docs/circuits.md: ``python docs/circuit_numbers.py FOLDER`` writes one CSV per table, and prints them.

About five minutes of one core on the embedded model. A table that is already in the folder is not computed again.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import pearsonr, spearmanr

import workbench as wb
from workbench.circuits import (
    PoleCircuits,
    cue_pairs,
    edge_attribution,
    effect_table,
    faithfulness,
    faithfulness_curve,
    overlap,
    patch_edges,
    pole_circuits,
    written,
)
from workbench.directions import random_directions
from workbench.evaluation import deltas
from workbench.stats import bootstrap_groups, t_interval

CONCEPTS = {"art": (0.45, 0.45), "literature": (0.45, 0.45), "shutdown": (0.45, 0.225)}
SITE, SIZES, DRAWS = wb.Site(1), (10, 25, 50, 100, 200), 5


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    model, last = wb.load("persona"), {}
    for name, shares in CONCEPTS.items():
        fit, test = wb.split_concept(wb.load_concept(name), shares=shares, seed=0)
        direction = wb.fit(wb.extract(model, fit, prompt_type="instruction", sites=[SITE])[SITE])
        kept: list[PoleCircuits] = []

        def circuits(made=kept, on=test, along=direction) -> PoleCircuits:
            made += [] if made else [pole_circuits(model, on, along)]
            return made[0]

        pairs = cue_pairs(model, test)
        tables = {
            "account": lambda c=circuits: effect_table(c().account()),
            "nodes": lambda c=circuits: c().nodes(),
            "edges": lambda c=circuits: c().edges(),
            "overlap": lambda c=circuits: c().overlap(SIZES),
            "correlation": lambda c=circuits: effect_table(c().correlation()),
            "random": lambda on=test, along=direction: random_effects(model, on, along),
            "written": lambda p=pairs, along=direction: effect_table(written(model, p, along).effects(p.groups)),
        }
        if name == "art":
            last = {
                "art-written-random": lambda p=pairs, along=direction: random_written(model, p, along),
                "art-exact": lambda p=pairs, c=circuits: exact(model, p, c()),
                "art-faithful": lambda p=pairs, c=circuits: faithful(model, p, c()),
                "art-others": lambda c=circuits, on=test, along=direction: others(model, on, along, c()),
            }
        for table, make in tables.items():
            show(folder / f"{name}-{table}.csv", make)
    for table, make in last.items():
        show(folder / f"{table}.csv", make)


def show(path: Path, make: Callable[[], pd.DataFrame]) -> None:
    if not path.exists():
        make().to_csv(path, index=False)
    print(f"\n{path.stem}\n{pd.read_csv(path).head(16).round(3).to_string()}", flush=True)


def random_effects(model, concept, direction, draws: int = 15) -> pd.DataFrame:
    """Gains toward both poles and their difference of random directions of the same norm."""
    named = {str(i): d for i, d in enumerate(random_directions(direction, draws))}
    cube = wb.sweep(model, concept, named, sites=[SITE], multipliers=(-1, 0, 1))
    rows = []
    for name in named:
        down, _, up = deltas(cube.curve(SITE, name), cube.multipliers).T
        groups = np.array(cube.groups)
        gains = {"aligned": up, "unaligned": -down, "difference": up + down}
        rows.append({"draw": name} | {k: t_interval(v, groups=groups).estimate for k, v in gains.items()})
    return pd.DataFrame(rows)


def random_written(model, pairs, direction, draws: int = 10) -> pd.DataFrame:
    """What the same cues write along directions that mean nothing: the sum of all parts, per unit of the stream."""
    drawn = random_directions(direction, draws)
    return pd.DataFrame([{"draw": i, "written": float(written(model, pairs, d).total.mean())}
                         for i, d in enumerate(drawn)])  # fmt: skip


def faithful(model, pairs, circuits: PoleCircuits) -> pd.DataFrame:
    scores = edge_attribution(model, pairs, 5)
    cases = {"cue": (pairs, scores)} | {f"steered {p}": (circuits.pairs[p], circuits.gains[p]) for p in circuits.gains}
    parts = []
    for name, (runs, found) in cases.items():
        curve = faithfulness_curve(faithfulness(model, runs, found, SIZES, DRAWS))
        parts.append(curve.assign(circuit=name, edges=int((found.values != 0).any(0).sum())))
    return pd.concat(parts)


def exact(model, pairs, circuits: PoleCircuits, count: int = 40) -> pd.DataFrame:
    """EAP and EAP-IG against exact patching: edges drawn at random among the live ones, and the largest ones."""
    runs = circuits.pairs["aligned"]
    cases = {"cue": (pairs, 1), "cue, IG": (pairs, 5), "steered aligned": (runs, 1), "steered aligned, IG": (runs, 5)}
    rows, cache = [], {}
    for name, (given, steps) in cases.items():
        scores = edge_attribution(model, given, steps)
        live = np.flatnonzero((scores.values != 0).any(0))
        drawn = np.random.default_rng(0).choice(live, count, replace=False)
        key = name.removesuffix(", IG")
        if key not in cache:
            edges = [scores.graph.edges[i] for i in drawn]
            effects = patch_edges(model, given, edges)["effect"].to_numpy().reshape(count, -1)
            cache[key] = effects.T
        truth, groups = cache[key], np.array(scores.groups)
        for kind, measure in (("pearson", pearsonr), ("spearman", spearmanr)):
            effect = bootstrap_groups(lambda a, b, m=measure: float(m(a.mean(0), b.mean(0)).statistic),
                                      (scores.values[:, drawn], truth), groups, 200, unit="r")  # fmt: skip
            rows.append({"case": name, "kind": kind, "estimate": effect.estimate, "low": effect.low,
                         "high": effect.high, "edges": count, "n_groups": effect.n_groups})  # fmt: skip
    return pd.DataFrame(rows)


def others(model, concept, direction, own: PoleCircuits, draws: int = 1) -> pd.DataFrame:
    """How far the circuit of a random direction of the same norm is the concept's own one."""
    rows = []
    for i, drawn in enumerate(random_directions(direction, draws)):
        circuits = pole_circuits(model, concept, drawn, steps=3)
        for size in SIZES:
            row: dict[str, float] = {"draw": i, "size": size}
            for pole, gains in circuits.gains.items():
                row[f"with own, {pole}"] = overlap(gains.mean, own.gains[pole].mean, size)
            row["between its poles"] = overlap(circuits.gains["aligned"].mean, circuits.gains["unaligned"].mean, size)
            rows.append(row)
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
