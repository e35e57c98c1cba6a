# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The causal study in plain sentences: what the knob moved, and where coherence does not predict reliability."""

from collections.abc import Mapping

import pandas as pd

from workbench.reliability.causal import CONTROL, TWINS
from workbench.reliability.replication import MEAN

NAMES = {
    "cue": "cue-labelled vectors",
    "behaviour": "behaviour-labelled vectors",
    "letter": "answer-token vectors",
}

UNDECIDED = "Seeds disagree whether coherence predicts reliability for"
WHERE = {
    "yes": "Coherence predicts reliability in every seed for",
    "reversed": "Higher coherence goes with lower reliability in every seed for",
    "no": "In no seed is coherence shown to predict reliability for",
    "not measured": "Not measured:",
}
ORDER = (WHERE["no"], WHERE["reversed"], UNDECIDED, WHERE["yes"], WHERE["not measured"])


def finding(links: pd.DataFrame, labelling: str, layer: int, link: tuple[str, str], comparison: str = TWINS) -> tuple:
    """(what the seeds say together, mean ρ, low, high) of one link: the mean over seeds, or the single seed's row."""
    keys = {"labelling": labelling, "layer": layer, "predictor": link[0], "outcome": link[1], "comparison": comparison}
    here = links
    for column, value in keys.items():
        here = here[here[column] == value]
    single, mean = here[here["run"] != MEAN], here[here["run"] == MEAN]
    if here.empty:
        return "not measured", float("nan"), float("nan"), float("nan")
    row = mean.iloc[0] if len(mean) else single.iloc[0]
    above, below = int((single["low"] > 0).sum()), int((single["high"] < 0).sum())
    runs = len(single)
    if above and below:
        words = "contradictory"
    elif above == runs:
        words = "yes"
    elif below == runs:
        words = "reversed"
    else:
        words = "no" if not (above or below) else f"in {above or below} of {runs} seeds only"
    return words, float(row["rho"]), float(row["low"]), float(row["high"])


def shown(found: tuple) -> str:
    words, rho, low, high = found
    return f"{words} (ρ = {rho:+.2f} [{low:+.2f}, {high:+.2f}])".replace("-", "−")


def causal_verdicts(links: pd.DataFrame, effects: pd.DataFrame, chosen: Mapping[str, int]) -> dict[str, str]:
    """One answer per labelling, at the layer with the largest effect."""
    out = {}
    for labelling, layer in chosen.items():
        moved = finding(links, labelling, layer, ("knob_fit", "c_heldout"))
        worked = finding(links, labelling, layer, ("knob_eval", "odd_matched"))
        predicts = finding(links, labelling, layer, ("c_heldout", "odd_matched"))
        control = finding(links, labelling, layer, ("knob_eval", "odd_matched"), CONTROL)
        out[f"{NAMES[labelling]} (layer {layer}): does coherence cause reliability?"] = (
            f"The knob moves held-out coherence: {shown(moved)}. The knob moves the odd effect: {shown(worked)}; "
            f"between seeds of one knob: {shown(control)}. Differences in coherence go with differences in the effect: "
            f"{shown(predicts)}. {conclusion(moved[0], worked[0], predicts[0])}"
        )
    return out


def conclusion(moved: str, worked: str, predicts: str) -> str:
    """What the three answers mean together."""
    if worked != "yes":
        return "The knob does not move reliability in every seed, so nothing follows about coherence as its cause."
    if moved == "yes" and predicts == "yes":
        return "Coherence predicts reliability where the knob moves both."
    if moved == "no" and predicts == "no":
        return "Reliability changes, no seed shows that coherence does: here coherence does not predict reliability."
    if moved != "yes" and predicts != "yes":
        return "Reliability changes; whether coherence does, the seeds do not agree: undecided."
    if moved == "yes":
        return "The knob moves both, and yet their differences do not go together in every seed."
    return "Differences go together although the knob does not move coherence in every seed: read with care."


def effect_line(effects: pd.DataFrame, labelling: str, layer: int, quantity: str, comparison: str = TWINS) -> str:
    """The effect of half of the templates on one quantity with its interval."""
    here = effects[(effects["labelling"] == labelling) & (effects["layer"] == layer)]
    here = here[(here["quantity"] == quantity) & (here["comparison"] == comparison)]
    if here.empty:
        return "not measured"
    row = here.iloc[0]
    return f"{row['per_half']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]".replace("-", "−")


def causal_summary(
    cells: pd.DataFrame, links: pd.DataFrame, effects: pd.DataFrame, chosen: Mapping[str, int]
) -> list[str]:
    """Ten lines at most: what was compared, the effect of the knob per labelling, where coherence fails to predict."""
    seeds, concepts = cells["seed"].nunique(), cells["concept"].nunique()
    out = [
        f"{seeds} pair{'s' * (seeds > 1)} of twins, {concepts} concepts; the knob is the share of templates in which a "
        "disposition is followed. Differences between twins, per half of the templates."
    ]
    for labelling, layer in chosen.items():
        c, odd = (effect_line(effects, labelling, layer, q) for q in ("c_heldout", "odd_matched"))
        null = effect_line(effects, labelling, layer, "odd_matched", CONTROL)
        rho = finding(links, labelling, layer, ("c_heldout", "odd_matched"))
        out.append(
            f"{NAMES[labelling]}, layer {layer}: held-out c {c}, odd effect at matched norm {odd} log-odds "
            f"(same knob, other seed: {null}); differences go together: {shown(rho)}."
        )
    out.append(where_not(links, chosen))
    return out


def where_not(links: pd.DataFrame, chosen: Mapping[str, int]) -> str:
    """The sentence that a reader should remember: where coherence does not predict reliability."""
    said: dict[str, list[str]] = {}
    for name, layer in chosen.items():
        words = finding(links, name, layer, ("c_heldout", "odd_matched"))[0]
        said.setdefault(WHERE.get(words, UNDECIDED), []).append(NAMES[name])
    return " ".join(f"{start} {' and '.join(said[start])}." for start in ORDER if start in said)
