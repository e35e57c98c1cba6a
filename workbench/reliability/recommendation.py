"""Which layer and multiplier to steer a concept with, and whether that can be recommended at all."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from workbench.evaluation import monotone_range
from workbench.stats import share_interval
from workbench.types import Effect, WorkbenchError

LEVEL = 0.95
Row = Mapping[str, Any]
CAPS = {"multiplier": np.inf, "backfire": 0.5, "cost": 0.05}
KEY = ["concept", "prompt_type", "layer"]
NUMBERS = ("effect", "effect_low", "effect_high", "backfire", "backfire_low", "backfire_high")
CURVE = ("concept", "prompt_type", "layer", "direction", "multiplier", "mean", "low", "high")


def recommend(
    cells: pd.DataFrame, curves: pd.DataFrame, caps: Mapping[str, float] | None = None, direction: str = "own"
) -> pd.DataFrame:
    """The layer and multiplier with the largest reliable odd effect, for every concept × prompt type.

    ``curves`` holds the mean effect Δ(λ) = m(λ) − m(0) over prompts and its 95 % interval; rows of ``direction`` are
    used. The odd effect is (Δ(λ) − Δ(−λ))/2 with the widest interval those two allow, or columns ``odd``,
    ``odd_low``, ``odd_high`` where present. Candidates are the λ > 0 that have a mirror, lie in the range around 0
    over which the mean curve rises on both sides, and keep within ``caps``: ``multiplier`` (largest λ), ``backfire``
    (largest share of prompts moved the wrong way, .5) and ``cost`` (capability cost, .05, where curves have a column
    ``cost``). *Reliable*: the lower bound exceeds 0 and the cell's ``random_high``, taken × λ beyond 1.

    The best of many looks better than it is, so the interval of the effect is widened to hold for all candidates at
    once (Bonferroni). ``multiplier_low``/``multiplier_high`` span the candidates of that layer that are not
    reliably worse. Backfire comes from columns ``backfire``, ``backfire_low``, ``backfire_high`` of ``curves`` where
    present, else from the cell's ``anti_braun`` (at multiplier 1) at n = groups.

    Where nothing is reliable the multipliers are nan, ``reliable`` is False and ``reason`` says why; layer and
    effect are then the best that was found (layer −1: no candidate).
    """
    limits = CAPS | dict(caps or {})
    lacking = [c for c in CURVE if c not in curves.columns] + [c for c in KEY if c not in cells.columns]
    if lacking or set(limits) != set(CAPS):
        what = f"columns {', '.join(lacking)} are missing" if lacking else f"caps are {', '.join(limits)}"
        raise WorkbenchError(f"{what}; expected curves with {', '.join(CURVE)} and caps among {', '.join(CAPS)}")
    rows, layers = curves.to_dict("records"), cells.to_dict("records")
    if not any(row["direction"] == direction for row in rows):
        there = ", ".join(dict.fromkeys(str(row["direction"]) for row in rows))
        raise WorkbenchError(f"no curve of direction {direction!r}; expected one of: {there}")
    by_cell = {tuple(row[name] for name in KEY): row for row in layers}
    by_curve: dict[tuple, dict[float, Row]] = {}
    for row in rows:
        if row["direction"] == direction:
            by_curve.setdefault(tuple(row[name] for name in KEY), {})[float(row["multiplier"])] = row
    found: dict[tuple, list[dict]] = {}
    for key, curve in by_curve.items():
        candidates = _candidates(curve, by_cell.get(key, {}), limits)
        found.setdefault(key[:2], []).extend({"layer": int(key[2])} | c for c in candidates)
    heads = ({"concept": concept, "prompt_type": kind} for concept, kind in found)
    return pd.DataFrame([head | _choose(every, limits) for head, every in zip(heads, found.values(), strict=True)])


def _candidates(curve: Mapping[float, Row], cell: Row, limits: Mapping[str, float]) -> list[dict]:
    """Multipliers of one layer inside the monotone range and the caps, with odd effect, band and backfire."""
    doses = np.array(sorted(curve))
    if 0.0 not in curve or len(doses) < 3:
        return []
    left, right = monotone_range(np.array([[float(curve[dose]["mean"]) for dose in doses.tolist()]]), doses)[0]
    reach = min(-left, right, limits["multiplier"]) + 1e-9
    band = max(0.0, _number(cell, "random_high", 0.0))
    rows = []
    for dose in (d for d in doses.tolist() if 0 < d <= reach and -d in curve):
        up, backfire = curve[dose], _backfire(curve[dose], cell)
        if _number(up, "cost", 0.0) > limits["cost"] or backfire.estimate > limits["backfire"]:
            continue
        effect, low, high = _odd(up, curve[-dose])
        rows.append({
            "multiplier": dose, "effect": effect, "effect_low": low, "effect_high": high, "band": band * max(1.0, dose),
            "backfire": backfire.estimate, "backfire_low": backfire.low, "backfire_high": backfire.high,
        })  # fmt: skip
    return rows


def _odd(up: Row, down: Row) -> tuple[float, float, float]:
    """Odd effect of a dose and its mirror with its interval: measured where there, else the widest possible."""
    if np.isfinite([_number(up, name) for name in ("odd", "odd_low", "odd_high")]).all():
        return float(up["odd"]), float(up["odd_low"]), float(up["odd_high"])
    ends = up["mean"] - down["mean"], up["low"] - down["high"], up["high"] - down["low"]
    return float(ends[0]) / 2, float(ends[1]) / 2, float(ends[2]) / 2


def _backfire(row: Row, cell: Row) -> Effect:
    """The share of prompts that move the wrong way, with an interval; nan where nobody counted."""
    for source, name in ((row, "backfire"), (cell, "anti_braun")):
        share, low, high = (_number(source, name + end) for end in ("", "_low", "_high"))
        if np.isfinite([share, low, high]).all():
            return Effect(share, low, high, LEVEL)
        if np.isfinite(share):
            return share_interval(share, _number(cell, "n_groups", 0.0), LEVEL)
    return Effect(float("nan"), float("nan"), float("nan"), LEVEL)


def _choose(found: list[dict], limits: Mapping[str, float]) -> dict:
    """One row of the recommendation from all candidates of a concept × prompt type."""
    if not found:
        why = f"the curve rises on both sides of 0 at no layer within the caps (backfire {limits['backfire']:g})"
        return _filled(dict.fromkeys(NUMBERS, float("nan")) | {"layer": -1}, why)
    wider = float(norm.ppf(1 - (1 - LEVEL) / 2 / len(found)) / norm.ppf(1 - (1 - LEVEL) / 2))
    every = [_widened(candidate, wider) for candidate in found]
    reliable = [c for c in every if c["effect_low"] > c["band"] and np.isfinite(c["effect_high"])]
    best = _largest(reliable or every)
    if not reliable:
        over = "0" if best["band"] == 0 else f"the random band ({best['band']:.2f})"
        why = f"the best odd effect, {best['effect']:.2f} from {best['effect_low']:.2f}, is not reliably above {over}"
        return _filled(best, why)
    alike = [
        c["multiplier"] for c in reliable if c["layer"] == best["layer"] and c["effect_high"] >= best["effect_low"]
    ]
    return _filled(best | {"multiplier_low": min(alike), "multiplier_high": max(alike)}, "")


def _largest(candidates: Iterable[dict]) -> dict:
    """The candidate of the largest effect; the smaller multiplier where two are equal."""
    return max(candidates, key=lambda c: (c["effect"], -c["multiplier"]))


def _widened(candidate: dict, factor: float) -> dict:
    """The candidate with both arms of its effect's interval ``factor`` times as long."""
    effect, low, high = (candidate[name] for name in ("effect", "effect_low", "effect_high"))
    return candidate | {
        "effect_low": effect - factor * (effect - low),
        "effect_high": effect + factor * (high - effect),
    }


def _filled(best: dict, reason: str) -> dict:
    """Columns in the order of the table; without a recommendation no multiplier is named."""
    span = ("multiplier", "multiplier_low", "multiplier_high")
    multipliers = {name: float("nan") if reason else best[name] for name in span}
    return (
        {"layer": best["layer"]}
        | multipliers
        | {n: best[n] for n in NUMBERS}
        | {"reliable": not reason, "reason": reason}
    )


def _number(row: Row, name: str, otherwise: float = float("nan")) -> float:
    """A number of a row, ``otherwise`` where it is absent or not finite."""
    value = float(row.get(name, otherwise))
    return value if np.isfinite(value) else otherwise
