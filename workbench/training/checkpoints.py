"""Checkpoints of a training run: weights, optimiser moments and progress in one safetensors file."""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from workbench.training.nouns import Progress


def save_checkpoint(folder: Path, model, adam: torch.optim.AdamW, progress: Progress) -> None:
    """Model, optimiser moments and progress, each written aside and renamed: never half a checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"model.{k}": v.contiguous() for k, v in model.state_dict().items() if "lm_head" not in k}
    names = {id(p): n for n, p in model.named_parameters()}
    for parameter, state in adam.state.items():
        for key, value in state.items():
            tensors[f"adam.{names[id(parameter)]}.{key}"] = value.detach().clone()
    aside = folder / "checkpoint.tmp"
    save_file(tensors, aside, metadata={"progress": json.dumps(asdict(progress))})
    aside.replace(folder / "checkpoint.safetensors")


def load_checkpoint(folder: Path, model, adam: torch.optim.AdamW) -> Progress | None:
    """Restore what :func:`save_checkpoint` wrote, or return None where there is nothing."""
    path = folder / "checkpoint.safetensors"
    if not path.exists():
        return None
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        progress = Progress(**json.loads(file.metadata()["progress"]))
    tensors = load_file(path)
    model.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("model.")}, strict=False)
    for name, parameter in model.named_parameters():
        keys = ("step", "exp_avg", "exp_avg_sq")
        if f"adam.{name}.step" in tensors:
            adam.state[parameter] = {k: tensors[f"adam.{name}.{k}"] for k in keys}
    return progress
