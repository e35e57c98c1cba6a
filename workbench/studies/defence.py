"""Does a defence resist? The attack ladder on a defended model, toward both poles, with verdicts and certificates.

A defence is a control method toward the aligned pole (a one-sided floor, veto demonstrations). Every attack is searched
on one part of a concept's groups, with the same optimiser and budget for both poles and for the model with and without
the defence, and scored on another: what is retained of aligned and of unaligned control, tier by tier.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from workbench.studies.named import stands_for
from workbench.types import WorkbenchError, digest_of

Progress = Callable[[str, int, int], None]
PLACES = ("model", "concepts", "data", "out", "workers")
BEYOND = ("held_out", "trainability", "benign")  # cells of their own
DECLARED = "symmetry-v2"  # the protocol whose attack set is climbed where none is named


@dataclass(frozen=True)
class Config:
    """What to attack. ``concepts`` must be named (a ladder is long); empty ``attacks``: those of the protocol.

    ``defence`` is a control method, ``options`` its settings, ``dose`` its strength (0: 1 for a floor, and as many
    demonstrations as fit a context). ``kind`` and ``level`` are the budget, ``examples`` that of prompts, ``cap`` the
    largest rise of neutral NLL; ``levels`` climbs the ladder at several levels instead of the one. ``search`` and
    ``items`` are numbers of questions. ``curve`` holds the quantiles at which the floor is set for its trade-off curve.
    ``fresh`` attackers are drawn where ``random_search`` is among the attacks. Where no attack is named, ``protocol``
    declares them.

    Two conditions beyond the ladder are measured where they are asked for: ``held_out`` names concepts that the defence
    is not fitted on and that are attacked through it all the same; ``trainability`` a training method, by which the
    model is taught the aligned pole of the concept, and of the ``benign`` concepts, with and without the defence.
    """

    model: str = "persona"
    concepts: tuple[str, ...] = ("power", "shutdown")
    data: str = ""
    defence: str = "floor"
    options: dict = field(default_factory=dict)
    dose: float = 0.0
    attacks: tuple[str, ...] = ()
    kind: str = "norm"
    level: float = 0.2
    levels: tuple[float, ...] = ()
    examples: int = 2
    cap: float = 0.05
    draws: int = 6
    steps: int = 6
    fresh: int = 19
    search: int = 16
    items: int = 56
    neutral: int = 12
    curve: tuple[float, ...] = (0.05, 0.5, 0.95)
    held_out: tuple[str, ...] = ()
    trainability: str = ""
    benign: tuple[str, ...] = ()
    protocol: str = DECLARED
    seed: int = 0
    workers: int = 0
    out: str = "runs/defence"

    @cached_property
    def digest(self) -> str:
        """What decides the numbers of one cell, besides its concepts and model."""
        own = {k: v for k, v in vars(self).items() if k not in (*PLACES, *BEYOND)}
        named = stands_for([self.attacks, self.defence, self.options])
        return digest_of([own, named] if named else own)


def run(config: Config, progress: Progress | None = None):
    """Run the study and return its :class:`~workbench.records.Record`.

    An attack that raises becomes a line in the table ``failures``, and so does a concept; the rest is finished. Cells
    are cached under ``config.out/cells``. Raises WorkbenchError for an unknown model, defence, attack or budget, and
    where no concept could be measured.
    """
    from workbench.attacks import find_attack
    from workbench.controls import find_method
    from workbench.models import load
    from workbench.studies.defence_cells import attack_set, effort_of, ladder_cell
    from workbench.studies.defence_further import beyond, checked
    from workbench.studies.defence_record import assemble
    from workbench.studies.pool import grid
    from workbench.studies.sources import gather

    began = time.perf_counter()
    tell = progress or (lambda message, done, total: None)
    tell("loading model and concepts", 0, 1)
    if not config.concepts and not config.data:
        raise WorkbenchError("no concept was named; a ladder is long: name one to three, as --concepts power,shutdown")
    if config.defence:
        find_method(config.defence)
    config = replace(config, attacks=attack_set(config))
    for name in config.attacks:
        find_attack(name)
    climbs = at_levels(config)
    for one in climbs:
        effort_of(one)
    checked(config)
    model = load(config.model)
    jobs: list[tuple[Any, ...]] = [(one, concept) for one in climbs for concept in gather(config, model)]
    folder = Path(config.out) / "cells"
    cells: list[Mapping] = list(grid(ladder_cell, jobs, model, folder, tell, "attacking"))
    found = [(one, concept, cell) for (one, concept), cell in zip(jobs, cells, strict=True)]
    further = beyond(config, model, jobs, folder, tell)
    return assemble(config, model, found, further, time.perf_counter() - began)


def at_levels(config: Config) -> list[Config]:
    """The study at each level of its norm ladder, ascending; itself where there is one level only."""
    return [replace(config, level=level, levels=()) for level in sorted(set(config.levels))] or [config]
