"""A control with a largest strength."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from workbench.interventions import Steer
from workbench.models import Model
from workbench.types import Site, WorkbenchError


@dataclass(frozen=True)
class Limited:
    """``inner`` up to the strength ``limit``, beyond which it would mean something else."""

    inner: Steer
    limit: float

    @property
    def sites(self) -> tuple[Site, ...]:
        """Where the stream is changed."""
        return tuple(direction.site for direction in self.inner.each)

    def applied(self, model: Model, strength: float) -> AbstractContextManager[Model]:
        """As the inner control; refuses a strength beyond the limit."""
        if not 0 <= strength <= self.limit * (1 + 1e-6):
            raise WorkbenchError(f"strength {strength:g} is beyond this control's; expected 0 to {self.limit:g}")
        return self.inner.applied(model, strength)
