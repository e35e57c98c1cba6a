"""Plain hooks, done well: prompts of one length side by side, and only the last position's answer logits."""

import numpy as np
import torch

from benchmarks.tasks import Task, loaded
from workbench.models import batches, capture, forward
from workbench.prompts import bare_prompt
from workbench.types import Site


def load(task: Task):
    return loaded(task.model)


def steer(model, task: Task) -> dict[str, np.ndarray]:
    texts = [bare_prompt(pair, task.concept.card) for pair in task.concept.pairs]
    ready, answers = list(batches(model, texts)), np.array(task.answers)
    found = {
        f"{layer}/{name}": np.zeros((len(texts), len(task.multipliers))) for layer in task.layers for name in task.steps
    }
    for layer in task.layers:
        for name, step in task.steps.items():
            for column, dose in enumerate(task.multipliers):

                def add(activation, hook, push=dose * step):
                    return torch.cat([activation[:, :-1], activation[:, -1:] + push], 1)

                def add_everywhere(activation, hook, batch, push=dose * step):
                    return activation + batch.real[..., None] * push

                hook = (Site(layer).hook, add if task.where == "last" else add_everywhere)
                for index, batch in ready:
                    logits = forward(model, batch, hooks=[hook], positions="last", columns=answers[index])
                    found[f"{layer}/{name}"][index, column] = logits[:, 0] - logits[:, 1]
    return found


def read(model, task: Task) -> dict[str, np.ndarray]:
    sites, found = [Site(layer) for layer in task.layers], {}
    for kind in task.kinds:
        texts = task.contrast(kind)
        values = np.zeros((len(texts), len(sites), model.d_model), dtype=np.float32)
        for index, batch in batches(model, texts):
            acts = capture(model, batch, sites, "last")
            values[index] = torch.stack([acts[site] for site in sites], 1)
        found[kind] = values
    return found
