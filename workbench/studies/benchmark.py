"""The symmetry benchmark: a plan of organisms, methods and concepts, one table of verdicts, resumable.

Every part of the plan is a symmetry study with a record of its own; this one gathers their results. Organisms without
weights, and parts that cannot be measured, are lines in the table of what is missing; the rest is finished.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workbench.types import WorkbenchError

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Config:
    """What to run. Empty ``parts`` and ``organisms``: all of the plan; a plan is a shipped one, or a TOML file."""

    plan: str = "symmetry-v1"
    parts: tuple[str, ...] = ()
    organisms: tuple[str, ...] = ()
    workers: int = 0
    out: str = "runs/benchmark"


def run(config: Config, progress: Progress | None = None):
    """Run what the plan says and return the :class:`~workbench.records.Record` of all parts together.

    Each part is kept under ``config.out/<organism>-<part>``, cell by cell, so the same call goes on where it was.
    WorkbenchError for an unknown plan, part or organism, and where no part could be measured.
    """
    from workbench.studies.benchmark_plan import load_plan, without_weights
    from workbench.studies.benchmark_record import assemble, line_of

    began = time.perf_counter()
    tell = progress or (lambda message, done, total: None)
    plan = load_plan(config.plan)
    jobs = plan.jobs(config.parts, config.organisms)
    reasons = [without_weights(organism) for organism, _ in jobs]
    measurable = [job for job, reason in zip(jobs, reasons, strict=True) if not reason]
    minutes = sum(plan.cost(*job) for job in measurable) / 60 / plan.processes
    tell(f"planned: {minutes:.0f} minutes on {plan.processes} cores", 0, len(measurable))
    lines, records = [], {}
    for (organism, part), reason in zip(jobs, reasons, strict=True):
        name = f"{organism}-{part.name}"
        if not reason:
            try:
                records[name] = measured(config, plan, organism, part, tell)
            except WorkbenchError as error:
                reason = str(error)
        lines.append(line_of(plan, organism, part, reason))
    if not records:
        raise WorkbenchError(f"no part could be measured; the first line: {lines[0]['line'] if lines else 'no part'}")
    return assemble(config, plan, lines, records, time.perf_counter() - began)


def measured(config: Config, plan, organism: str, part, tell: Progress):
    """The record of one part on one organism, kept beside its cells."""
    from workbench.records import save
    from workbench.studies import symmetry

    frames = {} if part.frames is None else {"frames": part.frames}
    settings = symmetry.Config(
        model=organism, methods=part.methods, concepts=part.concepts, protocol=plan.protocol, items=part.items,
        off_axis=part.off_axis, workers=config.workers or plan.processes,
        out=str(Path(config.out) / f"{Path(organism).name}-{part.name}"), **frames,
    )  # fmt: skip
    record = symmetry.run(settings, lambda text, done, total: tell(f"{organism}, {part.name}: {text}", done, total))
    save(record, settings.out)
    return record
