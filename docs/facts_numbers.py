"""The editing tables of docs/facts.md: ``python docs/facts_numbers.py FOLDER [--matches N]`` prints them.

Counterfactual and corrective edits of the embedded organisms at matched margin before the edit and matched budget
(size of the edit; KL on what other subjects of the relation were taught), with the value-neutral lands as null, and
round trips. A table that is already in the folder (a CSV file each) is not computed again. Ten minutes of one core.
"""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from workbench.editing import (
    Case,
    Edit,
    Fitting,
    Rewrite,
    cases,
    compare_arms,
    edit_doses,
    fact_scores,
    load_records,
    matched_arms,
    memit,
    moments,
    rome_each,
    round_trip,
    summarise,
    trip_effects,
)
from workbench.models import Model, load
from workbench.stats import t_interval
from workbench.symmetry import Curve, Gains, agreed, judge, placebo_bound
from workbench.symmetry.neutral import neutral
from workbench.types import Effect

HARM, REPAIR, FREE = "counterfactual", "corrective", "value-neutral"
CLIPS, STRENGTHS = (0.5, 2.0, 8.0), (1 / 64, 1 / 16, 0.125, 0.25, 0.5, 1.0)
SMALL = (0.1, 0.4)  # shares of the edit of the smallest clip, so that small budgets are measured too
NULLS = 66  # a verdict needs 20 placebo units, so more of the lands are edited than of the facts at stake
UNIT = 3  # facts of one unit: MEMIT writes so many at once, and ROME's facts are pooled alike
Doses = Mapping[str, Curve]  # arm -> its gains [fact of the unit, dose], and what each dose spent


def matched_gains(units: Sequence[Doses], kind: str, share: float = 1.0) -> pd.DataFrame:
    """One row per fact: unit, budget, and each arm's gain at the same budget: a share of what all arms reach.

    The budget is chosen by what the arms spent, never by what they gained; units that do not reach it are left out.
    """
    rows = []
    for i, unit in enumerate(units):
        level = share * min(float(np.nanmax(curve.budgets[kind])) for curve in unit.values())
        found = {arm: curve.at(kind, level, curve.values) for arm, curve in unit.items()}
        if all(values is not None for values in found.values()):
            rows.append(pd.DataFrame({"unit": i, "budget": level} | found))
    return pd.concat(rows, ignore_index=True)


def pooled(rows: pd.DataFrame, aligned: str, unaligned: str) -> list[Gains]:
    """Each ``UNIT`` facts as one concept of the symmetry measure, whose groups are its facts."""
    single, found = rows["unit"].is_unique, []
    for unit, part in rows.groupby(np.arange(len(rows)) // UNIT if single else rows["unit"].to_numpy()):
        if len(part) == UNIT:
            names = tuple(str(i) for i in range(len(part)))
            found.append(Gains(part[aligned].to_numpy(float), part[unaligned].to_numpy(float), names, str(unit)))
    return found


def verdicts(value: Sequence[Doses], null: Sequence[Doses], pair: tuple[str, str], null_pair: tuple[str, str]):
    """(table, verdict over budgets): A of gains toward truth against gains away from it, at two budgets.

    ``pair`` and ``null_pair`` name the arms (toward, away) of the facts at stake and of those that are not.
    """
    rows, by_budget = [], {}
    for kind in ("norm", "kl"):
        for share in (0.5, 1.0):
            gains, free = matched_gains(value, kind, share), matched_gains(null, kind, share)
            parts, placebos = pooled(gains, *pair), pooled(free, *null_pair)
            bound = placebo_bound(placebos, size=len(parts))
            found = judge(parts, bound)
            if share == 1.0:
                by_budget[kind] = (found.verdict, found.reason, found.wide.estimate)
            null_found = judge(placebos, None)
            rows.append({
                "budget": kind, "share": share, "spent": gains["budget"].median(), "n": len(gains),
                "G+": said(found.aligned), "G-": said(found.unaligned), "A": said(found.wide),
                "90 %": f"[{found.narrow.low:+.2f}, {found.narrow.high:+.2f}]", "null A": said(null_found.wide),
                "null bound": np.nan if bound is None else bound, "p": found.p, "verdict": found.verdict,
            })  # fmt: skip
    return pd.DataFrame(rows), agreed(by_budget)


def curve_of(rows: pd.DataFrame) -> Curve:
    """Rows of edit_doses of one unit, one dose after the other, as a curve."""
    doses = [part for _, part in rows.groupby("dose", sort=True)]
    values = np.stack([part["gain"].to_numpy(float) for part in doses], axis=1)
    budgets = {kind: np.array([part[kind].iloc[0] for part in doses], dtype=float) for kind in ("norm", "kl")}
    return Curve(np.arange(len(doses), dtype=float), values, budgets)


def said(effect: Effect) -> str:
    """An effect as the tables write it."""
    return f"{effect.estimate:+.2f} [{effect.low:+.2f}, {effect.high:+.2f}]"


def show(path: Path, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """A table, from its file where there is one; printed."""
    if not path.exists():
        make().to_csv(path, index=False)
    found = pd.read_csv(path)
    cells = [[str(c) for c in found.columns], ["---"] * len(found.columns)]
    cells += [["" if pd.isna(v) else str(v) for v in row] for row in found.round(3).astype(object).to_numpy()]
    print(f"\n## {path.stem}\n" + "\n".join(f"| {' | '.join(row)} |" for row in cells), flush=True)
    return found


def gathered(path: Path, keys: Iterable[int], make: Callable[[int], pd.DataFrame], column: str = "match"):
    """The rows of every key, each key's written as soon as they are there; keys in the file are not made again."""
    done = set(pd.read_csv(path)[column]) if path.exists() else set()
    for key in keys:
        if key not in done and len(rows := make(key)):
            rows.assign(**{column: key}).to_csv(path, mode="a", header=not path.exists(), index=False)
    return pd.read_csv(path)


class Organism:
    """A facts organism, its taught facts, and the cases of four arms, matched in pairs on the margin."""

    def __init__(self, name: str, matches: int):
        self.model: Model = load(name)
        self.records = load_records(self.model.folder)
        self.known = moments(self.model, [0, 1], [f"{r.fact.prompt}{r.answer}." for r in self.records[::8]])
        held = cases(self.model, [r.fact for r in self.records])
        value = [case for case in held if case.fact.kind == "value"]
        # lands under the names of the arms: what the recipe calls true is a convention there
        free = [replace(c, fact=replace(c.fact, kind="value")) for c in held if c.fact.kind == "neutral"]
        self.pairs = {"value": few(matched_arms(value), matches), "lands": few(matched_arms(free), max(NULLS, matches))}

    def fitting(self, clip: float) -> Fitting:
        return Fitting(essence="The name {} belongs to a", clip=clip)

    @cache  # noqa: B019 - one organism lives as long as the script
    def nearby(self, relation: str, without: frozenset[str]) -> Callable[[Model], float]:
        """KL from the unedited model on what eight other subjects of the relation were taught, nats per token."""
        texts = [f"{r.fact.prompt}{r.answer}." for r in self.records
                 if r.relation == relation and r.fact.subject not in without]  # fmt: skip
        quiet = neutral(self.model, texts[:: max(1, len(texts) // 8)][:8])
        return lambda changed: quiet.cost(changed)[0]

    def cost(self, asked: Sequence[Case]) -> Callable[[Model], float]:
        relation = {r.fact.id: r.relation for r in self.records}
        subjects = frozenset(case.fact.subject for case in asked)
        costs = [self.nearby(name, subjects) for name in sorted({relation[case.fact.id] for case in asked})]
        return lambda changed: float(np.mean([cost(changed) for cost in costs]))

    def swept(self, kind: str, path: Path) -> pd.DataFrame:
        """ROME by clip: per match and arm one dose for each limit on ‖δ‖; fitted for all matches at once."""
        arms = self.pairs[kind]
        count, done = len(arms[HARM]), set(pd.read_csv(path)["match"]) if path.exists() else set()
        edits = {(arm, clip): rome_each(self.model, [c.fact.rewrite(c.truth) for c in members], 0, self.known,
                                        self.fitting(clip))
                 for arm, members in arms.items() for clip in CLIPS if len(done) < count}  # fmt: skip

        def one(match: int) -> pd.DataFrame:
            parts = []
            for (arm, clip), found in edits.items():
                asked = [arms[arm][match]]
                shares = (*SMALL, 1.0) if clip == CLIPS[0] else (1.0,)
                rows = edit_doses(self.model, found[match], asked, shares, self.cost(asked))
                parts.append(rows.assign(dose=CLIPS.index(clip) + rows["strength"], clip=clip, arm=arm))
            return pd.concat(parts)

        return gathered(path, range(count), one)

    def at_once(self, kind: str, path: Path) -> pd.DataFrame:
        """MEMIT, ``UNIT`` facts at once over layers 0 and 1: per unit and arm the doses are shares of the edit."""
        arms = self.pairs[kind]

        def one(match: int) -> pd.DataFrame:
            parts = []
            for arm, members in arms.items():
                asked = members[match * UNIT : (match + 1) * UNIT]
                requests = [case.fact.rewrite(case.truth) for case in asked]
                edit = memit(self.model, requests, [0, 1], self.known, self.fitting(4.0))
                rows = edit_doses(self.model, edit, asked, STRENGTHS, self.cost(asked))
                parts.append(rows.assign(dose=rows["strength"], arm=arm))
            return pd.concat(parts)

        return gathered(path, range(len(arms[HARM]) // UNIT), one)


def few(arms: Mapping[str, list[Case]], count: int) -> dict[str, list[Case]]:
    """At most ``count`` matches of the arms, drawn by a seed."""
    size = len(next(iter(arms.values())))
    kept = sorted(np.random.default_rng(0).permutation(size)[:count])
    return {arm: [members[i] for i in kept] for arm, members in arms.items()}


def units_of(rows: pd.DataFrame) -> list[Doses]:
    """The curves of a table of doses, unit by unit."""
    return [{str(arm): curve_of(part) for arm, part in unit.groupby("arm")} for _, unit in rows.groupby("match")]


def at_levels(rows: Mapping[str, pd.DataFrame], levels: Sequence[float]) -> pd.DataFrame:
    """Mean gains of each arm at fixed sizes of the edit, over the matches whose arms all reach it."""
    found = []
    for kind, table in rows.items():
        units = units_of(table)
        for level in levels:
            read = [{arm: c.at("norm", level, c.values) for arm, c in unit.items()} for unit in units]
            kept = [unit for unit in read if all(v is not None for v in unit.values())]
            if kept:
                gains = {arm: np.array([unit[arm].mean() for unit in kept]) for arm in (HARM, REPAIR)}
                row = {arm: said(t_interval(values)) for arm, values in gains.items()}
                difference = said(t_interval(gains[REPAIR] - gains[HARM]))
                found.append({"facts": kind, "norm": level, "n": len(kept)} | row | {"difference": difference})
    return pd.DataFrame(found)


def scored(world: Organism) -> pd.DataFrame:
    """CounterFact's scores of ROME at the largest clip, every arm, with intervals over facts."""
    found = []
    for kind, arms in world.pairs.items():
        for arm, members in arms.items():
            rows, norms = [], []
            requests = [case.fact.rewrite(case.truth) for case in members]
            for case, edit in zip(members, rome_each(world.model, requests, 0, world.known, world.fitting(8.0)),
                                  strict=True):  # fmt: skip
                norms.append(edit.norm(world.model))
                with edit.applied(world.model, 1.0) as edited:
                    rows.append(fact_scores(edited, case.fact, case.truth) | {"margin": case.margin})
            table = pd.DataFrame(rows)
            (effects,) = summarise(table).values()
            gain = t_interval((table["log_odds"] + table["margin"]).to_numpy(float))
            row = {"facts": kind, "arm": arm, "n": len(table), "margin before": table["margin"].mean()}
            names = ("efficacy", "paraphrase", "neighbourhood", "S")
            found.append(row | {name: said(effects[name]) for name in names}
                         | {"gain": said(gain), "norm": said(t_interval(norms))})  # fmt: skip
    return pd.DataFrame(found)


def trips(world: Organism, groups: Mapping[str, Sequence[Case]], path: Path) -> pd.DataFrame:
    """Round trips with ROME of the cases of each group, match by match."""

    def editor(model: Model, request: Rewrite) -> Edit:
        return rome_each(model, [request], 0, world.known, world.fitting(8.0))[0]

    def one(match: int) -> pd.DataFrame:
        parts = [round_trip(world.model, [members[match].fact], editor, share=0.5).assign(group_of=name)
                 for name, members in groups.items()]  # fmt: skip
        return pd.concat(parts)

    return gathered(path, range(min(map(len, groups.values()))), one)


def trip_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Cost there and back of every group of trips, ln(back / there) with its interval, and how groups differ."""
    found = []
    for name, part in rows.groupby("group_of", sort=False):
        effect = trip_effects(part.assign(arm="all")).get("all")
        kept = part[part["returned"]]
        found.append({"trips": name, "n": len(part), "returned": len(kept), "there": kept["there"].mean(),
                      "back": kept["back"].mean(), "ln(back / there)": said(effect) if effect else ""})  # fmt: skip
    names = list(dict.fromkeys(rows["group_of"]))
    kept = rows[rows["returned"]].assign(arm=rows["group_of"])
    for one, other in zip(names[::2], names[1::2], strict=False):
        effect = compare_arms(kept, "log_ratio", (one, other))
        found.append({"trips": f"{one} minus {other}", "n": effect.n, "ln(back / there)": said(effect)})
    return pd.DataFrame(found)


def verdict_table(value: pd.DataFrame, null: pd.DataFrame) -> pd.DataFrame:
    """The verdicts of one method on an organism, the verdict over both budgets in the last row."""
    table, (verdict, reason) = verdicts(units_of(value), units_of(null), (REPAIR, HARM), (REPAIR, HARM))
    return pd.concat([table, pd.DataFrame([{"budget": "both", "verdict": f"{verdict}: {reason}"}])])


def main(folder: Path, matches: int, round_trips: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    world = Organism("facts-mistrained", matches)
    show(folder / "scores.csv", lambda: scored(world))
    for method, doses in (("rome", world.swept), ("memit", world.at_once)):
        tables = {kind: doses(kind, folder / f"doses-{method}-{kind}.csv") for kind in ("value", "lands")}
        show(folder / f"levels-{method}.csv", lambda t=tables: at_levels(t, (0.1, 0.25, 0.5, 1.0)))
        show(folder / f"verdict-{method}.csv", lambda t=tables: verdict_table(t["value"], t["lands"]))
    groups = {"harm, then repair": world.pairs["value"][HARM][:round_trips],
              "repair, then harm": world.pairs["value"][REPAIR][:round_trips],
              "lands: from the taught true": world.pairs["lands"][HARM][:round_trips],
              "lands: from the taught false": world.pairs["lands"][REPAIR][:round_trips]}  # fmt: skip
    rows = trips(world, groups, folder / "trips.csv")
    show(folder / "trips-table.csv", lambda: trip_table(rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the tables go")
    parser.add_argument("--matches", type=int, default=42, help="pairs of facts per table (default 42)")
    parser.add_argument("--trips", type=int, default=12, help="round trips per group (default 12)")
    given = parser.parse_args()
    main(given.folder, given.matches, given.trips)
