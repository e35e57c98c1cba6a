"""Which layer and multiplier to steer a concept with, and whether that can be recommended at all."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import norm

from workbench.evaluation import monotone_range
from workbench.stats import share_interval
from workbench.types import Effect, WorkbenchError

LEVEL = 0.95
CAPS = {"multiplier": np.inf, "backfire": 0.5, "cost": 0.05}
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
    lacking = [c for c in CURVE if c not in curves.columns] + [c for c in ("concept", "prompt_type", "layer") if c not in cells.columns]
    if lacking or set(limits) != set(CAPS):
        what = f"columns {', '.join(lacking)} are missing" if lacking else f"caps are {', '.join(limits)}"
        raise WorkbenchError(f"{what}; expected curves with {', '.join(CURVE)} and caps among {', '.join(CAPS)}")
    own = curves[curves["direction"] == direction]
    if own.empty:
        there = ", ".join(map(str, curves["direction"].unique()))
        raise WorkbenchError(f"no curve of direction {direction!r}; expected one of: {there}")
    by = cells.drop_duplicates(["concept", "prompt_type", "layer"]).set_index(["concept", "prompt_type", "layer"])
    rows = []
    for (concept, kind), part in own.groupby(["concept", "prompt_type"], sort=False):
        found = [c for layer, curve in part.groupby("layer") for c in _candidates(curve, by, (concept, kind, layer), limits)]
        rows.append({"concept": concept, "prompt_type": kind} | _choose(pd.DataFrame(found), limits))
    return pd.DataFrame(rows)


def _candidates(curve: pd.DataFrame, by: pd.DataFrame, key: tuple, limits: Mapping[str, float]) -> list[dict]:
    """Multipliers of one layer inside the monotone range and the caps, with odd effect, band and backfire."""
    at = curve.drop_duplicates("multiplier").set_index("multiplier").sort_index()
    doses = at.index.to_numpy(dtype=np.float64)
    if 0.0 not in doses or len(doses) < 3:
        return []
    left, right = monotone_range(at["mean"].to_numpy(dtype=np.float64)[None], doses)[0]
    reach = min(-left, right, limits["multiplier"])
    cell = by.loc[key].to_dict() if key in by.index else {}
    rows = []
    for dose in doses[(doses > 0) & (doses <= reach + 1e-9)]:
        if -dose not in doses or at.loc[dose].get("cost", 0.0) > limits["cost"]:
            continue
        effect, low, high = _odd(at, dose)
        backfire = _backfire(at.loc[dose], cell)
        if backfire.estimate > limits["backfire"]:
            continue
        band = cell.get("random_high", np.nan)
        band = max(0.0, band * max(1.0, dose)) if np.isfinite(band) else 0.0
        rows.append({
            "layer": int(key[2]), "multiplier": float(dose), "effect": effect, "effect_low": low, "effect_high": high,
            "band": band, "backfire": backfire.estimate, "backfire_low": backfire.low, "backfire_high": backfire.high,
        })  # fmt: skip
    return rows


def _odd(at: pd.DataFrame, dose: float) -> tuple[float, float, float]:
    """Odd effect at ``dose`` and its interval, measured where the table has it, else the widest possible."""
    up, down = at.loc[dose], at.loc[-dose]
    if {"odd", "odd_low", "odd_high"} <= set(at.columns) and np.isfinite(up["odd"]):
        return float(up["odd"]), float(up["odd_low"]), float(up["odd_high"])
    ends = (up["mean"] - down["mean"], up["low"] - down["high"], up["high"] - down["low"])
    estimate, low, high = (float(end) / 2 for end in ends)
    return estimate, low, high


def _backfire(row: pd.Series, cell: Mapping) -> Effect:
    """The share of prompts that move the wrong way, with an interval; nan where nobody counted."""
    for source, name in ((row, "backfire"), (cell, "anti_braun")):
        share, low, high = (float(source.get(name + end, np.nan)) for end in ("", "_low", "_high"))
        if np.isfinite(share):
            if np.isfinite(low) and np.isfinite(high):
                return Effect(share, low, high, LEVEL)
            return share_interval(share, float(cell.get("n_groups", 0)), LEVEL)
    return Effect(float("nan"), float("nan"), float("nan"), LEVEL)


def _choose(found: pd.DataFrame, limits: Mapping[str, float]) -> dict:
    """One row of the recommendation from all candidates of a concept × prompt type."""
    names = ("effect", "effect_low", "effect_high", "backfire", "backfire_low", "backfire_high")
    if found.empty:
        why = f"the curve rises on both sides of 0 at no layer within the caps (backfire {limits['backfire']:g})"
        return _filled(-1, (np.nan,) * 3, dict.fromkeys(names, np.nan), why)
    wider = norm.ppf(1 - (1 - LEVEL) / 2 / len(found)) / norm.ppf(1 - (1 - LEVEL) / 2)
    found["effect_low"] = found["effect"] - wider * (found["effect"] - found["effect_low"])
    found["effect_high"] = found["effect"] + wider * (found["effect_high"] - found["effect"])
    reliable = found[(found["effect_low"] > found["band"]) & np.isfinite(found["effect_high"])]
    best = (found if reliable.empty else reliable).sort_values("effect", kind="stable").iloc[-1]
    numbers = {name: float(best[name]) for name in names}
    if reliable.empty:
        over = "0" if best["band"] == 0 else f"the random band ({best['band']:.2f})"
        why = f"the best odd effect, {best['effect']:.2f} from {best['effect_low']:.2f}, is not reliably above {over}"
        return _filled(int(best["layer"]), (np.nan,) * 3, numbers, why)
    alike = reliable[(reliable["layer"] == best["layer"]) & (reliable["effect_high"] >= best["effect_low"])]["multiplier"]
    span = float(best["multiplier"]), float(alike.min()), float(alike.max())
    return _filled(int(best["layer"]), span, numbers, "")


def _filled(layer: int, span: tuple[float, float, float], numbers: dict, reason: str) -> dict:
    """Columns in the order of the table."""
    multipliers = dict(zip(("multiplier", "multiplier_low", "multiplier_high"), span, strict=True))
    return {"layer": layer} | multipliers | numbers | {"reliable": not reason, "reason": reason}
