"""One process per way: started together, then asked in turn, so that a busy minute hits all of them."""

import contextlib
import inspect
import multiprocessing
import os
import re
import time
import traceback
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.tasks import ROWS, Task, task

# what every process needs is imported once, in the server that they are forked from
PRELOAD = ["torch", "transformers", "transformer_lens", "workbench.sweep", "workbench.activations"]
# functions of a way that are the user's own code
PLAIN = {"slopes": ("steer", "slopes")}


@dataclass(frozen=True)
class Measured:
    """One repetition: CPU and wall seconds and peak memory in MiB of what was run, the share of the row that it was.

    ``scale`` is the whole row divided by what was run; seconds are to be multiplied by it, memory is not.
    """

    cpu: float
    wall: float
    peak: float
    scale: float
    found: dict[str, np.ndarray] = field(default_factory=dict, repr=False)


def measure(model: str, row: str, ways: list[str], repeats: int, quick: bool) -> dict[str, list[Measured] | str]:
    """Every repetition of every way, by its name; a text says why a way could not run."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    pipes, results = {}, {way: [] for way in ways}
    for way in ways:
        ours, theirs = context.Pipe()
        context.Process(target=serve, args=(theirs, model, row, way, quick), daemon=True).start()
        pipes[way] = ours
    for way, pipe in pipes.items():
        said = pipe.recv()
        if said != "ready":
            results[way] = said
    for repetition in range(repeats):
        for way, pipe in pipes.items():
            if isinstance(results[way], list):
                pipe.send(repetition)
                answer = pipe.recv()
                results[way] = answer if isinstance(answer, str) else [*results[way], answer]
    for pipe in pipes.values():
        with contextlib.suppress(OSError):
            pipe.send(None)
    return results


def serve(pipe: Any, model: str, row: str, way: str, quick: bool) -> None:
    """The process of one way: loads, warms up, then runs a repetition whenever it is told its number."""
    try:
        whole = task(model, row, quick)
        code = import_module(f"benchmarks.ways.{way}")
        ready = code.load(whole)
        verb = getattr(code, ROWS[row][0])
        verb(ready, replace(whole, pairs=2, layers=whole.layers[-1:], kinds=whole.kinds[:1], directions=1))
        pipe.send("ready")
        for repetition in iter(pipe.recv, None):
            pipe.send(timed(verb, ready, whole, whole.part(way, repetition)))
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:160])
        if os.environ.get("BENCH_DEBUG"):
            traceback.print_exc()


def timed(verb: Any, ready: Any, whole: Task, part: Task) -> Measured:
    """One repetition. Prompts are made before the clock starts."""
    prepared = (part.concept, part.steps, part.named, part.shots, part.prompts, part.answers)
    del prepared
    forget_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    found = verb(ready, part)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Measured(cpu, wall, peak_memory(), whole.units / part.units, found)


def matmul_speed(size: int = 1536, seconds: float = 2.0) -> float:
    """What the processor can do at best: GFLOP per CPU second of float32 matrix products."""
    import torch

    a, done = torch.randn(size, size), 0
    a @ a
    began = time.process_time()
    while time.process_time() - began < seconds:
        a @ a
        done += 1
    return done * 2 * size**3 / (time.process_time() - began) / 1e9


def forget_peak() -> None:
    """Begin the kernel's high-water mark anew, where it can be."""
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def peak_memory() -> float:
    """The most memory of this process since :func:`forget_peak`, model and libraries included, in MiB."""
    try:
        with open("/proc/self/status") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read())[1]) / 1024
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def deviation(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    """The largest difference between two ways' numbers, over what both of them computed."""
    worst = float("nan")
    for key in one.keys() & other.keys():
        a, b = aligned(one[key], other[key])
        worst = float(np.nanmax([worst, np.abs(a - b).max()]))
    return worst


def aligned(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The common rows: of activations the first pairs of both poles, where one has fewer pairs than the other."""
    if a.ndim == 3 and len(a) != len(b):
        pairs = min(len(a), len(b)) // 2
        a, b = (np.concatenate([x[:pairs], x[len(x) // 2 :][:pairs]]) for x in (a, b))
    return a, b


def user_lines(way: str, row: str) -> int:
    """Lines of code that a user of this way writes for this row: neither blank, nor comment, nor docstring."""
    code, verb = import_module(f"benchmarks.ways.{way}"), ROWS[row][0]
    names = PLAIN.get(verb, (verb,)) if way == "plain" else (verb,)
    total = 0
    for name in names:
        text = re.sub(r'""".*?"""', "", inspect.getsource(getattr(code, name)), flags=re.S)
        total += sum(bool(line.strip()) and not line.strip().startswith("#") for line in text.splitlines())
    return total
