"""The cells of a defence study beyond its ladder: concepts it was not fitted on, and training for good through it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from workbench.attacks import (
    ALLOWED,
    FURTHER,
    HOLDS,
    OPEN,
    RESISTANT,
    Ladder,
    Learned,
    at_most,
    held_out,
    learned,
    steps_ratio,
)
from workbench.attacks.asymmetric import RESISTED, overall, sayable
from workbench.attacks.certificate import interval
from workbench.controls.find import trains
from workbench.models import Model
from workbench.studies.defence_cells import climbed, in_force, ladder_of, parts, plain
from workbench.studies.pool import grid
from workbench.studies.sources import gather
from workbench.studies.symmetry_tables import flat
from workbench.symmetry import Retention
from workbench.types import Concept, Effect, WorkbenchError

Tell = Callable[[str, int, int], None]


class Held(NamedTuple):
    """The ladder on ``other`` through the defence of ``concept``, at one level."""

    concept: str
    level: float
    other: str
    ladder: Ladder


class Further(NamedTuple):
    """What was measured beyond the ladder, and what could not be: (concept, level, condition, line)."""

    held: tuple[Held, ...] = ()
    trained: tuple[tuple[str, Learned], ...] = ()
    lost: tuple[tuple[str, float, str, str], ...] = ()

    def ladders(self, concept: str, level: float) -> list[Ladder]:
        """The ladders on other concepts through a concept's defence."""
        return [one.ladder for one in self.held if (one.concept, one.level) == (concept, level)]

    def tasks(self, concept: str) -> list[Learned]:
        """What was taught through a concept's defence."""
        return [task for name, task in self.trained if name == concept]


def checked(config) -> None:
    """WorkbenchError for settings of these cells that cannot be measured."""
    if config.trainability and not trains(config.trainability):
        raise WorkbenchError(
            f"trainability = {config.trainability!r} does not train in steps; expected lora, full_tuning or dpo"
        )
    if config.benign and not config.trainability:
        raise WorkbenchError("benign concepts came without a training; say trainability=lora as well")
    if (config.held_out or config.trainability) and not config.defence:
        raise WorkbenchError("held_out and trainability are conditions of a defence; name one, as --defence floor")


def beyond(config, model: Model, jobs: Sequence[tuple[Any, Concept]], folder: Path, tell: Tell) -> Further:
    """Both conditions where the study asks for them; ``jobs`` are the ladder's (settings at a level, concept)."""
    others, benign = (named(config, model, names) for names in (config.held_out, config.benign))
    held = [(one, concept, other) for one, concept in jobs for other in others if other.name != concept.name]
    taught = [(one, concept, task, config.trainability) for one, concept in jobs if one.level == jobs[0][0].level
              for task in (concept, *benign)] if config.trainability else []  # fmt: skip
    climbs = list(zip(held, grid(held_cell, held, model, folder, tell, "held-out concepts of"), strict=True))
    lessons = list(zip(taught, grid(learn_cell, taught, model, folder, tell, "training through"), strict=True))
    lost = [(c.name, one.level, FURTHER[0], f"held-out {o.name}: {cell['failed']}") for (one, c, o), cell in climbs
            if "failed" in cell]  # fmt: skip
    lost += [(c.name, one.level, FURTHER[1], f"{how} on {t.name}: {cell['failed']}") for (one, c, t, how), cell in
             lessons if "failed" in cell]  # fmt: skip
    return Further(
        tuple(Held(c.name, one.level, o.name, ladder_of(cell)) for (one, c, o), cell in climbs if "failed" not in cell),
        tuple((c.name, learned_of(cell)) for (_, c, _, _), cell in lessons if "failed" not in cell),
        tuple(lost),
    )


def named(config, model: Model, names: tuple[str, ...]) -> list[Concept]:
    """Further concepts from where the study has its own."""
    return gather(type(config)(concepts=names, data=config.data), model) if names else []


def held_cell(model: Model, config, concept: Concept, other: Concept) -> dict:
    """The ladder on ``other`` through the defence of ``concept`` as plain JSON, or the line that says why not."""
    try:
        own, split = parts(concept, config), parts(other, config)
        with in_force(model, config, (own[0], *split[1:])) as defended:
            return plain(climbed(model, defended, config, split)[2])
    except WorkbenchError as error:
        return {"failed": str(error)}


def learn_cell(model: Model, config, concept: Concept, task: Concept, method: str) -> dict:
    """``task`` taught with and without the defence of ``concept`` as plain JSON, or the line that says why not."""
    try:
        own, (fit, _, items) = parts(concept, config), parts(task, config)
        with in_force(model, config, own) as defended:
            found = learned((model, defended.model), fit, items, method, config.seed)
    except WorkbenchError as error:
        return {"failed": str(error)}
    return {"task": found.task, "steps": list(found.steps), "bare": found.bare.tolist(),
            "defended": found.defended.tolist()}  # fmt: skip


def learned_of(cell: Mapping) -> Learned:
    """What :func:`learn_cell` wrote."""
    bare, defended = (np.array(cell[name], dtype=np.float64) for name in ("bare", "defended"))
    return Learned(cell["task"], tuple(cell["steps"]), bare, defended)


def states(found: Further, members: Sequence[tuple[str, float]], tier: str) -> dict[str, str]:
    """The conditions that were measured for every (concept, level): each has to hold for all of them."""
    each = [state(found, name, level, tier) for name, level in members]
    return {name: overall([one[name] for one in each]) for name in FURTHER if all(name in one for one in each)}


def state(found: Further, concept: str, level: float, tier: str) -> dict[str, str]:
    """The conditions of one concept's defence, as far as measured; what could not be run is not said to hold."""
    out = {}
    kept = kept_elsewhere(found, concept, level, tier)
    if kept:
        out["generalisation"] = overall([at_most(one.unaligned, RESISTANT) for one in kept.values()])
    tasks = found.tasks(concept)
    if tasks:
        out["trainability"] = overall([at_most(steps_ratio([task]), ALLOWED) for task in tasks])
    short = {what for name, at, what, _ in found.lost if name == concept and (what in FURTHER[1:] or at == level)}
    return {name: OPEN if name in short and how == HOLDS else how for name, how in out.items()}


def kept_elsewhere(found: Further, concept: str, level: float, tier: str) -> dict[str, Retention]:
    """Retention on each held-out concept; none where on one of them no attack up to the tier was measured."""
    ladders = found.ladders(concept, level)
    return {one.concept: held_out(one, tier) for one in ladders} if all(one.upto(tier) for one in ladders) else {}


def words(found: Further, concept: str, level: float, tier: str) -> tuple[str, ...]:
    """What a certificate says of the conditions beyond the ladder."""
    lines = [
        f"On {name}, which the defence was not fitted on, best responses keep {interval(kept.aligned)} of aligned and "
        f"{interval(kept.unaligned)} of unaligned control."
        for name, kept in kept_elsewhere(found, concept, level, tier).items()
    ]
    for task in found.tasks(concept):
        ratio = interval(steps_ratio([task]))
        lines.append(f"Taught the aligned pole of {task.task}, the model needs {ratio} times the steps that it needs "
                     "without the defence.")  # fmt: skip
    return tuple(lines)


def held_rows(found: Further) -> list[dict]:
    """One row per defence × held-out concept × tier: what is kept of each pole's control."""
    rows = []
    for one in found.held:
        for tier in one.ladder.tiers:
            kept = held_out(one.ladder, tier)
            rows.append({"concept": one.concept, "level": one.level, "held_out": one.other, "tier": tier,
                         **flat("retained_aligned", kept.aligned), **flat("retained_unaligned", kept.unaligned),
                         **flat("selectivity", kept.selectivity),
                         "generalisation": sayable(at_most(kept.unaligned, RESISTANT), RESISTED, [one.ladder],
                                                   tier)})  # fmt: skip
    return rows


def trained_rows(found: Further) -> list[dict]:
    """One row per defence × task × number of steps: gains without and with it, and the ratio of steps."""
    rows = []
    for concept, task in found.trained:
        ratio: Effect = steps_ratio([task])
        told = flat("steps_ratio", ratio) | {"trainability": at_most(ratio, ALLOWED)}
        for step, bare, defended in zip(task.steps, task.bare.T, task.defended.T, strict=True):
            rows.append({"concept": concept, "task": task.task, "steps": step, "gain_bare": float(bare.mean()),
                         "gain_defended": float(defended.mean()), **told})  # fmt: skip
    return rows
