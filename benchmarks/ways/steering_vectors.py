"""The package ``steering-vectors`` 0.12.2, installed without its pins into a folder of its own (BENCH_PEERS)."""

import os
import sys

import numpy as np
import torch

from benchmarks.tasks import Task, as_tokens, module, tokenizer


def load(task: Task):
    sys.path.append(os.environ["BENCH_PEERS"])
    return module(task.model)


@torch.inference_mode()
def steer(model, task: Task) -> dict[str, np.ndarray]:
    from steering_vectors import SteeringVector

    touched, found = slice(-1, None) if task.where == "last" else slice(None), {}
    for layer in task.layers:
        for name, step in task.steps.items():
            vector = SteeringVector({layer: step})
            curve = np.zeros((len(task.prompts), len(task.multipliers)))
            for column, dose in enumerate(task.multipliers):
                with vector.apply(model, multiplier=dose, min_token_index=None, token_indices=touched):
                    for row, (ids, (yes, no)) in enumerate(zip(task.prompts, task.answers, strict=True)):
                        logits = model(ids).logits
                        curve[row, column] = logits[0, -1, yes] - logits[0, -1, no]
            found[f"{layer}/{name}"] = curve
    return found


def read(model, task: Task) -> dict[str, np.ndarray]:
    from steering_vectors.train_steering_vector import extract_activations

    found = {}
    for kind in task.kinds:
        texts = task.contrast(kind)
        half = len(texts) // 2
        # its tokenizer call adds no BOS here, so the prompts bring it as text
        texts = [tokenizer().decode(as_tokens(text)[0]) for text in texts]
        pairs = list(zip(texts[:half], texts[half:], strict=True))
        each = extract_activations(model, tokenizer(), pairs, layers=list(task.layers))
        rows = [torch.stack([torch.stack(list(side[layer])).flatten(1) for layer in task.layers], 1) for side in each]
        found[kind] = torch.cat(rows).numpy()
    return found
