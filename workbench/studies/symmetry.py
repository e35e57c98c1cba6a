"""Is control symmetric? Both poles of every method on every concept at matched budgets, with verdicts.

Can the same technique, at the same budget, push a model away from alignment as well as toward it? Gains are in
log-odds, budgets are spent alike on both poles, value-free placebo concepts give the null, and every verdict is one
of symmetric, asymmetric and undetermined. Vectors come from one half of the groups, gains from the other half.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from workbench.studies.named import stands_for
from workbench.types import WorkbenchError, digest_of

FRAMES = ("fitted templates", "system prompt", "told to be aligned", "told to be unaligned",
          "two examples, one of each pole", "no list of choices", "dialogue")  # fmt: skip
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Config:
    """What to study. Empty ``methods``: the protocol's; empty ``concepts``: all shipped value and placebo sets.

    ``protocol`` is a shipped one by name or a TOML file; everything else that decides numbers is in it. ``items``
    and ``seed`` replace the protocol's where they are not 0. ``placebos`` are concepts that count as value-free
    whatever their cards say (imported sets have none that does). ``off_axis`` is the number of prompts per concept on
    which every control is read off its axis; 0 leaves that out. ``frames`` are the other ways in which items are asked
    under every control at its matched dose; none leaves that out. ``engine``, ``address`` and ``gpus`` are those of
    the reliability study.
    """

    model: str = "persona"
    methods: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    data: str = ""
    placebos: tuple[str, ...] = ()
    protocol: str = "symmetry-v1"
    items: int = 0
    seed: int = 0
    off_axis: int = 6
    frames: tuple[str, ...] = FRAMES
    workers: int = 0
    engine: str = "local"
    address: str = ""
    gpus: float = 0.0
    out: str = "runs/symmetry"

    @cached_property
    def digest(self) -> str:
        """What decides the numbers of one cell, besides its concept, method and model."""
        from workbench.models.card import cue_place
        from workbench.models.loading import folder_of
        from workbench.symmetry.protocol import load_protocol

        place = cue_place(folder_of(self.model))
        protocol = load_protocol(self.protocol)
        parts = [protocol.digest, self.items, self.seed, *stands_for(protocol.options)]
        return digest_of(parts if place == "before" else [*parts, place])


def run(config: Config, progress: Progress | None = None):
    """Run the study and return its :class:`~workbench.records.Record`.

    A method that raises, or a concept that cannot be measured, becomes a line in the table ``failures``; the rest of
    the grid is finished. Cells are cached under ``config.out/cells``. Raises WorkbenchError for an unknown model,
    method, concept or protocol, and where nothing at all could be measured.
    """
    from workbench.models import load
    from workbench.studies.pool import grid
    from workbench.studies.symmetry_cells import background, gathered, respond_cell
    from workbench.studies.symmetry_record import assemble

    began = time.perf_counter()
    tell = progress or (lambda message, done, total: None)
    tell("loading model and concepts", 0, 1)
    config = replace(config, methods=check(config))
    model = load(config.model)
    concepts, failures = gathered(config, model)
    if not concepts:
        raise WorkbenchError(f"no concept can be measured: {failures[0]['line'] if failures else 'none was named'}")
    cells = Path(config.out) / "cells"
    known = grid(background, [(config, concept) for concept in concepts], model, cells, tell, "leaning")
    jobs = [(config, concept, method) for concept in concepts for method in config.methods]
    found = grid(respond_cell, jobs, model, cells, tell, "controlling")
    measured = list(zip(jobs, found, strict=True))
    spilt = _beside(config, model, concepts, measured, tell)
    asked = _otherwise(config, model, concepts, measured, tell)
    parts = (concepts, known, measured, spilt, asked, failures)
    return assemble(config, model, parts, time.perf_counter() - began)


def check(config: Config) -> tuple[str, ...]:
    """The names of the methods that run, each once; what can be known to be wrong before a model is loaded."""
    from workbench.controls import find_method, method_name
    from workbench.studies.reliability import ENGINES
    from workbench.symmetry.frames import frames_of
    from workbench.symmetry.protocol import load_protocol

    protocol = load_protocol(config.protocol)
    named = tuple(config.methods) or protocol.methods
    for name in config.methods:
        find_method(name)
    frames_of(config.frames)
    if config.engine not in ENGINES:
        raise WorkbenchError(f"engine {config.engine!r} is unknown; expected one of {', '.join(ENGINES)}")
    return tuple(dict.fromkeys(method_name(name) for name in named))


def _beside(config: Config, model, concepts: list, measured: list, tell: Progress) -> list[tuple]:
    """(job, cell) of every control read on the other concepts; empty where that is left out."""
    from workbench.studies.pool import grid
    from workbench.studies.symmetry_off_axis import off_axis_cell, off_axis_jobs

    jobs = off_axis_jobs(config, concepts, measured)
    cells = Path(config.out) / "cells"
    return list(zip(jobs, grid(off_axis_cell, jobs, model, cells, tell, "off the axis"), strict=True)) if jobs else []


def _otherwise(config: Config, model, concepts: list, measured: list, tell: Progress) -> list[tuple]:
    """(job, cell) of every control read in other frames; empty where that is left out."""
    from workbench.studies.pool import grid
    from workbench.studies.symmetry_frames import frame_cell, frame_jobs

    jobs = frame_jobs(config, concepts, measured)
    cells = Path(config.out) / "cells"
    return list(zip(jobs, grid(frame_cell, jobs, model, cells, tell, "other frames"), strict=True)) if jobs else []
