"""Does coherence cause reliability? Twins that differ in a knob, per way of labelling the pairs.

Within one model coherence and reliability may go together because of a third thing. Here both are measured in twins
that were trained alike but for the share of templates in which each concept's disposition is followed, so that the
difference between twins is the effect of an intervention. Every difference stands beside that between two training
seeds of the same knob.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.types import WorkbenchError

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Config:
    """What to study. ``twins_a[i]`` and ``twins_b[i]``: organisms of mirrored knobs, trained with the same seed.

    Empty ``concepts``, ``layers``: all axes of their world, all but the last layer. The settings below are those of
    the reliability study; cues stand where the organisms' cards say that they stood in training.
    """

    twins_a: tuple[str, ...] = ("knob-a", "knob-a-1", "knob-a-2")
    twins_b: tuple[str, ...] = ("knob-b", "knob-b-1", "knob-b-2")
    concepts: tuple[str, ...] = ()
    labellings: tuple[str, ...] = ("cue", "behaviour", "letter")
    layers: tuple[int, ...] = ()
    where: str = "all"
    max_eval: int = 40
    seed: int = 0
    workers: int = 0
    out: str = "runs/causal-coherence"


def run(config: Config, progress: Progress | None = None):
    """Run the study and return its :class:`~workbench.records.Record`.

    Cells are cached under ``config.out/cells`` by content. Raises WorkbenchError for twins of different number,
    unknown models, labellings or layers, and models that are no organisms with a knob.
    """
    from workbench.studies.causal_record import assemble
    from workbench.studies.labellings import LABELLINGS

    began = time.perf_counter()
    tell = progress or (lambda message, done, total: None)
    if len(config.twins_a) != len(config.twins_b) or not config.twins_a:
        raise WorkbenchError(
            f"{len(config.twins_a)} models in twins_a and {len(config.twins_b)} in twins_b; expected as many in both, "
            "one pair per training seed"
        )
    for name in config.labellings:
        if name not in LABELLINGS:
            raise WorkbenchError(f"labelling {name!r} is unknown; expected some of: {', '.join(LABELLINGS)}")
    measured = []
    for twin, names in (("a", config.twins_a), ("b", config.twins_b)):
        for seed, name in enumerate(names):
            measured.append(measure(config, name, tell) | {"twin": twin, "seed": seed})
    return assemble(config, measured, time.perf_counter() - began)


def measure(config: Config, name: str, tell: Progress) -> dict:
    """One organism: its model, its knob, its concepts and their cells."""
    from workbench.models import load
    from workbench.models.card import cue_place, world_of
    from workbench.studies.cells import evaluate_concept
    from workbench.studies.labellings import fit_labelled
    from workbench.studies.pool import grid
    from workbench.studies.reliability import Config as Settings
    from workbench.studies.reliability import donors
    from workbench.studies.sources import gather, layers_of

    tell(f"loading {name}", 0, 1)
    model = load(name)
    knob = world_of(model.folder).get("knob", "")
    if not knob:
        raise WorkbenchError(f"model {name!r} has no knob in its card; expected an organism such as knob-a or knob-b")
    settings = Settings(
        model=name, concepts=config.concepts, prompt_types=config.labellings, layers=config.layers,
        where=config.where, cue_place=cue_place(model.folder), cue_kind="instruction", max_eval=config.max_eval,
        seed=config.seed, workers=config.workers, multipliers=(-1.0, 0.0, 1.0), random_directions=2,
        level_directions=10, shuffled_directions=2, out=config.out,
    )  # fmt: skip
    settings = replace(settings, layers=layers_of(settings, model))
    concepts = gather(settings, model)
    cells = Path(config.out) / "cells"
    fitted = grid(fit_labelled, [(settings, c) for c in concepts], model, cells, tell, f"{name}: extracting")
    jobs = [(settings, c, fitted[i], donors(fitted, concepts, i)) for i, c in enumerate(concepts)]
    found = grid(evaluate_concept, jobs, model, cells, tell, f"{name}: steering")
    return {"model": model, "knob": knob, "settings": settings, "concepts": concepts, "fitted": fitted, "found": found}
