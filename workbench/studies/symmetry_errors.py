# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Which items resist a control and which backfire, toward which pole, and how often chance does the same.

Toward a pole an item *follows* where its gain is above a bound, *backfires* where it is below minus that bound, and
*resists* in between. The bound is a tenth of the mean gain of the method on the concept toward that pole, or, where
that is larger, the 95 % quantile of |shift| of single prompts under a random direction of the same norm (methods that
name no site have none). Where the 95 % interval of the mean gain over groups reaches 0 or less there is nothing to
resist: such items are not judged toward that pole. A bound above the mean gain says that single items cannot be told
from chance.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from workbench.stats import proportion, t_interval
from workbench.studies.symmetry_tables import PLACEBOS, VALUES, flat
from workbench.types import POLES, Concept, Pole

SHARE, QUANTILE = 0.1, 0.95
FOLLOWS, RESISTS, BACKFIRES, UNJUDGED = "follows", "resists", "backfires", "not judged"
# frames that ask the same items with the same words and say nothing of either pole
NEUTRAL = ("system prompt", "no list of choices")
NEGATION = r"\b(?:not|no|never|nothing|nobody|none|cannot)\b|n['’]t\b"
Chance = Mapping[tuple[str, str, Pole], np.ndarray]


def marked(items: pd.DataFrame, concepts: Sequence[Concept], spilt: Sequence, asked: Sequence) -> pd.DataFrame:
    """The table of items with what each does toward either pole, and with what is known of each beforehand.

    ``items`` has method, concept, pair, group, question, base and gain_<pole>. ``spilt`` and ``asked`` are the (job,
    cell) pairs off the axis and in other frames; without them there is no chance and no reading in another frame.
    Added: ``toward_<pole>``, ``bound_<pole>``, ``noise_<pole>`` (log-odds), ``pattern``, and the covariates ``answer``,
    ``words``, ``negated``, ``group_size``, ``lean_elsewhere`` and ``elsewhere_<pole>`` (gains asked otherwise).
    """
    if items.empty:
        return items
    answers = {(c.name, pair.id): pair.aligned.strip() for c in concepts for pair in c.pairs}
    chance, beside, out = random_shifts(spilt), elsewhere(asked), []
    for (method, concept), part in items.groupby(["method", "concept"], sort=False):
        known = {f"{name}_{pole}": value for pole in POLES
                 for name, value in judged(part, pole, chance.get((method, concept, pole))).items()}  # fmt: skip
        found = beside.get((method, concept), {})
        read = {name: found[name] if len(found.get(name, ())) == len(part) else np.full(len(part), np.nan)
                for name in ("lean_elsewhere", *(f"elsewhere_{pole}" for pole in POLES))}  # fmt: skip
        out.append(part.assign(
            **known, answer=[answers.get((concept, pair), "") for pair in part["pair"]],
            words=part["question"].str.split().str.len(), negated=part["question"].str.contains(NEGATION, case=False),
            group_size=part.groupby("group")["pair"].transform("size"), **read,
        ))  # fmt: skip
    table = pd.concat(out, ignore_index=True)
    return table.assign(pattern=[pattern(*pair) for pair in zip(*(table[f"toward_{p}"] for p in POLES), strict=True)])


def judged(part: pd.DataFrame, pole: Pole, shifts: np.ndarray | None) -> dict:
    """What the items of one method and concept do toward a pole: the words, the bound, the noise in it."""
    gain = part[f"gain_{pole}"].to_numpy(dtype=float)
    mean = t_interval(gain, groups=part["group"].to_numpy())
    noise = float(np.quantile(np.abs(shifts), QUANTILE)) if shifts is not None and len(shifts) else float("nan")
    bound = float(np.fmax(SHARE * mean.estimate, noise))
    if not mean.low > 0:
        return {"toward": UNJUDGED, "bound": float("nan"), "noise": round(noise, 5)}
    words = np.select([gain > bound, gain < -bound], [FOLLOWS, BACKFIRES], RESISTS)
    return {"toward": words, "bound": round(bound, 5), "noise": round(noise, 5)}


def pattern(aligned: str, unaligned: str) -> str:
    """One word for both poles, the worse one first; a pole that is not judged says nothing."""
    said = (aligned, unaligned)
    if BACKFIRES in said:
        return f"{BACKFIRES} toward " + ("both" if aligned == unaligned else POLES[said.index(BACKFIRES)])
    if RESISTS in said:
        return f"{RESISTS} " + ("both" if aligned == unaligned else POLES[said.index(RESISTS)])
    return FOLLOWS if FOLLOWS in said else UNJUDGED


def random_shifts(spilt: Sequence) -> dict[tuple[str, str, Pole], np.ndarray]:
    """(method, concept, pole) -> shifts of single prompts under a random direction of that control's norm, log-odds."""
    return {
        (job[2], job[1].name, pole): np.concatenate([np.asarray(row, dtype=float) for row in read.values()])
        for job, cell in spilt for pole, read in cell.get("random", {}).items() if read
    }  # fmt: skip


def elsewhere(asked: Sequence) -> dict[tuple[str, str], dict[str, np.ndarray]]:
    """(method, concept) -> unsteered log-odds and gains of the same items, means over the neutral frames."""
    found = {}
    for job, cell in asked:
        frames = [name for name in NEUTRAL if name in cell.get("base", {})]
        if not frames:
            continue
        base, plus, minus = (np.mean([cell[side][name] for name in frames], axis=0) for side in ("base", *POLES))
        found[job[2], job[1].name] = {
            "lean_elsewhere": base, "elsewhere_aligned": plus - base, "elsewhere_unaligned": base - minus,
        }  # fmt: skip
    return found


def resistance_table(items: pd.DataFrame, concepts: Sequence[Concept], spilt: Sequence) -> pd.DataFrame:
    """A row per method × concept (and pool) × pole: shares that follow, resist and backfire, intervals and chance.

    Intervals are over groups, of pools over concepts. ``chance_resists`` and ``chance_backfires`` are the shares of
    single prompts that a random direction of the same norm leaves within the bound, and moves beyond it either way,
    halved; NaN for methods that name no site. Items that are not judged are left out and counted.
    """
    kinds, chance, rows = {c.name: c.card.kind for c in concepts}, random_shifts(spilt), []
    for method, part in items.groupby("method", sort=False) if len(items) else ():
        own = part["concept"].map(kinds).eq("placebo")
        sets = [(name, some) for name, some in part.groupby("concept", sort=False)]
        sets += [(pool, some) for pool, some in ((VALUES, part[~own]), (PLACEBOS, part[own]))
                 if some["concept"].nunique() > 1]  # fmt: skip
        rows += [row for name, some in sets for pole in POLES
                 if (row := _shares(method, name, some, pole, chance)) is not None]  # fmt: skip
    return pd.DataFrame(rows)


def _shares(method: str, name: str, part: pd.DataFrame, pole: Pole, chance: Chance) -> dict | None:
    """The row of one method and set of items toward a pole; None where no item is judged."""
    kept = part[part[f"toward_{pole}"] != UNJUDGED]
    if kept.empty:
        return None
    single = kept["concept"].nunique() == 1
    units = kept["group" if single else "concept"].to_numpy()
    row = {"method": method, "concept": name, "pole": pole, "items": len(kept), "left_out": len(part) - len(kept),
           "units": len(set(units)), "gain": float(kept[f"gain_{pole}"].mean())}  # fmt: skip
    for word in (FOLLOWS, RESISTS, BACKFIRES):
        row |= flat(word, proportion((kept[f"toward_{pole}"] == word).to_numpy(), units))
    beyond = [
        float(np.mean(np.abs(chance[method, concept, pole]) > some[f"bound_{pole}"].iloc[0]))
        for concept, some in kept.groupby("concept", sort=False) if (method, concept, pole) in chance
    ]  # fmt: skip
    past = float(np.mean(beyond)) if beyond else float("nan")
    return row | {"chance_resists": 1 - past, "chance_backfires": past / 2}
