# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The off-axis matrix: steered concept × read concept per pole, held against chance, and its summary per method."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats as scipy_stats

from workbench.stats import t_interval, undetermined
from workbench.studies.symmetry_tables import flat
from workbench.symmetry.placebo import NEEDED
from workbench.types import POLES, Concept, Effect

RANDOM, PLACEBO, NOTHING = "random direction of the same norm", "placebo concepts", "none"
SIGN = {"aligned": 1.0, "unaligned": -1.0}
Groups = Mapping[str, Sequence[str]]


def off_axis_tables(concepts: Sequence[Concept], cells: Sequence[tuple]) -> dict[str, pd.DataFrame]:
    """Tables ``off_axis`` (a cell of the matrix a row) and ``spill`` (a method a row) from ((job), cell) pairs."""
    kinds = {concept.name: "placebo" if concept.card.kind == "placebo" else "value" for concept in concepts}
    matrix, spills = [], []
    for method in dict.fromkeys(job[2] for job, _ in cells):
        part = [(job, cell) for job, cell in cells if job[2] == method and "shifts" in cell]
        rows = [row for job, cell in part for row in cell_rows(job, cell, kinds)]
        rows = against_chance(rows)
        matrix += rows
        spills += spill_row(method, pd.DataFrame(rows)) if rows else []
    return {"off_axis": pd.DataFrame(matrix), "spill": pd.DataFrame(spills)}


def cell_rows(job: tuple, cell: Mapping, kinds: Mapping[str, str]) -> list[dict]:
    """One row per pole and read concept: the mean shift with its interval over the read concept's groups."""
    _, steered, method, (*_, others) = job
    rows = []
    for pole in POLES:
        for read in others:
            effect = shift_of(cell["shifts"][pole][read.name], read)
            chance = cell["random"].get(pole, {}).get(read.name)
            rows.append({
                "method": method, "pole": pole, "steered": steered.name, "read": read.name,
                "steered_kind": kinds[steered.name], "read_kind": kinds[read.name], "own": steered.name == read.name,
                "budget": cell["budget"], "level": cell["level"], **flat("shift", effect), "groups": effect.n_groups,
                "random": float("nan") if chance is None else shift_of(chance, read).estimate,
            })  # fmt: skip
    return rows


def shift_of(values: Sequence[float], read: Concept) -> Effect:
    """Mean over the groups of the read concept, t interval over them, in log-odds."""
    return t_interval(np.asarray(values), unit="log-odds", groups=[pair.group for pair in read.pairs])


def against_chance(rows: list[dict]) -> list[dict]:
    """Each row with what chance does to the same read concept, and whether its shift is beyond that.

    Chance is the random directions of all steered concepts, both signs; for controls without a site it is the controls
    of placebo concepts. With at least 20 such shifts the bound is the 95 % quantile of their size, else the largest.
    """
    by_read: dict[str, list[dict]] = {}
    for row in rows:
        by_read.setdefault(row["read"], []).append(row)
    return [{**row, **chance_of(row, by_read[row["read"]])} for row in rows]


def chance_of(row: Mapping, same: Sequence[Mapping]) -> dict:
    """What chance does to the row's read concept (``same``: all rows of it), and whether the row is beyond that."""
    name, arms = RANDOM, [other["random"] for other in same if np.isfinite(other["random"])]
    if not arms:
        placebos = [other for other in same if other["steered_kind"] == "placebo" and not other["own"]]
        arms = [other["shift"] for other in placebos if other["steered"] != row["steered"]]
        name = PLACEBO if arms else NOTHING
    sizes, bound = np.abs(arms), float("nan")
    if len(sizes):
        bound = float(np.quantile(sizes, 0.95) if len(sizes) >= NEEDED else sizes.max())
    beyond = bool(abs(row["shift"]) > bound and not row["shift_low"] <= 0 <= row["shift_high"])
    mark = "" if beyond or row["own"] else "×"
    return {"control": name, "bound": bound, "arms": len(sizes), "beyond": beyond, "mark": mark}


def spill_row(method: str, matrix: pd.DataFrame) -> list[dict]:
    """One row per method over its value concepts: how far a control of one moves the others, and which way.

    Per steered concept: the mean size of the shifts of the other value concepts (``aligned``, ``unaligned``), that of
    chance, and the signed mean toward the steered pole (``drag``); intervals over steered concepts.
    """
    off = matrix[(matrix["read_kind"] == "value") & ~matrix["own"]]
    sizes, drags, chance = per_steered(off[off["steered_kind"] == "value"])
    if len(sizes) < 2:
        return []
    control = matrix["control"].iloc[0]
    null = chance if control == RANDOM else per_steered(off[off["steered_kind"] == "placebo"])[0]
    own = matrix[matrix["own"] & (matrix["steered_kind"] == "value")]
    row = {"method": method, "concepts": len(sizes), "budget": matrix["budget"].iloc[0], "control": control}
    for pole in POLES:
        own_size = own.loc[own["pole"] == pole, "shift"].abs()
        row |= flat(f"own_{pole}", t_interval(own_size.to_numpy())) | flat(pole, t_interval(sizes[pole].to_numpy()))
        row |= flat(f"drag_{pole}", t_interval(drags[pole].to_numpy()))
        row |= flat(f"excess_{pole}", excess(sizes[pole], null.get(pole), paired=control == RANDOM))
    row |= flat("difference", t_interval((sizes["aligned"] - sizes["unaligned"]).to_numpy()))
    judged = off[off["steered_kind"] == "value"]
    return [{**row, "beyond": int(judged["beyond"].sum()), "cells": len(judged)}]


def per_steered(off: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """(mean size, mean signed toward the pole, mean size of chance) per steered concept, a column per pole."""
    told = off.assign(
        size=off["shift"].abs(), drag=off["shift"] * off["pole"].map(SIGN).astype(float), chance=off["random"].abs()
    )
    return tuple(told.pivot_table(index="steered", columns="pole", values=name, dropna=False)
                 for name in ("size", "drag", "chance"))  # fmt: skip


def excess(sizes: pd.Series, null: pd.Series | None, paired: bool) -> Effect:
    """How much larger the shifts are than chance's: paired over steered concepts, or against placebos (Welch)."""
    if null is None or len(null.dropna()) < 2:
        return undetermined(float("nan"), "nothing to compare with", n=len(sizes), n_groups=len(sizes))
    if paired:
        return t_interval((sizes - null).dropna().to_numpy())
    null = null.dropna()
    found = scipy_stats.ttest_ind(sizes, null, equal_var=False).confidence_interval(0.95)
    middle = float(sizes.mean() - null.mean())
    return Effect(middle, float(found.low), float(found.high), 0.95, len(sizes), len(sizes), "log-odds", "Welch's t")


def spill_sentence(table: pd.DataFrame) -> str:
    """The sentence of the summary, for the first method that has a matrix over value concepts; empty without one."""
    if not len(table):
        return ""
    row = table.iloc[0]
    poles = " and ".join(
        f"{row[pole]:.2f} log-odds in size [{row[f'{pole}_low']:.2f}, {row[f'{pole}_high']:.2f}] under control toward "
        f"the {pole} pole (mean toward it {row[f'drag_{pole}']:+.2f}; {chance_words(row, pole)}; own concept "
        f"{row[f'own_{pole}']:.2f})" for pole in POLES
    )  # fmt: skip
    return (
        f"Off the axis, {row['method']} at the matched {row['budget']} moves the other value concepts by {poles}; "
        f"difference {row['difference']:+.2f} [{row['difference_low']:+.2f}, {row['difference_high']:+.2f}]; "
        f"{row['beyond']} of {row['cells']} cells are beyond chance ({row['control']})."
    )


def chance_words(row: pd.Series, pole: str) -> str:
    """What chance does beside it."""
    if not np.isfinite(row[f"excess_{pole}"]):
        return "nothing to compare with"
    low, high = row[f"excess_{pole}_low"], row[f"excess_{pole}_high"]
    return f"{row[f'excess_{pole}']:+.2f} [{low:+.2f}, {high:+.2f}] beyond chance"
