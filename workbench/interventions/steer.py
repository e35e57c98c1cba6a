"""``Steer``: an intervention along directions as a control, and the verbs that use it."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.interventions.add import Add
from workbench.models import Batch, Model, check_rule, encode, forward
from workbench.sweep import steering_hook
from workbench.sweep.variants import resolve
from workbench.types import Direction, Intervention, WorkbenchError


@dataclass(frozen=True)
class Steer:
    """Applies ``intervention`` along one direction, or several at once, each at its own site: a :class:`Control`.

    ``where`` is a position rule ("all", "after_prompt", "answer", "last", "last_k:<k>"), kept up while generating.
    """

    intervention: Intervention
    directions: Direction | Sequence[Direction]
    where: str = "all"

    def __post_init__(self):
        check_rule(self.where)
        if not self.each:
            raise WorkbenchError("Steer came without directions; expected one or several")

    @property
    def each(self) -> tuple[Direction, ...]:
        """The directions as a tuple."""
        return (self.directions,) if isinstance(self.directions, Direction) else tuple(self.directions)

    def note(self, strength: float) -> str:
        """Everything that this changes, for the digest of the steered model."""
        return f"steer {content(self)} at {float(strength)!r}"

    @contextmanager
    def applied(self, model: Model, strength: float) -> Iterator[Model]:
        """The model with the intervention at multiplier ``strength`` in every pass; its digest is another one."""
        yield steered_model(model, self, strength)


def steered_model(model: Model, control: Steer, strength: float) -> Model:
    """What :meth:`Steer.applied` yields; sites and widths are checked against the model."""
    for direction in control.each:
        resolve(model, {direction.method: direction}, [direction.site], (), control.intervention)
    hooks = tuple(steering_hook(d.site, d, float(strength), control.intervention, control.where) for d in control.each)
    return model.altered(control.note(strength), hooks)


def steer(
    model: Model,
    directions: Direction | Sequence[Direction],
    multiplier: float = 1.0,
    *,
    intervention: Intervention | None = None,
    where: str = "all",
) -> Model:
    """The steered model, for any verb that takes a model: ``generate(steer(model, direction, 2.0), prompts)``.

    The model itself is unchanged. ``intervention`` defaults to adding multiplier × gap × vector.
    """
    return steered_model(model, Steer(intervention or Add(), directions, where), multiplier)


def intervene(
    model: Model, prompts: Sequence[str] | Batch, control: Any, strength: float = 1.0
) -> Float[Tensor, "prompt vocab"]:
    """Next-token logits after each prompt under a control (any :class:`Control`, such as :class:`Steer`)."""
    with control.applied(model, strength) as changed:
        batch = prompts if isinstance(prompts, Batch) else encode(changed, prompts)
        return forward(changed, batch, positions="last")


def content(value: Any) -> str:
    """A text that differs whenever a control differs: class names, fields, and the bytes of tensors.

    A function is named only, so two functions of one name look alike.
    """
    if isinstance(value, Tensor):
        exact = value.detach().to(torch.float64).cpu().contiguous()
        return f"tensor {tuple(value.shape)} {hashlib.sha256(exact.numpy().tobytes()).hexdigest()}"
    if isinstance(value, Direction):
        return f"Direction({content(value.vector)}, {float(value.gap)!r}, {value.site!r})"
    if is_dataclass(value) and not isinstance(value, type):
        parts = ", ".join(f"{field.name}={content(getattr(value, field.name))}" for field in fields(value))
        return f"{type(value).__module__}.{type(value).__qualname__}({parts})"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(content(item) for item in value) + "]"
    if callable(value):
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', repr(value))}"
    return repr(value)
