"""Plain TransformerLens: one full forward pass with a hook per prompt and dose, all logits."""

import numpy as np
import torch

from benchmarks.tasks import Task, as_tokens, loaded


def load(task: Task):
    return loaded(task.model).bridge


@torch.inference_mode()
def steer(bridge, task: Task) -> dict[str, np.ndarray]:
    touched, found = slice(-1, None) if task.where == "last" else slice(None), {}
    for layer in task.layers:
        for name, step in task.steps.items():
            curve = np.zeros((len(task.prompts), len(task.multipliers)))
            for column, dose in enumerate(task.multipliers):

                def add(activation, hook, push=dose * step):
                    activation[:, touched] += push
                    return activation

                for row, (ids, (yes, no)) in enumerate(zip(task.prompts, task.answers, strict=True)):
                    logits = bridge.run_with_hooks(ids, fwd_hooks=[(f"blocks.{layer}.hook_resid_post", add)])
                    curve[row, column] = logits[0, -1, yes] - logits[0, -1, no]
            found[f"{layer}/{name}"] = curve
    return found


@torch.inference_mode()
def read(bridge, task: Task) -> dict[str, np.ndarray]:
    hooks, found = [f"blocks.{layer}.hook_resid_post" for layer in task.layers], {}
    for kind in task.kinds:
        rows = []
        for text in task.contrast(kind):
            _, cache = bridge.run_with_cache(as_tokens(text), names_filter=hooks)
            rows.append(torch.stack([cache[hook][0, -1] for hook in hooks]))
        found[kind] = torch.stack(rows).numpy()
    return found


def slopes(bridge, task: Task) -> dict[str, np.ndarray]:
    """The slope by the smallest doses on both sides of 0."""
    curves = steer(bridge, task)
    low, high = task.multipliers.index(-1.0), task.multipliers.index(1.0)
    return {key: (curve[:, high] - curve[:, low]) / 2 for key, curve in curves.items()}
