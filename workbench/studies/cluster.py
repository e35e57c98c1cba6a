"""Cells of a study as tasks of a Ray cluster: computed wherever there is room, written where the study runs.

Cells come back as plain JSON and are filed by content, as those of the in-process run: the record is the same one. A
worker that dies costs its own cell, which is computed again elsewhere; a second run does no finished cell again. The
workers need the workbench installed, and must find the model under the same name.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from workbench.studies.pool import model_of, write
from workbench.types import WorkbenchError

# a cell is computed again so many times when its worker is lost, before the study gives up on it
TRIES = 3


def on_ray(
    function: Callable, jobs: Sequence[tuple[Any, ...]], todo: list[int], model, paths: list[Path]
) -> Iterator[int]:
    """Compute the missing cells on a cluster; yields their indices as they are written.

    The first argument of a job is the study's configuration: ``address`` of the cluster (empty: workers on this
    machine, as many as ``workers``) and ``gpus`` per cell; several split a model. A WorkbenchError where ray is not
    installed, the model cannot be loaded by name, or a cell was lost too often; whatever was finished before is kept.
    """
    config = jobs[0][0]
    source = "" if model.hooks else model.source
    if not source:
        raise WorkbenchError(f"engine 'ray' got {model.name}, which no worker can load; give a name or a folder")
    ray = connected(getattr(config, "address", ""), config.workers)
    gpus = float(getattr(config, "gpus", 0.0))
    task = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=TRIES)(cell)
    device, dtype = "auto" if gpus > 1 else "cuda" if gpus else "", str(model.dtype).rpartition(".")[2]
    waiting = {task.remote(function, (source, device, dtype, model.digest), jobs[i]): i for i in todo}
    try:
        while waiting:
            (done,), _ = ray.wait(list(waiting), num_returns=1)
            index = waiting.pop(done)
            write(paths[index], result(ray, done, index))
            yield index
    finally:
        for task in waiting:
            ray.cancel(task, force=False)


def result(ray: Any, done: Any, index: int) -> dict:
    """What a task returned; its own error as it was raised, a lost worker as a WorkbenchError."""
    try:
        return ray.get(done)
    except ray.exceptions.RayTaskError as error:
        raise error.cause if isinstance(getattr(error, "cause", None), WorkbenchError) else error from None
    except ray.exceptions.RayError as error:
        raise WorkbenchError(
            f"cell {index} was lost {TRIES + 1} times with its worker ({type(error).__name__}): does "
            "it fit a worker's memory? Finished cells are kept; run again to go on"
        ) from error


def connected(address: str, workers: int) -> Any:
    """Ray, connected: to the cluster at an address, or to workers of this machine."""
    try:
        import ray
    except ImportError as error:
        raise WorkbenchError("engine 'ray' needs ray: pip install 'asymmetric-control-workbench[cluster]'") from error
    if ray.is_initialized():
        return ray
    quiet = {"log_to_driver": False, "configure_logging": False}
    try:
        if address:
            ray.init(address=address, **quiet)
        else:
            ray.init(num_cpus=workers or None, include_dashboard=False, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise WorkbenchError(
            f"no Ray cluster at {address or 'this machine'!r}: {str(error).splitlines()[0]}; "
            "start one with 'ray start --head' and give its address"
        ) from error
    return ray


def cell(function: Callable, loading: tuple[str, str, str, str], job: tuple) -> dict:
    """One cell in a worker; the model is loaded once per worker, and must be the one the study was planned with."""
    source, device, dtype, digest = loading
    model = model_of(source, device, dtype)
    if model.digest != digest:
        raise WorkbenchError(
            f"a worker loaded another model under {source!r} (digest {model.digest}, expected "
            f"{digest}); put the same files on every machine"
        )
    return function(model, *job)
