"""The main job: is steering reliable, and is control symmetric? Both questions on one model, in one report.

The reliability study as it is, and beside it a short symmetry study: one method of every family (a vector, an erasure,
an instruction, answered examples) toward both poles at matched budgets, with verdicts. The record holds the tables of
both, those of the second under names that begin with ``symmetry_``; the second's own record lies in ``out/symmetry``.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from workbench.studies import reliability, symmetry
from workbench.types import WorkbenchError

Progress = Callable[[str, int, int], None]
PLACEBOS = ("art", "music", "science", "sports")


@dataclass(frozen=True)
class Config(reliability.Config):
    """The settings of the reliability study, and of the symmetric part: its ``methods`` (empty: the protocol's), its
    ``protocol``, and the value-free concepts that stand ``beside`` the value concepts where no concept is named.
    """

    methods: tuple[str, ...] = ()
    protocol: str = "symmetry-brief-v1"
    beside: tuple[str, ...] = PLACEBOS
    out: str = "runs/overview"


def run(config: Config, progress: Progress | None = None):
    """Run both studies and return the :class:`~workbench.records.Record` of both together.

    Cells are cached under ``config.out``. Raises WorkbenchError for an unknown model, concept, prompt type, layer,
    method or protocol. Where no method reaches any budget on both poles, the reliability part stands alone and a
    warning says why.
    """
    from workbench.studies.assemble import assemble
    from workbench.studies.overview_record import together

    began = time.perf_counter()
    tell = progress or (lambda message, done, total: None)
    second = symmetric(config)
    symmetry.check(second)
    found = reliability.measured(plain(config), tell)
    with ThreadPoolExecutor(1) as beside:
        # the tables keep one core busy for a while; the other one measures
        waiting = beside.submit(controlled, second, tell)
        first = assemble(*found, 0.0)
        other, reason = waiting.result()
    settings = replace(config, layers=found[0].layers, cue_place=found[0].cue_place)
    return together(settings, first, other, reason, time.perf_counter() - began)


def plain(config: Config) -> reliability.Config:
    """The settings of the reliability study alone, so that its cells are those of ``workbench study reliability``."""
    values = asdict(config)
    return reliability.Config(**{field.name: values[field.name] for field in fields(reliability.Config)})


def symmetric(config: Config) -> symmetry.Config:
    """The settings of the symmetric part: no other frames, no other concepts' shifts."""
    return symmetry.Config(
        model=config.model, methods=config.methods, concepts=config.concepts or chosen(config), data=config.data,
        protocol=config.protocol, seed=config.seed, off_axis=0, frames=(), workers=config.workers,
        engine=config.engine, address=config.address, gpus=config.gpus, out=str(Path(config.out) / "symmetry"),
    )  # fmt: skip


def chosen(config: Config) -> tuple[str, ...]:
    """The value concepts and those beside them; none named where a data folder or the model's own world has them."""
    from workbench.concepts import list_concepts
    from workbench.models.loading import folder_of

    if config.data or (Path(folder_of(config.model)) / "world.toml").exists():
        return ()
    return (*list_concepts("value"), *config.beside)


def controlled(config: symmetry.Config, tell: Progress):
    """(record of the symmetric part, ""), or (None, the reason why there is none)."""
    from workbench.records import save

    try:
        record = symmetry.run(config, tell)
    except WorkbenchError as error:
        return None, str(error)
    save(record, config.out)
    return record, ""
