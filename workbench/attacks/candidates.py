"""What an attack offers to the search: controls, each with a word on what it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.attacks.arena import Arena
from workbench.controls.contrast import directions
from workbench.interventions import Add, Steer
from workbench.types import Direction, Pole, Site, WorkbenchError

SMALL = 0.05  # less than this share of a vector left over is rounding, or no direction of its own


@dataclass(frozen=True)
class Candidate:
    """One control to try, and ``label``: direction, layer, positions."""

    label: str
    control: Any


def those_that_can(makers: Sequence[tuple[str, Callable[[], Any]]]) -> list[Candidate]:
    """The candidates that can be made; where none can, the first reason is raised."""
    found, reasons = [], []
    for label, make in makers:
        try:
            found.append(Candidate(label, make()))
        except WorkbenchError as error:
            reasons.append(error)
    if not found:
        raise reasons[0] if reasons else WorkbenchError("an attack offers no candidate for this model")
    return found


def own_direction(arena: Arena, toward: Pole) -> Direction:
    """The mean difference of the bare model at the defence's layer: what a one-sided floor is made of."""
    return directions(arena.bare, arena.fit, toward, layers=[arena.home])[0]


def without(vector: Float[Tensor, " d_model"], unit: Float[Tensor, " d_model"]) -> Float[Tensor, " d_model"]:
    """The part of a vector orthogonal to a unit vector, in float64."""
    exact, axis = vector.double(), unit.double()
    axis = axis / axis.norm()
    return exact - (exact @ axis) * axis


def adding(vector: Float[Tensor, " d_model"], layer: int, name: str, where: str = "all") -> Steer:
    """A control that adds a vector after a layer; WorkbenchError where it has no length."""
    size = float(vector.double().norm())
    if not 0 < size < float("inf"):
        raise WorkbenchError(f"{name} found no direction at layer {layer}; search another")
    return Steer(Add(), Direction((vector.double() / size).float(), size, Site(layer), name), where)


def orthogonal(control: Steer, unit: Float[Tensor, " d_model"], name: str) -> Steer:
    """A control of one direction without its part along a unit vector; WorkbenchError where hardly any is left."""
    (direction,) = control.each
    left = without(direction.step, unit)
    if float(left.norm()) < SMALL * direction.gap:
        raise WorkbenchError(f"{name} is the defended direction itself: nothing of it is orthogonal")
    return adding(torch.as_tensor(left), direction.site.layer, name, control.where)
