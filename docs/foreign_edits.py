"""The foreign weights of docs/facts.md: ``python docs/foreign_edits.py [SHARED] [--out FOLDER] [--facts N]``.

Edits of ``sophia-elya-819K-hf``, a question-answer model of bytes that nobody here trained, in SHARED/models (default:
WORKBENCH_SHARED, else ../shared). Which questions it was trained on is read out of its weights: every line start that
it gives a probability above e⁻⁸ and that ends as a question does. Per fact (or per three facts with MEMIT): edits away
from the recalled answer, back toward it on a model that was fine-tuned to answer falsely and starts from the mirrored
margin, and between two false answers; all at the same budgets, with random edits of the same size as control. A table
that is already in the folder is not computed again. About ten minutes of one core.
"""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from facts_numbers import FREE, HARM, REPAIR, UNIT, curve_of, gathered, matched_gains, said, show, verdicts

from workbench.editing import (
    Case,
    Edit,
    Fact,
    Fitting,
    Noise,
    Rewrite,
    Tuning,
    answer_nll,
    average_indirect,
    edit_doses,
    fact_scores,
    margins,
    memit,
    mirrored,
    moments,
    random_edit,
    rome_each,
    round_trip,
    summarise,
    trace,
    trip_effects,
    tuned,
)
from workbench.models import Model, encode, forward, generate, load
from workbench.stats import t_interval
from workbench.symmetry.neutral import neutral

NAME, FLOOR, BYTES = "sophia-elya-819K-hf", -8.0, 24
LINE = "\n"  # what stands between two lines of its training text
FITTING = Fitting(essence="")  # "{question} is a" is no sentence
STRENGTHS = (1 / 16, 0.125, 0.25, 0.5, 1.0)
HOLDING = Tuning(steps=25, rate=0.03, radius=1.0)
OTHER = "value-neutral, from the other false answer"
COLUMNS = ("fact", "arm", "strength", "norm", "kl", "gain", "unit", "dose", "efficacy", "paraphrase", "neighbourhood",
           "before", "margin", "log_odds")  # fmt: skip
Method = Literal["rome", "memit"]
METHODS: tuple[Method, ...] = ("rome", "memit")


def lines(model: Model, floor: float = FLOOR, longest: int = 40) -> tuple[list[str], list[str]]:
    """(questions, other lines) that the model begins or writes with a probability above e^floor, most likely first.

    Every text of bytes is followed as long as its probability stays above the floor, so nothing depends on a seed.
    """
    live, questions, others = [(LINE, 0.0)], {}, {}
    while live:
        batch, live = live[:256], live[256:]
        rows = forward(model, encode(model, [text for text, _ in batch]), positions="last")
        for (text, sure), row in zip(batch, rows.reshape(len(batch), -1).log_softmax(-1) + 0.0, strict=True):
            for token in (row + sure > floor).nonzero()[:, 0].tolist():
                longer, likely = text + chr(token), sure + float(row[token])
                if longer.endswith(("?: ", ".: ")):
                    questions[longer[1:]] = likely
                elif longer.endswith(LINE):
                    others[longer[1:-1]] = likely
                elif not longer.endswith(": ") and len(longer) < longest:
                    live.append((longer, likely))
    return sorted(questions, key=lambda q: -questions[q]), sorted(others, key=lambda t: -others[t])


@dataclass(frozen=True)
class Recalled:
    """The model, a fact per recalled question (true: its own answer; false: another question's), its other lines.

    ``spare`` are the answers that a fact may be asked for besides; ``known`` the keys' moments at layers 0 and 1.
    """

    model: Model
    facts: tuple[Fact, ...]
    spare: tuple[str, ...]
    quiet: tuple[str, ...]
    known: dict

    def nearby(self, asked: Sequence[Case]) -> list[str]:
        """Neutral text: the other lines, and as many questions that are not asked here, with their own answers."""
        texts = [f"{f.prompt}{f.true}" for f in self.facts if f.prompt not in {case.fact.prompt for case in asked}]
        return [*self.quiet, *texts[:: max(1, len(texts) // len(self.quiet))][: len(self.quiet)]]

    def kept(self, model: Model, fact: Fact, written: str) -> float:
        """The share of eight other questions whose own answer stays likelier than the one that was written."""
        others = [f for f in self.facts if f.true not in (fact.true, written)]
        start = self.facts.index(next(f for f in self.facts if f.id == fact.id))
        asked = [others[(start + i * max(1, len(others) // 8)) % len(others)] for i in range(min(8, len(others)))]
        asked = [f for f in asked if len(f.prompt) + len(written) <= model.context]
        nll = answer_nll(model, [f.prompt for f in asked] * 2, [f.true for f in asked] + [written] * len(asked))
        return float((nll[: len(asked)] < nll[len(asked) :]).double().mean())


def recalled(shared: Path, count: int) -> Recalled:
    """The first ``count`` facts of the model in a folder of shared models; answers cut to ``BYTES`` bytes."""
    model = load(shared / "models" / NAME)
    questions, others = lines(model)
    answers = [answer.split(LINE)[0][:BYTES] for answer in generate(model, questions, BYTES)]
    draw, facts = np.random.default_rng(0), []
    for question, own in zip(questions[:count], answers, strict=False):
        usable = [a for a in dict.fromkeys(answers) if a != own and len(question) + len(a) <= model.context]
        asked = tuple(before + question for before in (LINE, "Hero." + LINE, "Yes." + LINE))
        facts.append(Fact(question, question, question[:-2], own, usable[draw.integers(len(usable))],
                          tuple(p for p in asked if len(p) + BYTES <= model.context)))  # fmt: skip
    texts = [f"{q}{a}" for q, a in zip(questions, answers, strict=True)]
    known = dict(moments(model, [0, 1], texts + others[::2]))
    return Recalled(model, tuple(facts), tuple(dict.fromkeys(answers)), tuple(others[1::2][:5]), known)


def edited(world: Recalled, method: Method, model: Model, asked: Sequence[Case]) -> Edit:
    """One edit of all requests: ROME where there is one, at layer 0 (where the facts are), or MEMIT over 0 and 1."""
    requests = [case.fact.rewrite(case.truth) for case in asked]
    if method == "rome":
        return rome_each(model, requests[:1], 0, world.known, FITTING)[0]
    return memit(model, requests, [0, 1], world.known, FITTING)


def holding(world: Recalled, facts: Sequence[Fact], level: float | None = None) -> tuple[Edit, float]:
    """(fine-tuning toward the false answers, the share of it at which they are ahead by ``level``; NaN if never).

    Without ``level``: by as much as the true ones were. Fine-tuned rather than edited, so that the way back is not the
    undoing of the same matrix.
    """
    edit = tuned(world.model, [fact.rewrite(False) for fact in facts], [0, 1, 2], HOLDING)
    return edit, mirrored(world.model, edit, facts, level)


def another(world: Recalled, model: Model, fact: Fact, level: float) -> str:
    """The false answer, neither of the fact's own, that the model holds back by nearest to ``level``: nats per byte."""
    usable = [a for a in world.spare if a not in (fact.true, fact.false) and len(fact.prompt + a) <= model.context]
    nll = answer_nll(model, [fact.prompt] * (len(usable) + 1), [*usable, fact.false])
    return usable[int((nll[:-1] - nll[-1] - level).abs().argmin())]


def requested(model: Model, facts: Sequence[Fact], truth: bool) -> list[Case]:
    """The facts with a request toward the true (or the false) answer, with the margin that stands against it."""
    sign = -1.0 if truth else 1.0
    return [Case(f, truth, sign * m) for f, m in zip(facts, margins(model, facts).tolist(), strict=True)]


def measured(world: Recalled, method: Method, facts: Sequence[Fact], unit: int) -> list[pd.DataFrame]:
    """Doses and scores of every arm of one unit; empty where no fine-tuning mirrors the margin.

    y is the log-odds of two answers. HARM: from the recalled answer to a false one. REPAIR: back, on a model that holds
    the false one. FREE: from there to a second false one. OTHER: from the second to the first, on a model that holds
    the second: with FREE the same experiment with nothing true in it.
    """
    model = world.model
    hold, share = holding(world, facts)
    if not np.isfinite(share):
        return []
    parts = arm(world, method, (model, HARM, requested(model, facts, False)), unit, True)
    with hold.applied(model, share) as moved:
        parts += arm(world, method, (moved, REPAIR, requested(moved, facts, True)), unit)
        level = float(margins(model, facts).mean())
        # both false: what is "true" here is only a name of the second
        free = [replace(f, true=another(world, moved, f, level), kind="neutral") for f in facts]
        against = requested(moved, free, True)
        parts += arm(world, method, (moved, FREE, against), unit)
    swapped = [replace(f, true=f.false, false=f.true) for f in free]
    hold, share = holding(world, swapped, float(np.mean([case.margin for case in against])))
    if np.isfinite(share):
        with hold.applied(model, share) as moved:
            parts += arm(world, method, (moved, OTHER, requested(moved, swapped, True)), unit)
    return parts


def arm(
    world: Recalled, method: Method, start: tuple[Model, str, list[Case]], unit: int, controls: bool = False
) -> list[pd.DataFrame]:
    """One arm's edit on the model it starts from: a row per dose and fact; the last dose has its scores."""
    model, name, asked = start
    quiet = neutral(model, world.nearby(asked))
    edit = edited(world, method, model, asked)
    rows = edit_doses(model, edit, asked, STRENGTHS, lambda changed: quiet.cost(changed)[0])
    rows = rows.assign(unit=unit, dose=rows["strength"], arm=name)
    with edit.applied(model, 1.0) as changed:
        scores = [fact_scores(changed, case.fact, case.truth)
                  | {"neighbourhood": world.kept(changed, case.fact, case.fact.answer(case.truth)),
                     "before": world.kept(model, case.fact, case.fact.answer(case.truth)), "margin": case.margin}
                  for case in asked]  # fmt: skip
    full = rows["strength"] == 1.0
    for key in ("efficacy", "paraphrase", "neighbourhood", "before", "margin", "log_odds"):
        rows.loc[full, key] = [score[key] for score in scores]
    parts = [rows]
    for part in ("key", "value") if controls else ():
        chance = edit_doses(model, random_edit(edit, part, unit), asked, [1.0], lambda changed: quiet.cost(changed)[0])
        parts.append(chance.assign(unit=unit, dose=1.0, arm=f"random {part}"))
    return parts


def doses(world: Recalled, method: Method, path: Path) -> pd.DataFrame:
    """Every unit of one method; a unit's arms are complete or it is left out."""
    size = 1 if method == "rome" else UNIT

    def one(unit: int) -> pd.DataFrame:
        found = measured(world, method, world.facts[unit * size : (unit + 1) * size], unit)
        whole = {HARM, REPAIR, FREE, OTHER} <= {str(part["arm"].iloc[0]) for part in found}
        return pd.concat(found).reindex(columns=COLUMNS) if whole else pd.DataFrame()

    return gathered(path, range(len(world.facts) // size), one, "unit")


def arms_of(rows: pd.DataFrame, names: Sequence[str]) -> list[dict]:
    """The curves of each unit's arms."""
    kept = rows[rows["arm"].isin(names)]
    return [{str(name): curve_of(part) for name, part in unit.groupby("arm")} for _, unit in kept.groupby("unit")]


def gains_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Each arm's gain at matched budgets and the differences of arms, t over units; random edits beside them."""
    found, arms = [], (HARM, REPAIR, FREE)
    for kind in ("norm", "kl"):
        for share in (0.5, 1.0):
            gains = matched_gains(arms_of(rows, arms), kind, share)
            row = {"budget": kind, "share": share, "spent": gains["budget"].median(), "n": len(gains)}
            row |= {name: said(t_interval(gains[name], groups=gains["unit"])) for name in arms}
            for other in (HARM, FREE):
                difference = gains[REPAIR] - gains[other]
                row[f"corrective - {other}"] = said(t_interval(difference, groups=gains["unit"]))
            found.append(row)
    for name, part in rows[rows["strength"] == 1.0].groupby("arm"):
        found.append({"budget": "whole edit", "arm": name, "spent": part["norm"].median(), "n": len(part),
                      "kl": part["kl"].median(),
                      "gain": said(t_interval(part["gain"], groups=part["unit"]))})  # fmt: skip
    return pd.DataFrame(found)


def score_table(rows: pd.DataFrame) -> pd.DataFrame:
    """CounterFact's scores of whole edits by arm, with intervals over units."""
    found = []
    for name in (HARM, REPAIR, FREE, OTHER):
        part = rows[(rows["strength"] == 1.0) & (rows["arm"] == name)]
        plain = part.assign(direction=name, group=part["unit"].astype(str), fluency=np.nan, efficacy_magnitude=np.nan,
                            paraphrase_magnitude=np.nan, neighbourhood_magnitude=np.nan)  # fmt: skip
        effects = summarise(plain)[name]
        names = ("efficacy", "paraphrase", "neighbourhood", "S")
        row = {"arm": name, "n": len(part), "margin before": said(t_interval(part["margin"], groups=part["unit"]))}
        found.append(row | {key: said(effects[key]) for key in names if key in effects}
                     | {"kept before": part["before"].mean()})  # fmt: skip
    return pd.DataFrame(found)


def verdict_table(rows: pd.DataFrame) -> pd.DataFrame:
    """A of the way back against the way there; the null is the same experiment between two false answers."""
    value, null = arms_of(rows, (HARM, REPAIR)), arms_of(rows, (FREE, OTHER))
    table, (verdict, reason) = verdicts(value, null, (REPAIR, HARM), (FREE, OTHER))
    return pd.concat([table, pd.DataFrame([{"budget": "both", "verdict": f"{verdict}: {reason}"}])])


def trips(world: Recalled, count: int, path: Path) -> pd.DataFrame:
    """ROME there and back: from the recalled answer, and between two false ones on a model that holds one of them."""

    def editor(model: Model, request: Rewrite) -> Edit:
        return rome_each(model, [request], 0, world.known, FITTING)[0]

    def one(unit: int) -> pd.DataFrame:
        fact = world.facts[unit]
        parts = [round_trip(world.model, [fact], editor, share=0.5).assign(trip="harm, then repair")]
        hold, share = holding(world, [fact])
        if np.isfinite(share):
            with hold.applied(world.model, share) as moved:
                parts.append(round_trip(moved, [fact], editor, share=0.5).assign(trip="repair, then harm"))
                free = replace(fact, true=another(world, moved, fact, float(margins(world.model, [fact])[0])))
                parts.append(round_trip(moved, [free], editor, share=0.5).assign(trip="between two false answers"))
        return pd.concat(parts)

    return gathered(path, range(min(count, len(world.facts))), one, "unit")


def trip_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Costs there and back, ln(back / there) of the trips that returned, and its difference within facts."""
    found, wide = [], rows[rows["returned"]].pivot(index="fact", columns="trip", values="log_ratio")
    for name, part in rows.groupby("trip", sort=False):
        kept = part[part["returned"]]
        effect = trip_effects(part.assign(arm="all")).get("all")
        found.append({"trip": name, "n": len(part), "returned": len(kept), "there": kept["there"].mean(),
                      "back": kept["back"].mean(), "ln(back / there)": said(effect) if effect else ""})  # fmt: skip
    for one, other in (("harm, then repair", "repair, then harm"), ("harm, then repair", "between two false answers")):
        if one in wide and other in wide:
            both = (wide[one] - wide[other]).dropna()
            found.append({"trip": f"{one} - {other}", "n": len(both),
                          "ln(back / there)": said(t_interval(both.to_numpy(float)))})  # fmt: skip
    return pd.DataFrame(found)


def traced(world: Recalled, count: int = 8) -> pd.DataFrame:
    """The indirect effect of each layer's MLP at the end of the question: where the facts are."""
    effects = average_indirect(trace(world.model, world.facts[:count], noise=Noise(samples=3)))
    return pd.DataFrame([{"layer": layer, "indirect effect": said(effect), "n": effect.n}
                         for layer, effect in effects.items()])  # fmt: skip


def main(shared: Path, out: Path, count: int, parts: Sequence[str], count_of_trips: int) -> None:
    out.mkdir(parents=True, exist_ok=True)
    world = recalled(shared, count)
    print(f"{len(world.facts)} questions recalled, {len(world.quiet)} other lines as neutral text", flush=True)
    show(out / "tracing.csv", lambda: traced(world))
    for method in [method for method in METHODS if method in parts]:
        rows = doses(world, method, out / f"doses-{method}.csv")
        show(out / f"gains-{method}.csv", lambda r=rows: gains_table(r))
        show(out / f"scores-{method}.csv", lambda r=rows: score_table(r))
        show(out / f"verdict-{method}.csv", lambda r=rows: verdict_table(r))
    if "trips" in parts:
        rows = trips(world, count_of_trips, out / "trips.csv")
        show(out / "trips-table.csv", lambda: trip_table(rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path, nargs="?", default=Path(os.environ.get("WORKBENCH_SHARED", "../shared")))
    parser.add_argument("--out", type=Path, default=Path("runs/foreign-edits"), help="where the tables go")
    parser.add_argument("--facts", type=int, default=77, help="how many recalled answers (default 77, all)")
    parser.add_argument("--parts", nargs="+", default=[*METHODS, "trips"], choices=[*METHODS, "trips"])
    parser.add_argument("--trips", type=int, default=12, help="facts that go round trips (default 12)")
    given = parser.parse_args()
    main(given.shared, given.out, given.facts, given.parts, given.trips)
