"""The workbench's exact sweep, which the first-order screen stands in for."""

import numpy as np

from benchmarks.tasks import Task
from benchmarks.ways.workbench import load, steer

__all__ = ["load", "slopes"]


def slopes(model, task: Task) -> dict[str, np.ndarray]:
    """The slope by the smallest doses on both sides of 0."""
    curves = steer(model, task)
    low, high = task.multipliers.index(-1.0), task.multipliers.index(1.0)
    return {key: (curve[:, high] - curve[:, low]) / 2 for key, curve in curves.items()}
