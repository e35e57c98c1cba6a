"""One method on one concept: doses of both poles for given budgets, and what each dose does and costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.models import Model, tokens
from workbench.prompts import bare_prompt
from workbench.symmetry.budgets import solve_strength
from workbench.symmetry.neutral import Neutral, accuracy, change_norm, neutral
from workbench.symmetry.readings import Reading, read
from workbench.symmetry.responses import Curve, Response
from workbench.types import POLES, Concept, Pole, Site, WorkbenchError

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


def respond(on: Bench, method: Method, fit: Concept, name: str = "method") -> Response:
    """The dose–response of both poles; the method is fitted on ``fit``, which shares no group with the bench's items.

    Doses that a control cannot reach or that do not fit the model's context are left out and noted on the bench;
    a pole without any is a WorkbenchError.
    """
    curves = {}
    for pole in POLES:
        control = method(on.model, fit, pole)
        rows = [row for dose in doses(on, control) if (row := _tried(on, control, dose, pole)) is not None]
        if not rows:
            raise WorkbenchError(f"{name} reaches no budget toward the {pole} pole: {'; '.join(on.notes[-2:])}")
        curves[pole] = curve_of(rows)
    groups = tuple(pair.group for pair in on.items.pairs)
    return Response(on.items.name, name, on.items.card.kind, on.base.log_odds, groups, curves)


def doses(on: Bench, control: Any) -> list[float]:
    """The strengths to apply: the control's own, or those that spend each norm and each KL of the bench."""
    listed = tuple(getattr(control, "doses", ()))
    if listed:
        return [float(dose) for dose in listed]
    limit = float(getattr(control, "limit", np.inf))
    site, found, start = site_of(control), [], min(0.1, limit)

    def norm(strength: float) -> float:
        with control.applied(on.model, strength) as changed:
            return change_norm(on.model, changed, on.quiet.texts, site)

    def divergence(strength: float) -> float:
        with control.applied(on.model, strength) as changed:
            return on.quiet.cost(changed)[0]

    plans = [(norm, on.norms, 1.0, "norm")] if site is not None else []
    for spent, levels, order, kind in [*plans, (divergence, on.divergences, 2.0, "KL")]:
        start, before = min(found, default=start), 0.0
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


def _tried(on: Bench, control: Any, dose: float, pole: Pole) -> dict[str, Any] | None:
    try:
        return measured(on, control, dose)
    except WorkbenchError as error:
        on.notes.append(f"dose {dose:g} toward {pole}: {error}")
        return None


def measured(on: Bench, control: Any, dose: float) -> dict[str, Any]:
    """One dose: items' log-odds, what it spent in every kind of budget, what it cost elsewhere."""
    site, listed = site_of(control), getattr(control, "doses", ())
    with control.applied(on.model, dose) as changed:
        now = read(changed, on.items)
        kl, rise = on.quiet.cost(changed)
        able = on.around.able
        drop = able - accuracy(changed, on.around.choices) if able >= ABLE else np.nan
        norm = np.nan if site is None else change_norm(on.model, changed, on.quiet.texts, site)
        extra = added_tokens(on, changed) if listed else np.nan
    return {
        "strength": dose, "values": now.log_odds, "norm": norm, "kl": kl, "tokens": extra,
        "examples": dose if listed else np.nan, "nll_rise": rise, "choice_drop": drop,
        "incoherent": float((now.incoherent - on.base.incoherent).mean()),
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
    budgets = {kind: column[kind] for kind in ("norm", "kl", "examples", "tokens") if np.isfinite(column[kind]).any()}
    costs = {name: column[name] for name in ("nll_rise", "choice_drop", "incoherent")}
    return Curve(column["strength"], values, budgets, costs)
