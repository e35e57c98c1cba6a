# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""CounterFact's scores of an edit, with the direction of the edit named (arXiv 2202.05262, section 3.3)."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.editing.facts import Fact, answer_nll
from workbench.models import Model, generate
from workbench.stats import jackknife_interval, t_interval
from workbench.types import Effect, WorkbenchError

SHARES = ("efficacy", "paraphrase", "neighbourhood")
METRICS = (*SHARES, *(f"{share}_magnitude" for share in SHARES), "log_odds", "fluency")


def fact_scores(model: Model, fact: Fact, truth: bool, new_tokens: int = 0) -> dict[str, float | str]:
    """The scores of one request (make ``fact`` true, or false) on a model, edited or not.

    With ℓ the mean NLL per answer token, P = exp(−ℓ), t the target and o the other object: *efficacy* and *paraphrase*
    are the shares of prompts with ℓ_o > ℓ_t, their magnitudes mean P_t − P_o, ``log_odds`` is ℓ_o − ℓ_t on the prompt
    itself. *neighbourhood* is the share of neighbours that keep o (ℓ_o < ℓ_t), its magnitude mean P_o − P_t; a
    neighbour is another subject whose object is o, so a request toward truth has neighbours of its own
    (``Fact.counter_neighbours``). ``fluency``: :func:`fluency` of ``new_tokens`` generated tokens. NaN where a fact has
    no such prompts.
    """
    target, other = fact.answer(truth), fact.answer(not truth)
    near = fact.counter_neighbours if truth else fact.neighbours
    row: dict[str, float | str] = {"fact": fact.id, "group": fact.group or fact.id, "direction": fact.direction(truth)}
    for name, prompts, sign in (
        ("efficacy", (fact.prompt,), 1), ("paraphrase", fact.paraphrases, 1), ("neighbourhood", near, -1),
    ):  # fmt: skip
        wins, magnitude, odds = _preference(model, prompts, target, other, sign)
        row |= {name: wins, f"{name}_magnitude": magnitude}
        if name == "efficacy":
            row["log_odds"] = odds
    row["fluency"] = float("nan")
    if new_tokens:
        row["fluency"] = fluency(fact.prompt + generate(model, [fact.prompt], new_tokens)[0])
    return row


def fluency(text: str) -> float:
    """Mean of 2/3 · H₂ and 4/3 · H₃, the entropies (bits) of its word bigrams and trigrams; repetition lowers it."""
    words = re.findall(r"\w+|[^\w\s]", text)
    return (2 / 3 * _entropy(words, 2) + 4 / 3 * _entropy(words, 3)) / 2


def summarise(rows: pd.DataFrame, level: float = 0.95) -> dict[str, dict[str, Effect]]:
    """direction -> metric -> mean over groups with its t interval; and ``S``, the harmonic mean of the three shares.

    ``rows`` has one row of :func:`fact_scores` per request. Metrics that no fact has are left out; S needs all three
    shares, is taken over the facts that have them, and gets a jackknife interval over groups.
    """
    if not len(rows):
        raise WorkbenchError("no scores came; expected one row per edited fact")
    found: dict[str, dict[str, Effect]] = {}
    for direction, part in rows.groupby("direction", sort=True):
        effects = {}
        for metric in METRICS:
            kept = part.dropna(subset=[metric])
            if len(kept):
                effects[metric] = t_interval(kept[metric].to_numpy(float), level, metric, kept["group"].to_numpy())
        whole = part.dropna(subset=list(SHARES))
        if len(whole):
            effects["S"] = _harmonic(whole, level)
        found[str(direction)] = effects
    return found


def _preference(model: Model, prompts: Sequence[str], target: str, other: str, sign: int) -> tuple[float, float, float]:
    """(share of prompts won, mean difference of P, mean log-odds) of the target (sign 1) or of the other object."""
    if not prompts:
        return (float("nan"),) * 3
    nll = answer_nll(model, [*prompts, *prompts], [target] * len(prompts) + [other] * len(prompts))
    wanted, off = nll.double().cpu().numpy().reshape(2, -1)[::sign]
    return float((off > wanted).mean()), float((np.exp(-wanted) - np.exp(-off)).mean()), float((off - wanted).mean())


def _entropy(words: Sequence[str], n: int) -> float:
    counts = np.array(list(Counter(zip(*(words[i:] for i in range(n)), strict=False)).values()), dtype=float)
    shares = counts / counts.sum() if len(counts) else counts
    return float(-(shares * np.log2(shares)).sum()) + 0.0


def _harmonic(rows: pd.DataFrame, level: float) -> Effect:
    means = rows.groupby("group")[list(SHARES)].mean().to_numpy()
    left = [_mean_harmonic(np.delete(means, i, 0)) for i in range(len(means))]
    return jackknife_interval(_mean_harmonic(means), left, level=level, n=len(rows), unit="S", clamp=1.0)


def _mean_harmonic(means: np.ndarray) -> float:
    if not len(means):
        return float("nan")
    shares = means.mean(0)
    return float(len(shares) / (1 / shares).sum()) if (shares > 0).all() else 0.0
