"""HuggingFace alone: forward hooks on its own modules, one prompt at a time, its fastest attention."""

import numpy as np
import torch

from benchmarks.tasks import Task, as_tokens, module


def load(task: Task):
    return module(task.model)


@torch.inference_mode()
def steer(model, task: Task) -> dict[str, np.ndarray]:
    touched, found = slice(-1, None) if task.where == "last" else slice(None), {}
    for layer in task.layers:
        for name, step in task.steps.items():
            curve = np.zeros((len(task.prompts), len(task.multipliers)))
            for column, dose in enumerate(task.multipliers):

                def add(block, given, output, push=dose * step):
                    hidden = output[0] if isinstance(output, tuple) else output
                    hidden[:, touched] += push
                    return output

                handle = model.transformer.h[layer].register_forward_hook(add)
                for row, (ids, (yes, no)) in enumerate(zip(task.prompts, task.answers, strict=True)):
                    logits = model(ids).logits
                    curve[row, column] = logits[0, -1, yes] - logits[0, -1, no]
                handle.remove()
            found[f"{layer}/{name}"] = curve
    return found


@torch.inference_mode()
def read(model, task: Task) -> dict[str, np.ndarray]:
    found = {}
    for kind in task.kinds:
        rows, kept = [], {}
        handles = [
            model.transformer.h[layer].register_forward_hook(
                lambda block, given, output, layer=layer, kept=kept: kept.update(
                    {layer: (output[0] if isinstance(output, tuple) else output)[0, -1]}
                )
            )
            for layer in task.layers
        ]
        for text in task.contrast(kind):
            model(as_tokens(text))
            rows.append(torch.stack([kept[layer] for layer in task.layers]))
        for handle in handles:
            handle.remove()
        found[kind] = torch.stack(rows).numpy()
    return found
