"""What to be wary of at a setting: does the direction hold together, act, backfire on some, and what does it cost?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.activations import differences
from workbench.evaluation import deltas
from workbench.geometry import heldout_agreement, split_groups
from workbench.stats import proportion
from workbench.types import POLES, Pole, WorkbenchError
from workbench.widgets.cost import costs
from workbench.widgets.steering import Dose, Setting, Steering
from workbench.widgets.text import log_odds

# a share of prompts that move the wrong way, a change of the activations, and a rise of neutral NLL, worth a warning
BACKFIRE, DAMAGE, COST = 0.25, 0.5, 0.05


@dataclass(frozen=True)
class Notice:
    """One line; ``warn`` is false where there is nothing to be wary of. ``about`` is its subject in a word or two."""

    about: str
    text: str
    warn: bool = True


def notices(steering: Steering, setting: Setting, table: pd.DataFrame) -> list[Notice]:
    """Every notice of a setting; ``table`` is what :func:`workbench.widgets.answers` gave for it."""
    found, doses = [coherence_notice(steering, setting)], steering.doses(setting)
    for pole in POLES:
        if setting.multiplier(pole):
            found += pole_notices(steering, setting, doses[pole], pole)
    return [*found, *cost_notices(steering, setting), *prompt_notices(setting, doses, log_odds(table))]


def coherence_notice(steering: Steering, setting: Setting) -> Notice:
    """Held-out agreement c: do the differences of some groups point along the mean difference of the others?"""
    acts = steering.activations(setting)
    groups = acts.groups[: len(acts.groups) // 2]
    positive = [pair.aligned for pair in steering.parts(setting)[0].pairs]
    try:
        first = split_groups(groups, positive, steering.seed)
        c = heldout_agreement(differences(acts).numpy(), groups, first)
    except WorkbenchError as error:
        return Notice("coherence", f"undetermined: {error}")
    whose = f" (of {setting.concept} alone)" if setting.second[0] else ""
    said = f"differences of held-out groups agree with this layer’s mean difference at c = {c}{whose}"
    return Notice("coherence", said if c.low > 0 else f"{said}: no more than chance would", not c.low > 0)


def pole_notices(steering: Steering, setting: Setting, dose: Dose, pole: Pole) -> Iterator[Notice]:
    """Toward one pole: damage by size, then whether it acts and on how many prompts it backfires."""
    if dose.ratio > DAMAGE:
        yield Notice(pole, f"changes activations by {dose.ratio:.0%} of their norm: read the text for damage")
    sign = 1 if pole == "aligned" else -1
    if not dose.gaps * sign > 0:
        yield Notice(pole, f"this operator moves activations by {dose.gaps:+.2f} gaps, which is not toward this pole")
        return
    cube, at = steering.curves(setting), dose.multiplier
    if not cube.multipliers[0] <= at <= cube.multipliers[-1]:
        yield Notice(
            pole,
            f"multiplier {at:g} is beyond the sweep ({cube.multipliers[0]:g} to "
            f"{cube.multipliers[-1]:g}): what it does to other prompts is not known",
        )
        return
    yield _acts(steering.curve(setting), at, sign, pole)
    change = deltas(cube.curve(setting.site, "own"), cube.multipliers)
    moved = np.array([np.interp(at, cube.multipliers, row) for row in change])
    share = proportion(moved * sign < 0, np.asarray(cube.groups))
    said = f"{share.estimate:.0%} [{share.low:.0%}, {share.high:.0%}] of {len(moved)} prompts move the wrong way"
    yield Notice(f"{pole}, backfire", said, bool(share.estimate >= BACKFIRE))


def cost_notices(steering: Steering, setting: Setting) -> Iterator[Notice]:
    """Capability: what steering at all positions does to neutral text, toward each pole."""
    try:
        found = costs(steering, setting)
    except WorkbenchError as error:
        yield Notice("capability cost", f"undetermined: {error}")
        return
    for pole, rise in found.items():
        said = f"NLL of neutral text {rise.estimate:+.1%} [{rise.low:+.1%}, {rise.high:+.1%}], n = {rise.n} texts"
        yield Notice(f"{pole}, capability cost", said, bool(rise.estimate >= COST))


def prompt_notices(setting: Setting, doses: dict[Pole, Dose], odds: dict[str, float]) -> Iterator[Notice]:
    """Whether this very question moves the wrong way."""
    poles: tuple[tuple[Pole, int], ...] = (("aligned", 1), ("unaligned", -1))
    for pole, sign in poles:
        if odds and setting.multiplier(pole) and doses[pole].gaps * sign > 0:
            change = odds[pole] - odds["unsteered"]
            if change * sign < 0:
                yield Notice("this prompt", f"backfires toward {pole}: its log-odds move by {change:+.2f}")


def _acts(curve: pd.DataFrame, at: float, sign: int, pole: Pole) -> Notice:
    """The mean effect with its 95 % interval beside the range of random directions of the same norm."""
    own, random = (curve[curve["direction"] == name] for name in ("own", "random"))
    effect, low, high = (float(np.interp(at, own["multiplier"], own[edge])) for edge in ("mean", "low", "high"))
    said = f"mean effect {effect:+.2g} [{low:+.2g}, {high:+.2g}] log-odds"
    if not len(random):
        return Notice(pole, f"{said}; the sweep has no random directions to compare with")
    beyond = low > 0 if sign > 0 else high < 0
    low, high = (float(np.interp(at, random["multiplier"], random[edge])) for edge in ("low", "high"))
    beyond = beyond and (effect > high if sign > 0 else effect < low)
    said = f"{said}; random directions of this norm {low:+.2g} to {high:+.2g}"
    return Notice(pole, said if beyond else f"{said}: no evidence that it steers this way", not beyond)
