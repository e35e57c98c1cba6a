"""Plain sentences that say what a table of correlations or of cells shows, and no more than that."""

import numpy as np
import pandas as pd

from workbench.reliability.correlations import POOLED, POOLED_WITHIN
from workbench.types import WorkbenchError

SMALL = 0.3  # a correlation inside ±.3 is said to be small; a wider interval is said to leave the matter open
FALLS_WITH_COHERENCE = frozenset({"overlap", "effective_rank"})


def coherence_verdict(rows: pd.DataFrame, predictor: str = "c_heldout", outcome: str = "odd") -> str:
    """Does coherence predict reliability? One sentence from the rows of :func:`~workbench.reliability.correlate`.

    The pooled row that compares concepts within prompt type and layer decides; the single rows are counted beside it.
    Raises WorkbenchError where the pair of predictor and outcome is not in the table.
    """
    part = rows[(rows["predictor"] == predictor) & (rows["outcome"] == outcome)]
    if part.empty:
        raise WorkbenchError(f"no row of {predictor} with {outcome}; expected a pair that correlate() was asked for")
    kinds = part["prompt_type"].tolist()
    decisive = next((k for k in (POOLED_WITHIN, POOLED) if k in kinds), kinds[0])
    sentence = correlation_verdict(part[part["prompt_type"] == decisive].iloc[0])
    single = part[~part["prompt_type"].isin([POOLED, POOLED_WITHIN])]
    if len(single) < 2:
        return sentence
    words = [_finding(row, _sign(predictor, outcome)) for _, row in single.iterrows()]
    counts = ", ".join(f"{w} in {words.count(w)}" for w in ("predicts", "reversed", "does not predict"))
    return f"{sentence} Of {len(single)} prompt types × layers taken singly (not corrected for their number): {counts}."


def correlation_verdict(row: pd.Series) -> str:
    """One row as a sentence: "predicts", "does not predict" or "reversed", and whether both controls are survived."""
    sign = _sign(row["predictor"], row["outcome"])
    finding = _finding(row, sign)
    numbers = f"rho {_interval(row, 'rho', 'low', 'high')}, {int(row['n'])} cells of {int(row['n_concepts'])} concepts"
    name, outcome = row["predictor"], row["outcome"]
    if finding == "does not predict":
        open_end = max(abs(row["low"]), abs(row["high"])) > SMALL
        rest = "; the interval is too wide to call it absent" if open_end else "; the correlation is small"
        return f"{name} does not predict {outcome} ({numbers}){rest}."
    if finding == "reversed":
        return f"{name} is reversed: it goes with {outcome} in the opposite of the expected sense ({numbers})."
    return f"{name} predicts {outcome} ({numbers}); {_partial_clause(row, sign)}; {_transplant_clause(row, sign)}."


def steering_verdict(cells: pd.DataFrame) -> str:
    """Does steering work at all? The shares of cells whose odd effect leaves the band of random directions, either way."""
    part = cells[np.isfinite(cells["odd_low"]) & np.isfinite(cells["random_high"])]
    if part.empty:
        return "Steering cannot be judged: no cell has both an interval of its odd effect and a random band."
    works = (part["odd_low"] > part["random_high"].clip(lower=0)).sum()
    against = (part["odd_high"] < part["random_low"].clip(upper=0)).sum()
    median = float(part["odd"].median())
    return (
        f"Steering moves behaviour the intended way beyond random directions in {_share(works, len(part))}, the "
        f"opposite way in {_share(against, len(part))}; the median odd effect is {median:+.2f} log-odds."
    )


def backfire_verdict(cells: pd.DataFrame) -> str:
    """On whom does it backfire? Anti-steerable shares in the three definitions, as medians over cells."""
    names = {"anti_braun": "Δ(1) < 0", "anti_tan": "slope ≤ 0", "anti_eps": "slope below what random directions do"}
    known = {k: v for k, v in names.items() if k in cells.columns and cells[k].notna().any()}
    if not known:
        return "Backfire cannot be judged: no anti-steerable share was measured."
    parts = [f"{cells[k].median():.0%} by {v} (from {cells[k].min():.0%} to {cells[k].max():.0%})" for k, v in known.items()]
    return f"Anti-steerable prompts, median over {len(cells)} cells: {'; '.join(parts)}."


def inert_verdict(cells: pd.DataFrame) -> str:
    """How often a concept can be read at a place where steering does nothing (the column ``inert``)."""
    if "inert" not in cells.columns or cells["inert"].isna().all():
        return "Whether concepts are decodable but causally inert was not measured."
    flags = cells["inert"].dropna().astype(bool)
    return f"Decodable but causally inert: {_share(int(flags.sum()), len(flags))}."


def _sign(predictor: str, outcome: str) -> int:
    """+1 where more of the predictor should go with more of the outcome if coherence helped, else −1."""
    return (-1 if predictor in FALLS_WITH_COHERENCE else 1) * (-1 if outcome.startswith("anti") else 1)


def _finding(row: pd.Series, sign: int) -> str:
    low, high = sorted((sign * row["low"], sign * row["high"]))
    return "predicts" if low > 0 else "reversed" if high < 0 else "does not predict"


def _partial_clause(row: pd.Series, sign: int) -> str:
    low, high = sorted((sign * row["partial_low"], sign * row["partial_high"]))
    if not np.isfinite([low, high]).all() or not row["partial_given"]:
        return "whether that survives grasp, headroom and lean cannot be judged"
    words = "it survives" if low > 0 else "it is reversed" if high < 0 else "it does not survive"
    return f"given {row['partial_given']} {words} ({_interval(row, 'partial_rho', 'partial_low', 'partial_high')})"


def _transplant_clause(row: pd.Series, sign: int) -> str:
    """What the effect of other concepts' vectors says: a predictor of those measures the behaviour."""
    own = -1 if row["predictor"] in FALLS_WITH_COHERENCE else 1
    low, high = sorted((own * row["transplant_low"], own * row["transplant_high"]))
    if not np.isfinite([low, high]).all():
        return "there is no transplant control to set beside it"
    numbers = _interval(row, "rho_transplant", "transplant_low", "transplant_high")
    if low > 0:
        return f"it does not survive the transplant: it predicts the effect of other concepts' vectors too ({numbers})"
    if high < min(sign * row["low"], sign * row["high"]):
        return f"it survives the transplant: other concepts' vectors do not show it ({numbers})"
    return f"the transplant leaves it open ({numbers})"


def _interval(row: pd.Series, rho: str, low: str, high: str) -> str:
    return f"{row[rho]:+.2f} [{row[low]:+.2f}, {row[high]:+.2f}]"


def _share(k: int, n: int) -> str:
    return f"{int(k)} of {n} cells ({k / n:.0%})"
