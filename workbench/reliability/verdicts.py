"""Plain sentences that say what a table of correlations or of cells shows, and no more than that."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbench.reliability.correlations import POOLED, POOLED_WITHIN
from workbench.types import WorkbenchError

Row = Mapping[str, Any]
SMALL = 0.3  # a correlation inside ±.3 is said to be small; a wider interval is said to leave the matter open
WORKS = 0.25  # below this share of cells a model is said not to be steerable
UNSTEERABLE = "Not to be read as support: steering hardly works here, and a ranking of effects near zero says nothing."
WORDS = {"c_heldout": "held-out coherence c", "c": "in-sample coherence c", "odd": "the odd effect"}
FALLS_WITH_COHERENCE = frozenset({"overlap", "effective_rank"})


def coherence_verdict(
    rows: pd.DataFrame,
    predictor: str = "c_heldout",
    outcome: str = "odd",
    cells: pd.DataFrame | None = None,
) -> str:
    """Does coherence predict reliability? One sentence from the rows of :func:`~workbench.reliability.correlate`.

    The pooled row that compares concepts within prompt type and layer decides; the single rows are counted beside it.
    Given the ``cells``, a ranking of effects that are next to nothing is said to be one, before anything else.
    Raises WorkbenchError where the pair of predictor and outcome is not in the table.
    """
    table = rows.to_dict("records")
    part = [row for row in table if row["predictor"] == predictor and row["outcome"] == outcome]
    if not part:
        raise WorkbenchError(f"no row of {predictor} with {outcome}; expected a pair that correlate() was asked for")
    rank = {POOLED_WITHIN: 0, POOLED: 1}
    sentence = correlation_verdict(min(part, key=lambda row: rank.get(row["prompt_type"], 2)))
    if cells is not None and hardly_steers(cells):
        sentence = f"{UNSTEERABLE} {sentence}"
    single = [row for row in part if row["prompt_type"] not in rank]
    if len(single) < 2:
        return sentence
    words = [_finding(row, _sign(predictor, outcome)) for row in single]
    counts = ", ".join(f"{w} in {words.count(w)}" for w in ("predicts", "reversed", "does not predict"))
    return f"{sentence} Of {len(single)} prompt types × layers taken singly (not corrected for their number): {counts}."


def correlation_verdict(row: Row | pd.Series) -> str:
    """One row as a sentence: "predicts", "does not predict" or "reversed", and whether both controls are survived."""
    row = dict(row)
    sign = _sign(str(row["predictor"]), str(row["outcome"]))
    name, outcome = (WORDS.get(str(row[k]), str(row[k])) for k in ("predictor", "outcome"))
    finding = _finding(row, sign)
    numbers = f"rho {_interval(row, 'rho', 'low', 'high')}, {int(row['n'])} cells of {int(row['n_concepts'])} concepts"
    if finding == "does not predict":
        open_end = max(abs(row["low"]), abs(row["high"])) > SMALL
        rest = "; the interval is too wide to call it absent" if open_end else "; the correlation is small"
        return f"{name} does not predict {outcome} ({numbers}){rest}."
    if finding == "reversed":
        return f"{name} is reversed: it goes with {outcome} in the opposite of the expected sense ({numbers})."
    return f"{name} predicts {outcome} ({numbers}); {_partial_clause(row, sign)}; {_transplant_clause(row, sign)}."


def steering_verdict(cells: pd.DataFrame) -> str:
    """Does steering work at all? Shares of cells whose odd effect leaves the band of random directions."""
    odd, low, high, below, above = _effects(cells)
    known = np.isfinite(low) & np.isfinite(high) & np.isfinite(below) & np.isfinite(above)
    if not known.any():
        return "Steering cannot be judged: no cell has both an interval of its odd effect and a random band."
    works = int(_works(low, above)[known].sum())
    against = int((high < np.minimum(below, 0))[known].sum())
    return (
        f"Steering moves behaviour the intended way beyond random directions in {_share(works, int(known.sum()))}, the "
        f"opposite way in {_share(against, int(known.sum()))}; the median odd effect is "
        f"{np.median(odd[known]):+.2f} log-odds."
    )


def hardly_steers(cells: pd.DataFrame) -> bool:
    """Whether fewer than a quarter of the cells that can be judged leave the band of random directions."""
    _, low, _, _, above = _effects(cells)
    known = np.isfinite(low) & np.isfinite(above)
    return bool(known.any()) and float(_works(low, above)[known].mean()) < WORKS


def _effects(cells: pd.DataFrame) -> tuple[np.ndarray, ...]:
    """Odd effect, its interval, and the random band: at matched norm where it was measured, else per class gap."""
    at = "_matched" if "random_matched_high" in cells else ""
    names = (f"odd{at}", f"odd{at}_low", f"odd{at}_high", f"random{at}_low", f"random{at}_high")
    return tuple(_column(cells, name) for name in names)


def _works(low: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Where the interval of the odd effect lies above zero and above the random band, bool [cell]."""
    return low > np.maximum(above, 0)


def backfire_verdict(cells: pd.DataFrame) -> str:
    """On whom does it backfire? Anti-steerable shares in the three definitions, as medians over cells."""
    names = {"anti_braun": "Δ(1) < 0", "anti_tan": "slope ≤ 0", "anti_eps": "slope below what random directions do"}
    parts = []
    for name, words in names.items():
        share = _column(cells, name)
        share = share[np.isfinite(share)]
        if len(share):
            parts.append(f"{np.median(share):.0%} by {words} (from {share.min():.0%} to {share.max():.0%})")
    if not parts:
        return "Backfire cannot be judged: no anti-steerable share was measured."
    return f"Anti-steerable prompts, median over {len(cells)} cells: {'; '.join(parts)}."


def inert_verdict(cells: pd.DataFrame) -> str:
    """How often a concept can be read at a place where steering does nothing (the column ``inert``)."""
    flags = _column(cells, "inert")
    flags = flags[np.isfinite(flags)]
    if not len(flags):
        return "Whether concepts are decodable but causally inert was not measured."
    return f"Decodable but causally inert: {_share(int(flags.sum()), len(flags))}."


def _column(cells: pd.DataFrame, name: str) -> np.ndarray:
    """A column as float64 [cell], nan where it is missing."""
    if name not in cells.columns:
        return np.full(len(cells), np.nan)
    return cells[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _sign(predictor: str, outcome: str) -> int:
    """+1 where more of the predictor should go with more of the outcome if coherence helped, else −1."""
    return (-1 if predictor in FALLS_WITH_COHERENCE else 1) * (-1 if outcome.startswith("anti") else 1)


def _finding(row: Row, sign: int) -> str:
    low, high = sorted((sign * row["low"], sign * row["high"]))
    return "predicts" if low > 0 else "reversed" if high < 0 else "does not predict"


def _partial_clause(row: Row, sign: int) -> str:
    low, high = sorted((sign * row["partial_low"], sign * row["partial_high"]))
    if not np.isfinite([low, high]).all() or not row["partial_given"]:
        return "whether that survives grasp, headroom and lean cannot be judged"
    words = "it survives" if low > 0 else "it is reversed" if high < 0 else "it does not survive"
    return f"given {row['partial_given']} {words} ({_interval(row, 'partial_rho', 'partial_low', 'partial_high')})"


def _transplant_clause(row: Row, sign: int) -> str:
    """What the effect of other concepts' vectors says: a predictor of those measures the behaviour."""
    own = -1 if row["predictor"] in FALLS_WITH_COHERENCE else 1
    low, high = sorted((own * row["transplant_low"], own * row["transplant_high"]))
    if not np.isfinite([low, high]).all():
        return "there is no transplant control to set beside it"
    numbers = _interval(row, "rho_transplant", "transplant_low", "transplant_high")
    weaker = high < min(sign * row["low"], sign * row["high"])
    if weaker and low > 0 and high < abs(row["rho"]) / 2:
        return f"it survives the transplant in part: other concepts' vectors show less than half of it ({numbers})"
    if low > 0:
        return f"it does not survive the transplant: other concepts' vectors show it as well ({numbers})"
    if weaker:
        return f"it survives the transplant: other concepts' vectors do not show it ({numbers})"
    return f"the transplant leaves it open ({numbers})"


def _interval(row: Row, rho: str, low: str, high: str) -> str:
    return f"{row[rho]:+.2f} [{row[low]:+.2f}, {row[high]:+.2f}]"


def _share(k: int, n: int) -> str:
    return f"{k} of {n} cells ({k / n:.0%})"
