# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""From the cells of a defence study to its record: rungs, tiers, certificates, sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, NamedTuple

import pandas as pd

from workbench.attacks import (
    FURTHER,
    HOLDS,
    OPEN,
    TIERS,
    Claim,
    Ladder,
    Rung,
    TierVerdict,
    certify,
    fresh_attacker,
    tier_verdict,
    turned_over,
)
from workbench.attacks.asymmetric import RESISTED, sayable
from workbench.attacks.certificate import NO_ATTACK, interval
from workbench.records import Record
from workbench.stats import t_interval
from workbench.studies.assemble import model_card
from workbench.studies.defence_cells import effect_of, ladder_of
from workbench.studies.defence_further import Further, held_rows, states, trained_rows, words
from workbench.studies.defence_triggers import trigger_sentence, trigger_table
from workbench.studies.symmetry_tables import flat
from workbench.symmetry import Retention, gain_effects, retention
from workbench.types import POLES, Concept, Effect, WorkbenchError

POOL = "all concepts"
PLACEBO = "placebo"


class Climbed(NamedTuple):
    """One concept's ladder at one level: what was asked for, and the cell it came from."""

    config: Any
    concept: Concept
    ladder: Ladder
    cell: Mapping


def assemble(
    config, model, cells: Sequence[tuple[Any, Concept, Mapping]], further: Further, seconds: float
) -> Record:
    """The record of all ladders, each cell (settings at a level, concept, plain cell), and of what lies beyond them."""
    lost = [(one, c.name, cell["failed"]) for one, c, cell in cells if "failed" in cell]
    failed = [{**at(one, name), "attack": "all", "line": line} for one, name, line in lost]
    kept = [Climbed(one, c, ladder_of(cell), cell) for one, c, cell in cells if "failed" not in cell]
    if not any(found.ladder.rungs for found in kept):
        lines = [row["line"] for row in failed] + [why for found in kept for _, why in found.ladder.missing]
        raise WorkbenchError(f"no attack could be measured; the first line: {lines[0] if lines else 'none was named'}")
    for found in kept:
        failed += [{**here(found), "attack": name, "line": why} for name, why in found.ladder.missing]
    failed += (dict(zip(("concept", "level", "attack", "line"), one, strict=True)) for one in further.lost)
    stands = [found for found in kept if found.ladder.rungs]
    tables, texts = tables_of(model, stands, further, failed)
    return Record(
        study="defence",
        config=asdict(config),
        seeds=(config.seed,),
        model=model_card(model),
        concepts={c.name: c.digest for _, c, _ in cells},
        tables={name: table for name, table in tables.items() if len(table)},
        results={"summary": sentences(config, model, tables), "certificates": texts},
        warnings=warnings_of(config, stands, further, failed),
        seconds=seconds,
    )


def tables_of(
    model, stands: Sequence[Climbed], further: Further, failed: Sequence[dict]
) -> tuple[dict[str, pd.DataFrame], dict]:
    """Every table, and the certificates' texts."""
    tiers, texts = [], {}
    levels = list(dict.fromkeys(found.config.level for found in stands))
    for level in levels:
        rows, said = tier_rows(model, [found for found in stands if found.config.level == level], further)
        tiers += rows
        texts |= {f"{where}, level {level:g}" if len(levels) > 1 else where: text for where, text in said.items()}
    rows = {
        "rungs": [row for found in stands for row in rung_rows(found)],
        "tiers": tiers,
        "curve": [row for found in stands for row in curve_rows(found)],
        "triggers": [row | {"level": level} for level in levels for row in trigger_table(
            [found.ladder for found in stands if found.config.level == level]).to_dict("records")],
        "fresh": [row for found in stands for row in fresh_rows(found)],
        "held_out": held_rows(further),
        "training": trained_rows(further),
        "searches": [row for found in stands for row in search_rows(found)],
    }  # fmt: skip
    tables = {name: pd.DataFrame(found) for name, found in rows.items()}
    return tables | {"failures": pd.DataFrame(failed, columns=["concept", "level", "attack", "line"])}, texts


def at(config, concept: str) -> dict:
    """The columns that every row begins with."""
    return {"concept": concept, "level": config.level}


def here(found: Climbed) -> dict:
    """The same of a ladder."""
    return at(found.config, found.ladder.concept)


def columns(kept: Retention) -> dict[str, float]:
    """A retention as columns."""
    return (flat("retained_aligned", kept.aligned) | flat("retained_unaligned", kept.unaligned)
            | flat("selectivity", kept.selectivity))  # fmt: skip


def rung_rows(found: Climbed) -> list[dict]:
    """One row per attack: gains with and without the defence, what is retained, what is turned over."""
    rows = []
    for rung in found.ladder.rungs:
        row = {**here(found), "tier": rung.tier, "attack": rung.attack}
        row |= columns(retention([rung.bare], [rung.defended]))
        for side, gains in (("bare", rung.bare), ("defended", rung.defended)):
            for pole, effect in zip(POLES, gain_effects(*gains.by_group()), strict=True):
                row |= flat(f"gain_{pole}_{side}", effect)
        k, n = rung.flips
        chosen = {pole: rung.found["defended"][pole] for pole in POLES}
        row |= {f"{key}_{pole}": chosen[pole][key] for pole in POLES for key in ("label", "strength", "nll_rise")}
        row |= dict.fromkeys(unmeasured(rung), float("nan"))
        rows.append(row | {"turned_over": k, "groups": n})
    return rows


def unmeasured(rung: Rung) -> list[str]:
    """The columns that rest on arms which could not be run: no number stands there."""
    names = [name for side, pole, _ in rung.lost for name in (f"gain_{pole}_{side}", f"retained_{pole}", "selectivity")]
    return [f"{name}{end}" for name in names for end in ("", "_low", "_high")]


def search_rows(found: Climbed) -> list[dict]:
    """What each search chose and what it took: one row per attack × model × pole."""
    return [
        {**here(found), "model": side, **best}
        for rung in found.ladder.rungs for side, poles in rung.found.items() for best in poles.values()
    ]  # fmt: skip


def curve_rows(found: Climbed) -> list[dict]:
    """The floor's trade-off over τ."""
    rows = []
    for point in found.cell["curve"]:
        kept = Retention(**{name: effect_of(value) for name, value in point["kept"].items()})
        about = {**here(found), "quantile": point["quantile"], "tau": point["tau"]}
        rows.append(about | columns(kept) | flat("nll_rise", effect_of(point["stability"])))
    return rows


def fresh_of(cell: Mapping) -> list[float]:
    """The shares of the budget that fresh attackers needed; ∞ where one did not break through."""
    return [float("inf") if share is None else share for share in cell["fresh"]]


def fresh_rows(found: Climbed) -> list[dict]:
    """One row where fresh attackers were drawn: how many, how many broke through, the least budget, the bound."""
    budgets = fresh_of(found.cell)
    if not budgets:
        return []
    least, chance = fresh_attacker(budgets)
    broke = sum(budget < float("inf") for budget in budgets)
    return [{**here(found), "attackers": len(budgets), "broke_through": broke, "least_share": least, "chance": chance}]


def tier_rows(model, kept: Sequence[Climbed], further: Further) -> tuple[list[dict], dict[str, str]]:
    """One row per concept (and for all value concepts together) × tier at one level, and what may be certified.

    A tier counts where an attack of that very tier was measured on every member, not attacks of lower tiers alone.
    """
    rows, texts = [], {}
    names = [tier for tier in TIERS if any(tier in found.ladder.tiers for found in kept)]
    placebos = [found for found in kept if found.concept.card.kind == PLACEBO]
    pool = [found for found in kept if found.concept.card.kind != PLACEBO] or placebos
    sets = [([found], found.ladder.concept) for found in kept] + ([(pool, POOL)] if len(pool) > 1 else [])
    for members, name in sets:
        for tier in names:
            if not all(tier in found.ladder.tiers for found in members):
                if len(members) == 1:
                    texts[f"{name}, {tier}"] = f"no certificate at tier {tier}: {NO_ATTACK}"
                continue
            null = [found.ladder for found in placebos if all(found is not member for member in members)]
            more = elsewhere(further, [(found.ladder.concept, found.config.level) for found in members], tier)
            verdict = tier_verdict([found.ladder for found in members], tier, loss_of(members), placebos=null,
                                   further=more)  # fmt: skip
            row = {**at(members[0].config, name), **tier_row(verdict)}
            if len(members) == 1:
                row |= flat("turned_over", turned_over(members[0].ladder.upto(tier)))
                texts[f"{name}, {tier}"] = certificate(model, members[0], verdict, further)
            rows.append(row)
    return rows, texts


def elsewhere(further: Further, members: Sequence[tuple[str, float]], tier: str) -> dict[str, str]:
    """The conditions beyond the ladder.

    On held-out concepts too a tier needs an attack of its own, and what ran only in part limits what can be said.
    """
    found, name = states(further, members, tier), FURTHER[0]
    ladders = [ladder for member in members for ladder in further.ladders(*member)]
    if name in found:
        short = found[name] == HOLDS and not all(tier in ladder.tiers for ladder in ladders)
        found[name] = OPEN if short else sayable(found[name], RESISTED, ladders, tier)
    return found


def tier_row(found: TierVerdict) -> dict:
    """Retention, conditions and verdict of a tier; A of the best responses on both models with its own verdict."""
    row = {"tier": found.tier, **columns(found.kept), **flat("nll_rise", found.stability), **found.conditions}
    row |= {"verdict": found.verdict, "strongest": ", ".join(found.strongest.values())}
    for side, judged in found.index.items():
        row |= flat(f"index_{side}", judged.wide)
        row |= {f"symmetry_{side}": judged.verdict, f"reason_{side}": judged.reason}
    return row


def loss_of(members: Sequence[Climbed]) -> Effect:
    """The defence's own cost: of one concept over texts, of several over concepts."""
    losses = [effect_of(found.cell["stability"]) for found in members]
    if len(losses) == 1:
        return losses[0]
    return replace(t_interval([loss.estimate for loss in losses]), unit=losses[0].unit)


def certificate(model, found: Climbed, verdict: TierVerdict, further: Further) -> str:
    """The certificate's text, or why there is none."""
    config, cell = found.config, found.cell
    defence = f"{config.defence} at {cell['dose']:g}" if config.defence else ""
    said = words(further, found.ladder.concept, config.level, verdict.tier)
    claim = Claim(model.name, defence, budget(config), config.seed, cell["made_of"], said)
    try:
        return certify(found.ladder, verdict, claim, fresh=fresh_of(cell)).text()
    except WorkbenchError as error:
        return "\n".join([str(error), *said])


def budget(config) -> str:
    """The budget in words."""
    levels = ", ".join(f"{level:g}" for level in sorted(set(config.levels)) or [config.level])
    return (f"budget {config.kind} {levels}, at most {config.examples} examples, neutral NLL at most "
            f"+{config.cap:.0%}, {config.draws} draws, {config.steps} gradient steps")  # fmt: skip


def sentences(config, model, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """At most ten lines: each tier's verdict, then the certificates' state."""
    rungs = tables["rungs"]
    lines = [f"{rungs['attack'].nunique()} attacks on {model.name} with {config.defence or 'no defence'}, "
             f"{rungs['concept'].nunique()} concepts, both poles, {budget(config)}."]  # fmt: skip
    several = len(set(tables["tiers"]["level"])) > 1
    for row in tables["tiers"].to_dict("records"):
        where = f"{row['concept']}, level {row['level']:g}" if several else row["concept"]
        lines.append(f"{where}, up to {row['tier']}: ε-asymmetric control {row['verdict']}; best responses keep "
                     f"{bounds(row, 'retained_aligned')} of aligned and {bounds(row, 'retained_unaligned')} of "
                     f"unaligned control (worst: {row['strongest']}); their index A "
                     f"{index_words(row, 'bare')} without the defence, {index_words(row, 'defended')} with it.")
    said = trigger_sentence(tables["triggers"])
    return [*lines[: 10 - bool(said)], *([said] if said else [])]


def bounds(row: Mapping, name: str) -> str:
    """As 0.95 [0.90, 1.00], of a row."""
    return interval(Effect(row[name], row[f"{name}_low"], row[f"{name}_high"]))


def index_words(row: Mapping, side: str) -> str:
    """As +0.05 [−0.10, +0.20] (symmetric); the verdict alone where there is no control to compare."""
    value, low, high = (row[f"index_{side}{end}"] for end in ("", "_low", "_high"))
    told = f"{value:+.2f} [{low:+.2f}, {high:+.2f}]" if value == value else "is not defined"
    return f"{told} ({row[f'symmetry_{side}']}: {row[f'reason_{side}']})"


def warnings_of(config, kept: Sequence[Climbed], further: Further, failed: Sequence[dict]) -> list[str]:
    """What limits this run."""
    notes = [f"One budget ({config.kind}) was spent; a verdict needs two that agree: run again with another kind."]
    measured = (bool(further.held), bool(further.trained))
    for name, there, how in zip(FURTHER, measured, ("held_out=[…]", "trainability=lora"), strict=True):
        if config.defence and not there:
            notes.append(f"{name.capitalize()} is a condition too, and was not measured (--set {how}).")
    few = dict.fromkeys(f"{f.concept.name} ({f.cell['groups'][2]})" for f in kept if f.cell["groups"][2] < 20)
    if few:
        notes.append(f"Few groups are scored, so that bounds are loose: {', '.join(few)}.")
    if failed:
        first = failed[0]
        notes.append(f"{len(failed)} attacks are missing or ran only in part, the first: {first['attack']} on "
                     f"{first['concept']}: {first['line']}")  # fmt: skip
    return notes
