"""Three protocols: what changes activations, what reads them, what controls a model."""

from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

from jaxtyping import Bool, Float
from torch import Tensor

from workbench.types.nouns import Activations, Direction


@runtime_checkable
class Intervention(Protocol):
    """A change of the residual stream: a pure function of activations, direction, dose and position mask."""

    def __call__(
        self,
        h: Float[Tensor, "batch position d_model"],
        direction: Direction,
        multiplier: Float[Tensor, " batch"],
        mask: Bool[Tensor, "batch position"],
    ) -> Float[Tensor, "batch position d_model"]: ...


@runtime_checkable
class Probe(Protocol):
    """An instrument that reads: fitted on activations, scores every example."""

    def fit(self, activations: Activations) -> "Probe": ...
    def score(self, activations: Activations) -> Float[Tensor, " example"]: ...


@runtime_checkable
class Control(Protocol):
    """Anything that changes behaviour. ``applied`` yields the model to use, at a dose."""

    def applied(self, model: Any, strength: float) -> AbstractContextManager[Any]: ...
