"""Steering reliability against direction coherence: concept × prompt type × layer.

In which direction does each concept point, how coherent is that direction, how reliably does steering along
it work, on whom does it backfire, and does coherence predict reliability? Vectors come from one half of the
groups, effects from the other half's bare questions; every effect stands beside random, shuffled-label and
transplanted directions of the same norm.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from workbench.prompts import PROMPT_TYPES
from workbench.types import Concept, WorkbenchError

Progress = Callable[[str, int, int], None]
ENGINES = ("local", "ray")
# settings that say where and by what means a study runs, not what it finds
MEANS = ("out", "workers", "engine", "address", "gpus")
MULTIPLIERS = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)


@dataclass(frozen=True)
class Config:
    """What to study. Empty ``concepts``, ``layers`` mean: all that fit the model, all but the last layer.

    ``toward``: the pole that positive multipliers push to; "trait" is the pole that has the trait, as in the
    published studies of persona sets. ``where``: the positions that the vector is added to. ``max_eval`` prompts are
    steered along own, matched and transplanted directions, ``max_band`` of them along those that make a band (random,
    shuffled). ``cue_place``: before or after the options, "auto" is where the model's card says that cues stood in
    training, else before. ``engine``: "local" for processes of this machine, "ray" for the workers of the cluster at
    ``address`` with ``gpus`` per cell.
    """

    model: str = "persona"
    concepts: tuple[str, ...] = ()
    data: str = ""
    prompt_types: tuple[str, ...] = PROMPT_TYPES
    layers: tuple[int, ...] = ()
    method: str = "mean_difference"
    toward: str = "aligned"
    where: str = "all"
    cue_place: str = "auto"
    cue_kind: str = "instruction"
    multipliers: tuple[float, ...] = MULTIPLIERS
    random_directions: int = 8
    level_directions: int = 20
    shuffled_directions: int = 2
    max_pairs: int = 60
    max_shot_pairs: int = 20
    max_eval: int = 60
    max_band: int = 16
    seed: int = 0
    workers: int = 0
    engine: str = "local"
    address: str = ""
    gpus: float = 0.0
    out: str = "runs/reliability"


def run(config: Config, progress: Progress | None = None):
    """Run the study and return its :class:`~workbench.records.Record`.

    Cells are cached under ``config.out/cells`` by content, so that an interrupted run goes on where it was.
    Raises WorkbenchError for an unknown model, concept, prompt type or layer.
    """
    from workbench.studies.assemble import assemble

    began = time.perf_counter()
    found = measured(config, progress or (lambda message, done, total: None))
    return assemble(*found, time.perf_counter() - began)


def measured(config: Config, tell: Progress) -> tuple[Config, Any, list[Concept], list[dict], list[dict]]:
    """(settings in full, model, concepts, fitted cells, measured cells): what a record is assembled from."""
    from workbench.models import load
    from workbench.studies.cells import evaluate_concept, fit_concept
    from workbench.studies.pool import grid
    from workbench.studies.sources import gather, layers_of, place_of

    tell("loading model and concepts", 0, 1)
    check(config)
    model = load(config.model)
    config = replace(config, layers=layers_of(config, model), cue_place=place_of(config, model))
    concepts = gather(config, model)
    cells = Path(config.out) / "cells"
    fitted = grid(fit_concept, [(config, c) for c in concepts], model, cells, tell, "extracting")
    jobs = [(config, c, fitted[i], donors(fitted, concepts, i)) for i, c in enumerate(concepts)]
    return config, model, concepts, fitted, grid(evaluate_concept, jobs, model, cells, tell, "steering")


def check(config: Config) -> None:
    """What can be known to be wrong before a model is loaded: WorkbenchError."""
    from workbench.concepts import load_concept
    from workbench.organisms.microworld import axes

    for name in config.prompt_types:
        if name not in PROMPT_TYPES:
            raise WorkbenchError(f"prompt type {name!r} is unknown; expected some of: {', '.join(PROMPT_TYPES)}")
    if config.engine not in ENGINES:
        raise WorkbenchError(f"engine {config.engine!r} is unknown; expected one of {', '.join(ENGINES)}")
    if not config.data:
        for name in config.concepts:
            if name not in axes():
                load_concept(name)


def donors(fitted: list[dict], concepts: list[Concept], index: int) -> list[dict]:
    """The concepts whose vectors are transplanted onto concept ``index``: two others, far apart in the list."""
    n = len(fitted)
    if n < 2:
        return []
    offsets = dict.fromkeys(((index + max(1, n // 3)) % n, (index + max(1, 2 * n // 3)) % n))
    return [{"name": concepts[k].name, "directions": fitted[k]["directions"]} for k in offsets if k != index]


def settings(config: Config) -> dict:
    """The part of the configuration that decides numbers (not where they are written, nor by how many workers)."""
    return {k: v for k, v in asdict(config).items() if k not in (*MEANS, "concepts", "data")}
