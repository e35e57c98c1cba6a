"""Erasers as a control: the stream moves a share of the way to its erased version."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor

from workbench.erasure.eraser import Eraser
from workbench.models import Batch, Model, check_rule, check_sites
from workbench.sweep.variants import touched
from workbench.types import Site, WorkbenchError, digest_of


@dataclass(frozen=True)
class Erase:
    """h' = h + λ (r(h) − h) at each eraser's site: λ = 1 erases, ``limit`` is where doses end."""

    erasers: tuple[Eraser, ...]
    where: str = "all"
    limit: float = 1.0

    def __post_init__(self):
        check_rule(self.where)
        if not self.erasers:
            raise WorkbenchError("Erase came without erasers; expected at least one")

    @property
    def sites(self) -> tuple[Site, ...]:
        """Where the stream is changed."""
        return tuple(eraser.site for eraser in self.erasers)

    def note(self, strength: float) -> str:
        """Everything that this changes, for the digest of the model."""
        parts = [[e.left.tolist(), e.right.tolist(), e.centre.tolist(), e.site.hook] for e in self.erasers]
        return f"erase {digest_of([parts, self.where])} at {float(strength)!r}"

    @contextmanager
    def applied(self, model: Model, strength: float) -> Iterator[Model]:
        """The model with its stream erased to the share ``strength`` in every pass."""
        check_sites(model, self.sites)
        hooks = tuple((e.site.hook, self._hook(e, float(strength))) for e in self.erasers)
        yield model.altered(self.note(strength), hooks)

    def _hook(self, eraser: Eraser, strength: float) -> Callable[..., Tensor]:
        def erase(
            activation: Float[Tensor, "batch position d_model"], hook: Any, batch: Batch
        ) -> Float[Tensor, "batch position d_model"]:
            mask = touched(self.where, batch)[..., None].to(activation)
            return activation + strength * mask * (eraser(activation) - activation)

        return erase
