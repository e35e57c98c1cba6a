"""Run the independent cells of a study: in this process or over local processes, each cell cached by content."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from workbench.studies.named import stands_for
from workbench.types import digest_of

# glibc gives memory of this size back after every product and faults it in again; its workers keep it (12 % less time)
ALLOCATION = {"MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**33), "MALLOC_TOP_PAD_": str(2**28)}
# a worker that has grown by this much is replaced by joblib, and loads everything anew; its own limit is 300 MB
GROWTH = 2**30

Tell = Callable[[str, int, int], None]


def cell_key(function: Callable, arguments: Sequence[Any], model_digest: str) -> str:
    """What a cell's result depends on: the function, its inputs' contents, and the model."""
    return digest_of([function.__module__, function.__name__, [content(a) for a in arguments], model_digest])


def content(value: Any) -> Any:
    """The identity of an argument: a concept's digest, a configuration's deciding part, or the value itself."""
    from workbench.studies.reliability import Config, settings

    if isinstance(value, Config):
        return settings(value)
    if isinstance(value, list | tuple):
        return [content(v) for v in value]
    found = stands_for(value) if isinstance(value, str) else []
    return [value, found] if found else getattr(value, "digest", value)


def grid(function: Callable, jobs: Sequence[tuple[Any, ...]], model, cells: Path, tell: Tell, label: str) -> list[dict]:
    """``function(model, *job)`` for every job, in order; results are plain JSON and kept under ``cells``.

    A cell that is already there is read, not computed, unless it says that something unforeseen kept it from being
    measured (``again``: a full disk need not be full tomorrow); no jobs give no results. With more than one worker, and
    a model that can be loaded again by name, cells run in local processes of one thread each; with the engine "ray",
    on its workers.
    """
    cells.mkdir(parents=True, exist_ok=True)
    paths = [cells / f"{function.__name__}-{cell_key(function, job, model.digest)}.json" for job in jobs]
    todo = [i for i, path in enumerate(paths) if not measured(path)]
    done = len(jobs) - len(todo)
    tell(label, done, len(jobs))
    for index in _run(function, jobs, todo, model, paths):
        done += 1
        tell(f"{label} {jobs[index][1].name}", done, len(jobs))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def measured(path: Path) -> bool:
    """Whether a cell is there, and is not to be tried again."""
    return path.exists() and not json.loads(path.read_text(encoding="utf-8")).get("again", False)


def _run(
    function: Callable, jobs: Sequence[tuple[Any, ...]], todo: list[int], model, paths: list[Path]
) -> Iterator[int]:
    """Compute the missing cells; yields their indices as they are written."""
    if not todo:
        return
    if getattr(jobs[0][0], "engine", "local") == "ray":
        from workbench.studies.cluster import on_ray

        yield from on_ray(function, jobs, todo, model, paths)
        return
    workers = jobs[0][0].workers or min(os.cpu_count() or 1, len(todo))
    source = "" if model.hooks else model.source
    if workers == 1 or not source or len(todo) < 2:
        for i in todo:
            write(paths[i], function(model, *jobs[i]))
            yield i
        return
    from joblib import Parallel, delayed

    for name, value in ALLOCATION.items():
        os.environ.setdefault(name, value)
    calls = (delayed(in_worker)(function, source, jobs[i], paths[i], i) for i in todo)
    yield from cast(Iterable[int], Parallel(n_jobs=workers, return_as="generator_unordered")(calls))


def in_worker(function: Callable, source: str, job: tuple, path: Path, index: int) -> int:
    """One cell in a worker process; the model is loaded once per process."""
    from joblib.externals.loky import process_executor

    executor: Any = process_executor
    executor._MAX_MEMORY_LEAK_SIZE = GROWTH  # memory that is kept on purpose (ALLOCATION) is no leak
    write(path, function(model_of(source), *job))
    return index


@lru_cache(maxsize=1)
def model_of(source: str, device: str = "", dtype: str = ""):
    """The model of a worker process, loaded once, on one thread; ``device`` and ``dtype`` where they are not usual."""
    import torch

    from workbench.models import load

    torch.set_num_threads(1)
    if not device:
        return load(source)
    return load(source, device=device, dtype=getattr(torch, dtype))


def write(path: Path, result: dict) -> None:
    """Write a cell beside its place and rename it: never half a cell."""
    aside = path.with_suffix(f".{os.getpid()}.tmp")
    aside.write_text(json.dumps(result, allow_nan=True), encoding="utf-8")
    aside.replace(path)
