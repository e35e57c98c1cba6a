"""One method on one concept: doses of both poles for given budgets, and what each dose does and costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from workbench.models import Model, tokens
from workbench.prompts import bare_prompt
from workbench.symmetry.budgets import solve_strength
from workbench.symmetry.neutral import Neutral, accuracy, change_norm, neutral
from workbench.symmetry.readings import Reading, read
from workbench.symmetry.responses import Curve, Response
from workbench.types import POLES, Concept, Pole, Site, WorkbenchError

SPENT = ("norm", "kl", "examples", "tokens", "steps", "trained_tokens")
ABLE = 0.6  # chance is one half; below this an accuracy has nowhere to fall
Method = Callable[[Model, Concept, Pole], Any]


@dataclass(frozen=True)
class Bench:
    """What every method is measured on: a concept's items, neutral text, unrelated choices, and the budgets to spend.

    ``norms`` are shares of the stream's median norm, ``divergences`` nats per neutral token.
    """

    model: Model
    items: Concept
    base: Reading
    around: "Surroundings"
    norms: tuple[float, ...]
    divergences: tuple[float, ...]
    notes: list[str] = field(default_factory=list)

    @property
    def quiet(self) -> Neutral:
        """The neutral text."""
        return self.around.quiet


@dataclass(frozen=True)
class Surroundings:
    """What is the same for every concept of a style: neutral text, unrelated choices, the share of them got right."""

    quiet: Neutral
    choices: Concept
    able: float


def surroundings(model: Model, texts: Sequence[str], choices: Concept) -> Surroundings:
    """The surroundings as the unchanged model reads them."""
    return Surroundings(neutral(model, texts), choices, accuracy(model, choices))


def bench(
    model: Model, items: Concept, around: Surroundings, norms: Sequence[float], divergences: Sequence[float]
) -> Bench:
    """The bench of one concept's items, with what the unchanged model says on them."""
    return Bench(model, items, read(model, items), around, tuple(sorted(norms)), tuple(sorted(divergences)))


@dataclass(frozen=True)
class Meter:
    """One control on a bench: what each strength spends, read once however often it is asked for."""

    on: Bench
    control: Any
    norms: dict[float, float] = field(default_factory=dict)
    costs: dict[float, tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def weighed(self) -> float:
        """‖ΔW‖_F/‖W‖_F at strength 1 of a control that changes weights (linear in the strength); NaN for others."""
        control: Any = self.control
        return float(control.norm(self.on.model)) if hasattr(control, "norm") else float("nan")

    @property
    def sized(self) -> bool:
        """Whether a norm can be spent: of a change of the stream, or of weights."""
        return site_of(self.control) is not None or bool(np.isfinite(self.weighed))

    def norm(self, strength: float) -> float:
        """‖δ‖/median‖h‖ at the last site that the control changes, or ‖ΔW‖_F/‖W‖_F; NaN where it has neither."""
        if np.isfinite(self.weighed):
            return self.weighed * strength
        site = site_of(self.control)
        if site is not None and strength not in self.norms:
            with self.control.applied(self.on.model, strength) as changed:
                self.norms[strength] = change_norm(self.on.model, changed, self.on.quiet.texts, site)
        return self.norms.get(strength, float("nan"))

    def cost(self, strength: float) -> tuple[float, float]:
        """(KL, relative rise of the NLL) on neutral text."""
        if strength not in self.costs:
            with self.control.applied(self.on.model, strength) as changed:
                self.costs[strength] = self.on.quiet.cost(changed)
        return self.costs[strength]

    def divergence(self, strength: float) -> float:
        """KL on neutral text, nats per token."""
        return self.cost(strength)[0]


def respond(on: Bench, method: Method, fit: Concept, name: str = "method") -> Response:
    """The dose–response of both poles; the method is fitted on ``fit``, which shares no group with the bench's items.

    Doses that a control cannot reach or that do not fit the model's context are left out and noted on the bench;
    a pole without any is a WorkbenchError.
    """
    curves = {}
    for pole in POLES:
        meter = Meter(on, method(on.model, fit, pole))
        rows = [row for dose in doses(meter) if (row := _tried(meter, dose, pole)) is not None]
        if not rows:
            raise WorkbenchError(f"{name} reaches no budget toward the {pole} pole: {'; '.join(on.notes[-2:])}")
        curves[pole] = curve_of(rows)
    groups = tuple(pair.group for pair in on.items.pairs)
    return Response(on.items.name, name, on.items.card.kind, on.base.log_odds, groups, curves)


def doses(meter: Meter) -> list[float]:
    """The strengths to apply: the control's own, or those that spend each norm and each KL of the bench."""
    on, control = meter.on, meter.control
    listed: Any = getattr(control, "doses", ())
    if listed:
        return [float(dose) for dose in listed]
    limit = float(getattr(control, "limit", np.inf))
    found: list[float] = []
    plans = [(meter.norm, on.norms, 1.0, "norm")] if meter.sized else []
    for spent, levels, order, kind in [*plans, (meter.divergence, on.divergences, 2.0, "KL")]:
        start, before = min(found, default=min(0.1, limit)), 0.0
        for level in levels:
            # from the last dose along the expected power, so that an exact power is solved at once
            guess = start * (level / before) ** (1 / order) if before else start
            solved = solve_strength(spent, level, guess, limit, order)
            if solved is None:
                on.notes.append(f"{kind} {level:g} is not reached")
                continue
            start, before = solved
            found.append(start)
    return thinned(found)


def thinned(strengths: Sequence[float], apart: float = 1.03) -> list[float]:
    """Ascending strengths without those that hardly differ from the one before."""
    kept: list[float] = []
    for strength in sorted(strengths):
        if not kept or strength > apart * kept[-1]:
            kept.append(strength)
    return kept


def site_of(control: Any) -> Site | None:
    """The last place at which a control changes the stream; None where it says none (prompts, weights)."""
    sites = getattr(control, "sites", None) or [d.site for d in getattr(control, "each", ())]
    return max(sites, key=lambda site: site.layer) if sites else None


def _tried(meter: Meter, dose: float, pole: Pole) -> dict[str, Any] | None:
    try:
        return measured(meter, dose)
    except WorkbenchError as error:
        meter.on.notes.append(f"dose {dose:g} toward {pole}: {error}")
        return None


def measured(meter: Meter, dose: float) -> dict[str, Any]:
    """One dose: items' log-odds, what it spent in every kind of budget, what it cost elsewhere.

    A control that knows what it spends itself (``spent(dose)``: a training's steps, examples, norm) is believed.
    """
    on, listed, able = meter.on, getattr(meter.control, "doses", ()), meter.on.around.able
    with meter.control.applied(on.model, dose) as changed:
        now = read(changed, on.items)
        drop = able - accuracy(changed, on.around.choices) if able >= ABLE else np.nan
        extra = added_tokens(on, changed) if listed else np.nan
    kl, rise = meter.cost(dose)
    spent = getattr(meter.control, "spent", None)
    return {
        "strength": dose, "values": now.log_odds, "norm": meter.norm(dose), "kl": kl, "tokens": extra,
        "examples": dose if listed else np.nan, "nll_rise": rise, "choice_drop": drop,
        "incoherent": float((now.incoherent - on.base.incoherent).mean()),
        **(spent(dose) if spent is not None else {}),
    }  # fmt: skip


def added_tokens(on: Bench, changed: Model) -> float:
    """How many more tokens a question has: the compute that a prompt spends, per question."""
    prompts = [bare_prompt(pair, on.items.card) for pair in on.items.pairs[:8]]
    more, less = (sum(map(len, tokens(model, prompts)[0])) for model in (changed, on.model))
    return (more - less) / len(prompts)


def curve_of(rows: Sequence[dict[str, Any]]) -> Curve:
    """The rows of one pole as a curve."""
    column = {key: np.array([float(row[key]) for row in rows]) for key in rows[0] if key != "values"}
    values = np.stack([row["values"] for row in rows], axis=1)
    budgets = {kind: column[kind] for kind in SPENT if kind in column and np.isfinite(column[kind]).any()}
    costs = {name: column[name] for name in ("nll_rise", "choice_drop", "incoherent")}
    return Curve(column["strength"], values, budgets, costs)
