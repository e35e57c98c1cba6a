"""Trained weights as a control: its doses are the numbers of steps after which they were kept."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

from workbench.models import Model
from workbench.models.copies import copied_module, rewrapped
from workbench.training.trajectory import Kept, State
from workbench.types import WorkbenchError

# (a fresh module, the start, a state) -> the module with what was learned
Put = Callable[[Any, State, State], Any]


@dataclass(frozen=True, eq=False)
class Trained:
    """The model after ``strength`` optimiser steps; 0 is the model itself. No weight of that model is ever changed.

    ``norms`` are ‖ΔW‖_F/‖W‖_F of the trained matrices, per dose; ``groups`` those of the examples it was trained on.
    What is applied is what training *added*, so that the control fits a changed model of the same shape as well (an
    edited or defended one); on the model it was trained from, the result is exactly the trained one.
    """

    method: str
    kept: Kept
    norms: Mapping[int, float]
    groups: tuple[str, ...]
    put: Put

    @property
    def doses(self) -> tuple[float, ...]:
        """The numbers of steps there are."""
        return tuple(float(step) for step in sorted(self.kept.states) if step)

    def spent(self, strength: float) -> dict[str, float]:
        """Steps, examples and tokens read, and the norm of the change, up to a dose."""
        step = self._step(strength)
        return {"norm": self.norms[step], **{name: float(n) for name, n in self.kept.spent[step].items()}}

    def note(self, strength: float) -> str:
        """Everything that this changes, for the digest of the model."""
        step = self._step(strength)
        return f"{self.method} {state_digest(self.kept.states[0])} to {state_digest(self.kept.states[step])}"

    @contextmanager
    def applied(self, model: Model, strength: float) -> Iterator[Model]:
        """A model of its own weights after ``strength`` steps; refuses a number of steps that was not kept."""
        step = self._step(strength)
        yield _changed(self, model, step) if step else model.altered(self.note(0.0))

    def _step(self, strength: float) -> int:
        if strength not in self.kept.states:
            raise WorkbenchError(
                f"strength {strength:g} is no number of steps that was kept; expected 0 or one of "
                f"{', '.join(f'{dose:g}' for dose in self.doses)}"
            )
        return int(strength)


# a dose is asked for several times in a row (answers, neutral text); wrapping takes as long as reading them
@lru_cache(maxsize=1)
def _changed(control: Trained, model: Model, step: int) -> Model:
    module = control.put(trainable(model), control.kept.states[0], control.kept.states[step])
    return rewrapped(model, module, control.note(float(step)))


def trainable(model: Model) -> Any:
    """A fresh copy of the model's HuggingFace module, in float32 at least: small steps are lost in half precision."""
    module = copied_module(model)
    return module if model.dtype == torch.float64 else module.float()


def put_weights(module: Any, start: State, state: State) -> Any:
    """Whole weights: W + (state − start), summed in float64, so that W = start gives exactly the state."""
    places = dict(module.named_parameters())
    if {n: p.shape for n, p in places.items()} != {n: w.shape for n, w in state.items()}:
        raise WorkbenchError("trained weights do not fit this model; expected the one that was trained, or its like")
    with torch.no_grad():
        for name, place in places.items():
            place.copy_(place.double() + (state[name].double() - start[name].double()))
    return module


def weights_norm(start: State, state: State) -> float:
    """‖ΔW‖_F / ‖W‖_F over all of them."""
    moved = sum(float((state[name].double() - old.double()).square().sum()) for name, old in start.items())
    return (moved / sum(float(old.double().square().sum()) for old in start.values())) ** 0.5


def state_digest(state: State) -> str:
    """A short digest of names and values."""
    total = hashlib.sha256()
    for name, weight in sorted(state.items()):
        total.update(f"{name} {tuple(weight.shape)} {weight.dtype}".encode())
        total.update(weight.detach().cpu().contiguous().numpy().tobytes())
    return total.hexdigest()[:16]
