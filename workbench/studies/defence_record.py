# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""From the cells of a defence study to its record: rungs, tiers, certificates, sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import pandas as pd

from workbench.attacks import TIERS, Claim, Ladder, certify, tier_verdict, turned_over
from workbench.attacks.certificate import interval
from workbench.records import Record
from workbench.stats import t_interval
from workbench.studies.assemble import model_card
from workbench.studies.defence_cells import effect_of, ladder_of
from workbench.studies.defence_triggers import trigger_sentence, trigger_table
from workbench.studies.symmetry_tables import flat
from workbench.symmetry import Retention, gain_effects, retention
from workbench.types import POLES, Concept, Effect, WorkbenchError

POOL = "all concepts"
Cells = Sequence[tuple[Concept, Mapping]]


def assemble(config, model, cells: Cells, seconds: float) -> Record:
    """The record of all concepts' ladders."""
    failed = [{"concept": c.name, "attack": "all", "line": cell["failed"]} for c, cell in cells if "failed" in cell]
    kept = [(ladder_of(cell), cell) for _, cell in cells if "failed" not in cell]
    if not any(ladder.rungs for ladder, _ in kept):
        lines = [row["line"] for row in failed] + [why for ladder, _ in kept for _, why in ladder.missing]
        raise WorkbenchError(f"no attack could be measured; the first line: {lines[0] if lines else 'none was named'}")
    for ladder, _ in kept:
        failed += [{"concept": ladder.concept, "attack": name, "line": why} for name, why in ladder.missing]
    stands = [(ladder, cell) for ladder, cell in kept if ladder.rungs]
    tiers, texts = tier_rows(config, model, stands)
    tables = {
        "rungs": pd.DataFrame([row for ladder, _ in stands for row in rung_rows(ladder)]),
        "tiers": pd.DataFrame(tiers),
        "curve": pd.DataFrame([row for ladder, cell in stands for row in curve_rows(ladder.concept, cell)]),
        "triggers": trigger_table([ladder for ladder, _ in stands]),
        "searches": pd.DataFrame([row for ladder, _ in stands for row in search_rows(ladder)]),
        "failures": pd.DataFrame(failed, columns=["concept", "attack", "line"]),
    }
    return Record(
        study="defence",
        config=asdict(config),
        seeds=(config.seed,),
        model=model_card(model),
        concepts={c.name: c.digest for c, _ in cells},
        tables={name: table for name, table in tables.items() if len(table)},
        results={"summary": sentences(config, model, tables), "certificates": texts},
        warnings=warnings_of(config, stands, failed),
        seconds=seconds,
    )


def columns(kept: Retention) -> dict[str, float]:
    """A retention as columns."""
    return (flat("retained_aligned", kept.aligned) | flat("retained_unaligned", kept.unaligned)
            | flat("selectivity", kept.selectivity))  # fmt: skip


def rung_rows(ladder: Ladder) -> list[dict]:
    """One row per attack: gains with and without the defence, what is retained, what is turned over."""
    rows = []
    for rung in ladder.rungs:
        row = {"concept": ladder.concept, "tier": rung.tier, "attack": rung.attack}
        row |= columns(retention([rung.bare], [rung.defended]))
        for side, gains in (("bare", rung.bare), ("defended", rung.defended)):
            for pole, effect in zip(POLES, gain_effects(*gains.by_group()), strict=True):
                row |= flat(f"gain_{pole}_{side}", effect)
        k, n = rung.flips
        chosen = {pole: rung.found["defended"][pole] for pole in POLES}
        row |= {f"{key}_{pole}": chosen[pole][key] for pole in POLES for key in ("label", "strength", "nll_rise")}
        rows.append(row | {"turned_over": k, "groups": n})
    return rows


def search_rows(ladder: Ladder) -> list[dict]:
    """What each search chose and what it took: one row per attack × model × pole."""
    return [
        {"concept": ladder.concept, "model": side, **best}
        for rung in ladder.rungs for side, poles in rung.found.items() for best in poles.values()
    ]  # fmt: skip


def curve_rows(concept: str, cell: Mapping) -> list[dict]:
    """The floor's trade-off over τ."""
    rows = []
    for point in cell["curve"]:
        kept = Retention(**{name: effect_of(value) for name, value in point["kept"].items()})
        about = {"concept": concept, "quantile": point["quantile"], "tau": point["tau"]}
        rows.append(about | columns(kept) | flat("nll_rise", effect_of(point["stability"])))
    return rows


def tier_rows(config, model, kept: Sequence[tuple[Ladder, Mapping]]) -> tuple[list[dict], dict[str, str]]:
    """One row per concept (and for all together) × tier, and what may be certified or why nothing."""
    rows, texts = [], {}
    names = [tier for tier in TIERS if any(tier in ladder.tiers for ladder, _ in kept)]
    sets = [([pair], pair[0].concept) for pair in kept] + ([(list(kept), POOL)] if len(kept) > 1 else [])
    for members, name in sets:
        for tier in names:
            if not all(ladder.upto(tier) for ladder, _ in members):
                continue
            found = tier_verdict([ladder for ladder, _ in members], tier, loss_of(members))
            row = {"concept": name, "tier": tier, **columns(found.kept), **flat("nll_rise", found.stability)}
            row |= {**found.conditions, "verdict": found.verdict, "strongest": ", ".join(found.strongest.values())}
            if len(members) == 1:
                ladder, cell = members[0]
                row |= flat("turned_over", turned_over(ladder.upto(tier)))
                texts[f"{name}, {tier}"] = certificate(config, model, ladder, cell, found)
            rows.append(row)
    return rows, texts


def loss_of(members: Sequence[tuple[Ladder, Mapping]]) -> Effect:
    """The defence's own cost: of one concept over texts, of several over concepts."""
    losses = [effect_of(cell["stability"]) for _, cell in members]
    if len(losses) == 1:
        return losses[0]
    return replace(t_interval([loss.estimate for loss in losses]), unit=losses[0].unit)


def certificate(config, model, ladder: Ladder, cell: Mapping, found) -> str:
    """The certificate's text, or why there is none."""
    defence = f"{config.defence} at {cell['dose']:g}" if config.defence else ""
    try:
        return certify(ladder, found, Claim(model.name, defence, budget(config), config.seed)).text()
    except WorkbenchError as error:
        return str(error)


def budget(config) -> str:
    """The budget in words."""
    return (f"budget {config.kind} {config.level:g}, at most {config.examples} examples, neutral NLL at most "
            f"+{config.cap:.0%}, {config.draws} draws, {config.steps} gradient steps")  # fmt: skip


def sentences(config, model, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """At most ten lines: each tier's verdict, then the certificates' state."""
    rungs = tables["rungs"]
    lines = [f"{rungs['attack'].nunique()} attacks on {model.name} with {config.defence or 'no defence'}, "
             f"{rungs['concept'].nunique()} concepts, both poles, {budget(config)}."]  # fmt: skip
    for _, row in tables["tiers"].iterrows():
        kept = [interval(Effect(row[k], row[f"{k}_low"], row[f"{k}_high"])) for k in
                ("retained_aligned", "retained_unaligned")]  # fmt: skip
        lines.append(f"{row['concept']}, up to {row['tier']}: ε-asymmetric control {row['verdict']}; best "
                     f"responses keep {kept[0]} of aligned and {kept[1]} of unaligned control "
                     f"(worst: {row['strongest']}).")  # fmt: skip
    said = trigger_sentence(tables["triggers"])
    return [*lines[: 10 - bool(said)], *([said] if said else [])]


def warnings_of(config, kept: Sequence[tuple[Ladder, Mapping]], failed: Sequence[dict]) -> list[str]:
    """What limits this run."""
    notes = [
        f"One budget ({config.kind}) was spent; a verdict needs two that agree: run again with another kind.",
        "Generalisation to held-out concepts and trainability are conditions too, and are not measured.",
    ]
    few = [f"{ladder.concept} ({cell['groups'][2]})" for ladder, cell in kept if cell["groups"][2] < 20]
    if few:
        notes.append(f"Few groups are scored, so that bounds are loose: {', '.join(few)}.")
    if failed:
        first = failed[0]
        notes.append(f"{len(failed)} attacks are missing, the first: {first['attack']} on {first['concept']}: "
                     f"{first['line']}")  # fmt: skip
    return notes
