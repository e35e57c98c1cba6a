"""A few optimiser steps on fixed batches, with the weights kept at chosen steps: one run for a whole dose–response."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from workbench.training.loop import descend, optimiser
from workbench.training.nouns import TrainConfig
from workbench.types import WorkbenchError

State = Mapping[str, Tensor]


@runtime_checkable
class Lesson(Protocol):
    """What is trained on: batches that stay the same, each with a loss, a number of examples and of tokens read."""

    def __len__(self) -> int: ...
    def loss(self, module: Any, batch: int) -> Tensor: ...
    def size(self, batch: int) -> tuple[int, int]: ...


@dataclass(frozen=True)
class Course:
    """How long and how fast: weights are kept after ``doses`` optimiser steps of ``batch`` examples each.

    The rate is constant, so that a shorter course is exactly the beginning of a longer one; no weight decay and no
    dropout, so that nothing but the lesson moves a weight. ``seed`` orders the examples and draws what is drawn.
    """

    doses: tuple[int, ...] = (1, 2, 4, 8, 16)
    rate: float = 3e-4
    batch: int = 4
    seed: int = 0
    clip: float = 1.0

    def __post_init__(self):
        whole = [d for d in self.doses if isinstance(d, int) and d > 0]
        if not self.doses or len(whole) != len(self.doses) or len(set(whole)) != len(whole):
            raise WorkbenchError(f"doses {list(self.doses)} are no numbers of steps; expected different ones from 1")
        if not (self.rate > 0 and self.clip > 0 and self.batch > 0):
            raise WorkbenchError(
                f"a course got rate {self.rate}, batch {self.batch}, clip {self.clip}; expected all above 0"
            )


def course(defaults: Mapping[str, Any], settings: Mapping[str, Any]) -> Course:
    """A course from a method's defaults and whatever settings replace them (lists as TOML gives them)."""
    known = Course.__dataclass_fields__
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise WorkbenchError(f"training got the option {unknown[0]!r}; expected some of {', '.join(known)}")
    chosen = {**defaults, **settings}
    if "doses" in chosen:
        chosen["doses"] = tuple(sorted(chosen["doses"]))
    return Course(**chosen)


@dataclass(frozen=True)
class Kept:
    """A trajectory: the trained weights after each kept number of steps (0: the start), and what each had cost."""

    states: Mapping[int, State]
    spent: Mapping[int, Mapping[str, int]]
    losses: tuple[float, ...] = field(default=())


def trajectory(module: Any, lesson: Lesson, plan: Course, report: Callable[[int, float], None] | None = None) -> Kept:
    """Train what requires gradients in ``module``, in place, batch after batch and round again.

    ``spent`` counts steps, examples and tokens read; ``losses`` are those before each step. A WorkbenchError where
    the loss is no longer finite.
    """
    rates = TrainConfig(tokens=0, learning_rate=plan.rate, weight_decay=0.0)
    adam, total = optimiser(module.eval(), rates), {"steps": 0, "examples": 0, "trained_tokens": 0}
    states, spent, losses = {0: _state(module)}, {0: dict(total)}, []
    for step in range(max(plan.doses)):
        batch = step % len(lesson)
        loss = lesson.loss(module, batch)
        losses.append(float(loss.detach()))
        if not torch.isfinite(loss.detach()):
            raise WorkbenchError(
                f"rate {plan.rate:g} broke the training at step {step + 1} (loss {losses[-1]}); lower it"
            )
        descend(module, adam, loss, plan.rate, plan.clip)
        for name, more in zip(total, (1, *lesson.size(batch)), strict=True):
            total[name] += more
        if step + 1 in plan.doses:
            states[step + 1], spent[step + 1] = _state(module), dict(total)
        if report:
            report(step + 1, losses[-1])
    return Kept(states, spent, tuple(losses))


def _state(module: Any) -> State:
    return {name: p.detach().clone() for name, p in module.named_parameters() if p.requires_grad}
