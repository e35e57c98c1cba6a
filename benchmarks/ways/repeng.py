"""The package ``repeng`` 0.4.0, without its pins in a folder of its own (BENCH_PEERS): all positions only."""

import os
import sys

import numpy as np
import torch

from benchmarks.tasks import Task, module


def load(task: Task):
    sys.path.append(os.environ["BENCH_PEERS"])
    return module(task.model)


@torch.inference_mode()
def steer(model, task: Task) -> dict[str, np.ndarray]:
    from repeng import ControlModel

    found = {}
    for layer in task.layers:
        controlled = ControlModel(model, [layer])
        for name, step in task.steps.items():
            curve = np.zeros((len(task.prompts), len(task.multipliers)))
            for column, dose in enumerate(task.multipliers):
                controlled.set_raw_control({layer: dose * step})
                for row, (ids, (yes, no)) in enumerate(zip(task.prompts, task.answers, strict=True)):
                    logits = controlled(ids).logits
                    curve[row, column] = logits[0, -1, yes] - logits[0, -1, no]
            found[f"{layer}/{name}"] = curve
        controlled.unwrap()
    return found
