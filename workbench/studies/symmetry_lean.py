# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Corrections for the base lean of one method, and what each pole costs at matched effect."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import isotonic_regression

from workbench.stats import t_interval, undetermined
from workbench.studies.symmetry_tables import KINDS, VALUES, chosen, flat, pool_of
from workbench.symmetry import (
    Response,
    asymmetry_interval,
    at_zero_lean,
    headroom_normalised,
    matched_lean,
    shared_gain,
)
from workbench.symmetry.lean import FEW
from workbench.symmetry.protocol import Protocol
from workbench.types import POLES, Effect


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
    """(name, concepts, note, g⁺ − g⁻, index) in the order in which they are to be read."""
    rows = [("raw", len(plus), "", t_interval(plus - minus), asymmetry_interval(plus, minus))]
    cues = np.array([[about["cue_aligned"], about["cue_unaligned"]] for about in known], dtype=np.float64)
    shares = headroom_normalised(plus, minus, cues[:, 0], cues[:, 1])
    rows.append(_pooled("headroom-normalised", *shares, f"{len(shares[0])} of {len(plus)} concepts follow both cues"))
    first, second = (np.array([about["lean"][k] for about in known], dtype=np.float64) for k in (0, 1))
    good = np.isfinite(first) & np.isfinite(second)
    fit = at_zero_lean(plus[good], minus[good], first[good], second[good])
    note = f"leans {fit.low:+.2f} to {fit.high:+.2f}; {fit.difference.method}"
    rows.append(("value at zero lean", int(good.sum()), note, fit.difference, fit.index))
    kept = matched_lean(((first + second) / 2)[good])
    rows.append(_pooled("matched lean", plus[good][kept], minus[good][kept], "concepts whose leans mirror each other"))
    return rows


def _pooled(name: str, plus: np.ndarray, minus: np.ndarray, note: str) -> tuple[str, int, str, Effect, Effect]:
    if len(plus) < 2:
        none = undetermined(np.nan, "fewer than two concepts", n=len(plus), n_groups=len(plus))
        return name, len(plus), note, none, none
    return name, len(plus), note, t_interval(plus - minus), asymmetry_interval(plus, minus)


def cost_rows(method: str, responses: Sequence[Response]) -> list[dict]:
    """What each pole costs in neutral NLL at matched effect, and the paired difference over the value concepts."""
    pairs = [found for r in responses if pool_of(r) == VALUES and (found := matched_cost(r)) is not None]
    if len(pairs) < 2:
        return []
    costs = np.array(pairs)
    return [{
        "method": method, "concepts": len(pairs),
        **flat("nll_rise_aligned", t_interval(costs[:, 0])), **flat("nll_rise_unaligned", t_interval(costs[:, 1])),
        **flat("difference", t_interval(costs[:, 0] - costs[:, 1])),
    }]  # fmt: skip


def matched_cost(response: Response) -> tuple[float, float] | None:
    """Relative rise of the NLL for the same gain of either pole, on monotone curves; None without a shared gain."""
    gained = [mean_gains(response, pole) for pole in POLES]
    if any(len(curve) < 2 or curve.max() <= 0 for curve in gained):
        return None
    target, out = shared_gain(gained[0], gained[1]), []
    for pole, curve in zip(POLES, gained, strict=True):
        cost = np.concatenate([[0.0], response.curves[pole].costs["nll_rise"]])
        out.append(float(np.interp(target, np.concatenate([[0.0], isotonic_regression(curve).x]), cost)))
    return (out[0], out[1]) if np.isfinite(out).all() else None


def mean_gains(response: Response, pole: str) -> np.ndarray:
    """The concept's mean gain toward a pole at every dose, in order of strength."""
    moved = response.curves[pole].values - response.base[:, None]
    return (moved if pole == "aligned" else -moved).mean(0)
