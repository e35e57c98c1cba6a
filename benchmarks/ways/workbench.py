"""The workbench."""

import numpy as np

from benchmarks.tasks import Task, loaded
from workbench.activations import extract
from workbench.sweep import screen, sweep
from workbench.types import Site


def load(task: Task):
    return loaded(task.model)


def steer(model, task: Task) -> dict[str, np.ndarray]:
    sites = [Site(layer) for layer in task.layers]
    cube = sweep(model, task.concept, task.named, sites=sites, multipliers=task.multipliers, where=task.where)
    doses = [cube.multipliers.index(m) for m in task.multipliers]
    return {f"{s.layer}/{name}": cube.curve(s, name)[:, doses] for s in cube.sites for name in cube.directions}


def read(model, task: Task) -> dict[str, np.ndarray]:
    found = {}
    for kind in task.kinds:
        acts = extract(model, task.concept, prompt_type=kind, shots=task.shots)
        found[kind] = np.stack([acts[site].values[:, 0].numpy() for site in acts], 1)
    return found


def slopes(model, task: Task) -> dict[str, np.ndarray]:
    sites = [Site(layer) for layer in task.layers]
    found = screen(model, task.concept, task.named, sites=sites, where=("all",))
    return {f"{s.layer}/{name}": found.slopes(s, name, "all") for s in sites for name in found.directions}
