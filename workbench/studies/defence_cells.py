"""The cells of a defence study: one concept's ladder, the defence's own cost, and the floor's trade-off curve."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from workbench.attacks import (
    LADDER,
    RESISTANT,
    TIERS,
    Arena,
    Effort,
    Ladder,
    Rung,
    access_of,
    arena_of,
    best_gains,
    breaking_shares,
    capability_loss,
    climb,
    find_attack,
)
from workbench.concepts import data_root, neutral_texts, split_concept
from workbench.controls import find_method
from workbench.models import Model
from workbench.models.copies import copied_module, rewrapped
from workbench.studies.cells import limited
from workbench.studies.defence import DECLARED
from workbench.symmetry import Gains, Retention, retention
from workbench.symmetry.protocol import load_protocol
from workbench.symmetry.readings import read
from workbench.types import Concept, Control, Effect, WorkbenchError

SHARES = (0.2, 0.3, 0.5)  # of the groups: fitting, searching, scoring
QUANTILE = "quantile"
DRAWN = "random_search"  # the attack whose like is drawn afresh


def attack_set(config) -> tuple[str, ...]:
    """The attacks named, or those that the protocol declares; the whole ladder of the code where there is no protocol.

    WorkbenchError for a protocol that is unknown or declares none.
    """
    if config.attacks:
        return config.attacks
    shipped = (data_root() / "protocols" / f"{config.protocol}.toml").exists()
    if not config.protocol or (config.protocol == DECLARED and not shipped):
        return LADDER
    declared = load_protocol(config.protocol).attacks
    if not declared:
        raise WorkbenchError(f"protocol {config.protocol!r} declares no attacks; name some, or add [attacks] ladder")
    return declared


def effort_of(config) -> Effort:
    """The budget of every attack; WorkbenchError where it cannot be spent."""
    return Effort(config.kind, config.level, config.examples, config.cap, config.draws, config.steps,
                  config.level if config.kind == "norm" else 0.1, config.seed)  # fmt: skip


def parts(concept: Concept, config) -> tuple[Concept, Concept, Concept]:
    """(fitting, searching, scoring): disjoint groups."""
    fit, search, items = split_concept(concept, shares=SHARES, seed=config.seed)
    return fit, limited(search, config.search), limited(items, config.items)


def ladder_cell(model: Model, config, concept: Concept) -> dict:
    """The ladder of one concept as plain JSON, or the line that says why there is none."""
    try:
        return _cell(model, config, parts(concept, config))
    except WorkbenchError as error:
        return {"failed": str(error)}


class Defended(NamedTuple):
    """A model with its defence in force: at which dose, at which layer (−1: none), and the access it uses itself."""

    model: Model
    dose: float
    home: int
    made_of: str


@contextmanager
def in_force(model: Model, config, split: tuple[Concept, Concept, Concept]) -> Iterator[Defended]:
    """The study's defence, fitted on the first part of ``split``; the model as it is where there is none."""
    if not config.defence:
        yield Defended(model, 0.0, -1, "T0")
        return
    control = find_method(config.defence)(model, split[0], "aligned", **config.options)
    dose = dose_of(control, config.dose, model, split)
    made_of, in_place = access_of(model, control, dose)
    # what writes into the weights is put into a copy: the model without the defence is attacked as well
    with control.applied(twin(model) if in_place else model, dose) as defended:
        yield Defended(defended, dose, home_of(control), made_of)


def climbed(
    model: Model, defended: Defended, config, split: tuple[Concept, Concept, Concept]
) -> tuple[Arena, Arena, Ladder]:
    """Both arenas on a concept's parts, and the ladder."""
    texts = neutral_texts(split[2].card.style, config.neutral)
    effort, both = effort_of(config), (model, defended.model)
    bare, other = (arena_of(model, one, *split[:2], effort, texts, home=defended.home) for one in both)
    return bare, other, climb(bare, other, split[2], [find_attack(name) for name in config.attacks or LADDER])


def _cell(model: Model, config, split: tuple[Concept, Concept, Concept]) -> dict:
    items = split[2]
    texts = neutral_texts(items.card.style, config.neutral)
    with in_force(model, config, split) as defended:
        bare, other, ladder = climbed(model, defended, config, split)
        loss = capability_loss(model, defended.model, texts)
        lean = [float(read(one, items).log_odds.mean()) for one in (model, defended.model)]
        drawn = fresh(config, other, items, ladder)
    return plain(ladder) | {
        "dose": defended.dose, "made_of": defended.made_of, "stability": vars(loss), "lean": lean, "fresh": drawn,
        "counts": [len(p.pairs) for p in split], "groups": [len(p.groups) for p in split],
        "curve": trade_off(bare, config, items, texts),
    }  # fmt: skip


def twin(model: Model) -> Model:
    """The same model with weights of its own, so that what is written into them leaves the first one as it is."""
    return replace(rewrapped(model, copied_module(model), "twin"), digest=model.digest)


def fresh(config, defended: Arena, items: Concept, ladder: Ladder) -> list[float | None]:
    """Shares of the budget at which fresh attackers break through (None: not within it); none where none are drawn.

    To break through is to keep more than a resistant defence may leave: a share of the undefended best response.
    """
    rungs = ladder.upto("T1")
    gain = best_gains(rungs)[0].means()[1] if rungs else 0.0
    if not (config.defence and config.fresh and DRAWN in config.attacks and gain > 0):
        return []
    found = breaking_shares(defended, items, config.fresh, RESISTANT * gain)
    return [share if np.isfinite(share) else None for share in found]


def home_of(control: Control) -> int:
    """The layer of a defence; −1 where it is none."""
    sites = getattr(control, "sites", ())
    return sites[-1].layer if sites else -1


def dose_of(control: Control, asked: float, model: Model, split: tuple[Concept, ...]) -> float:
    """The dose asked for; else 1, or the most demonstrations with which every question fits the context."""
    doses = getattr(control, "doses", ())
    if asked or not doses:
        return asked or 1.0
    for dose in sorted(doses, reverse=True):
        try:
            with control.applied(model, dose) as defended:
                for part in split[1:]:
                    read(defended, part)
            return float(dose)
        except WorkbenchError:
            continue
    raise WorkbenchError(f"not even {min(doses):g} demonstrations fit the context of {model.name}; defend otherwise")


def trade_off(bare: Arena, config, items: Concept, texts: list[str]) -> list[dict]:
    """The floor's own vector at the whole budget, for the floor at each quantile of neutral text."""
    if config.defence != "floor":
        return []
    attack, alone = find_attack("known"), replace(bare, spent=dict(bare.spent))
    found = []
    for quantile in config.curve:
        control: Any = find_method("floor")(bare.bare, bare.fit, "aligned", **config.options | {QUANTILE: quantile})
        with control.applied(bare.bare, 1.0) as defended:
            behind = replace(alone, model=defended)
            kept = retention([own_gains(alone, attack, items)], [own_gains(behind, attack, items)])
            loss = capability_loss(bare.bare, defended, texts)
        tau = float(control.inner.intervention.target)
        found.append({QUANTILE: quantile, "tau": tau, "kept": effects(kept), "stability": vars(loss)})
    return found


def own_gains(on: Arena, attack, items: Concept) -> Gains:
    """Gains of an attack's only candidate at the whole budget, unsearched."""
    base, moved = read(on.model, items).log_odds, []
    for pole in ("aligned", "unaligned"):
        (candidate,) = attack.search(on, pole)
        with on.under(candidate.control, on.strength(candidate.control)) as attacked:
            moved.append(read(attacked, items).log_odds)
    return Gains(moved[0] - base, base - moved[1], tuple(pair.group for pair in items.pairs), items.name)


def effects(kept: Retention) -> dict:
    """A retention as plain values."""
    return {name: vars(getattr(kept, name)) for name in ("aligned", "unaligned", "selectivity")}


def plain(ladder: Ladder) -> dict:
    """A ladder as JSON can write it; :func:`ladder_of` reads it."""
    rungs = [
        {"attack": r.attack, "tier": r.tier, "found": r.found, "flips": list(r.flips),
         "lost": [list(arm) for arm in r.lost],
         "gains": [[g.aligned.tolist(), g.unaligned.tolist()] for g in (r.bare, r.defended)],
         "groups": list(r.bare.groups)}
        for r in ladder.rungs
    ]  # fmt: skip
    lines = {name: [list(line) for line in getattr(ladder, name)] for name in ("missing", "unknown")}
    return {"concept": ladder.concept, "rungs": rungs, **lines}


def ladder_of(cell) -> Ladder:
    """What :func:`plain` wrote; what is missing in a cell from before ``unknown`` may have run in part."""
    rungs = []
    for row in cell["rungs"]:
        bare, defended = (
            Gains(_array(plus), _array(minus), tuple(row["groups"]), cell["concept"]) for plus, minus in row["gains"]
        )
        k, n = row["flips"]
        lost = tuple((side, pole, why) for side, pole, why in row.get("lost", ()))
        rungs.append(Rung(row["attack"], row["tier"], bare, defended, row["found"], (k, n), lost))
    missing = tuple((name, why) for name, why in cell["missing"])
    doubtful = [(name, TIERS[0], f"{why}; in a cell of an earlier version") for name, why in missing]
    unknown = cell.get("unknown", doubtful)
    return Ladder(cell["concept"], tuple(rungs), missing, tuple((name, tier, why) for name, tier, why in unknown))


def _array(values: list[float]):
    return np.array(values, dtype=np.float64)


def effect_of(value: dict) -> Effect:
    """An effect from its plain values."""
    return Effect(**value)
