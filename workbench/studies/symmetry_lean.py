# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Corrections for the base lean of one method."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from workbench.stats import t_interval, undetermined
from workbench.studies.symmetry_tables import KINDS, VALUES, chosen, flat, pool_of
from workbench.symmetry import (
    Response,
    asymmetry_interval,
    at_zero_lean,
    flag_of,
    headroom_normalised,
    matched_lean,
)
from workbench.symmetry.index import NO_CONTROL
from workbench.symmetry.lean import FEW
from workbench.symmetry.protocol import Protocol
from workbench.types import Effect

HEADROOM, CUE = "headroom-normalised", "instruction"


def lean_rows(
    protocol: Protocol, method: str, responses: Sequence[Response], known: Mapping[str, dict]
) -> tuple[list[dict], list[dict]]:
    """(one row per concept: lean against g⁺ − g⁻; one row per correction over the value concepts)."""
    kind, at = primary(protocol, responses)
    points = []
    for name, (response, level, gains) in at.items():
        plus, minus = gains.by_group()
        points.append({
            "method": method, "concept": name, "kind": response.kind, "budget": kind, "level": level,
            "lean": float(np.nanmean(known[name]["lean"])), **flat("difference", t_interval(plus - minus)),
            "gain_aligned": float(plus.mean()), "gain_unaligned": float(minus.mean()),
        })  # fmt: skip
    fitted = line_at(points)
    points = [{**row, "fitted": y} for row, y in zip(points, fitted, strict=True)]
    points.sort(key=lambda row: row["lean"])
    values = [(gains.means(), known[name]) for name, (response, _, gains) in at.items() if pool_of(response) == VALUES]
    if len(values) < 2:
        return points, []
    plus, minus = np.array([means for means, _ in values]).T
    rows = [
        {"method": method, "budget": kind, "correction": name, "concepts": count, "note": note,
         **flat("difference", difference), **flat("index", index)}
        for name, count, note, difference, index in corrections(plus, minus, [about for _, about in values])
        # gains as shares of what this very cue reaches are 1 whatever the model does
        if not (name == HEADROOM and method == CUE)
    ]  # fmt: skip
    return points, rows


def line_at(points: Sequence[dict]) -> list[float]:
    """The least-squares line of the value concepts at every point's lean; NaN with fewer than four of them."""
    values = [row for row in points if row["kind"] != "placebo" and np.isfinite(row["lean"])]
    if len(values) < FEW:
        return [float("nan")] * len(points)
    slope, zero = np.polyfit([row["lean"] for row in values], [row["difference"] for row in values], 1)
    return [float(zero + slope * row["lean"]) for row in points]


def primary(protocol: Protocol, responses: Sequence[Response]) -> tuple[str, dict]:
    """The first budget kind at which anything can be matched, and the chosen levels there."""
    for kind in KINDS:
        found = chosen(protocol, responses, kind)
        if found:
            return kind, found
    return KINDS[0], {}


def corrections(
    plus: np.ndarray, minus: np.ndarray, known: Sequence[dict]
) -> list[tuple[str, int, str, Effect, Effect]]:
    """(name, concepts, note, g⁺ − g⁻, index) in the order in which they are to be read; no A without control."""
    rows = [("raw", len(plus), "", t_interval(plus - minus), asymmetry_interval(plus, minus))]
    cues = np.array([[about["cue_aligned"], about["cue_unaligned"]] for about in known], dtype=np.float64)
    shares = headroom_normalised(plus, minus, cues[:, 0], cues[:, 1])
    rows.append(_pooled(HEADROOM, *shares, f"{len(shares[0])} of {len(plus)} concepts follow both cues"))
    first, second = (np.array([about["lean"][k] for about in known], dtype=np.float64) for k in (0, 1))
    good = np.isfinite(first) & np.isfinite(second)
    fit = at_zero_lean(plus[good], minus[good], first[good], second[good])
    note = f"leans {fit.low:+.2f} to {fit.high:+.2f}; {fit.difference.method}"
    rows.append(("value at zero lean", int(good.sum()), note, fit.difference, fit.index))
    kept = matched_lean(((first + second) / 2)[good])
    rows.append(_pooled("matched lean", plus[good][kept], minus[good][kept], "concepts whose leans mirror each other"))
    if flag_of(plus, minus) == NO_CONTROL:
        return [(name, n, note, gap, replace(index, estimate=np.nan, low=-1.0, high=1.0, method=NO_CONTROL))
                for name, n, note, gap, index in rows]  # fmt: skip
    return rows


def _pooled(name: str, plus: np.ndarray, minus: np.ndarray, note: str) -> tuple[str, int, str, Effect, Effect]:
    if len(plus) < 2:
        none = undetermined(np.nan, "fewer than two concepts", n=len(plus), n_groups=len(plus))
        return name, len(plus), note, none, none
    return name, len(plus), note, t_interval(plus - minus), asymmetry_interval(plus, minus)
