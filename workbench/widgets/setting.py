"""What can be set in the steering panel, and what a dose does, as values."""

from dataclasses import dataclass

import numpy as np

from workbench.types import Site, WorkbenchError


@dataclass(frozen=True)
class Setting:
    """One setting of the panel. ``aligned`` and ``unaligned`` are the doses toward each pole, both at least 0.

    ``pair`` is the id of an evaluation question ("" for the first); ``text`` replaces it where it is not empty.
    ``operator`` names one of the :class:`Steering`'s operators, ``where`` is a position rule. ``also`` names a second
    concept ("" for none), of whose vector ``share`` times is added to the first concept's.
    """

    concept: str
    layer: int
    aligned: float = 1.0
    unaligned: float = 1.0
    operator: str = "add"
    method: str = "mean_difference"
    where: str = "all"
    prompt_type: str = "prefilled"
    pair: str = ""
    text: str = ""
    max_new_tokens: int = 12
    also: str = ""
    share: float = 0.0

    def __post_init__(self):
        if not (np.isfinite([self.aligned, self.unaligned]).all() and min(self.aligned, self.unaligned) >= 0):
            raise WorkbenchError(
                f"doses {self.aligned} and {self.unaligned} are not both 0 or more; the pole gives the sign"
            )

    @property
    def site(self) -> Site:
        return Site(self.layer)

    @property
    def second(self) -> tuple[str, float]:
        """The second concept and its share; ("", 0.0) where nothing of it is added."""
        return (self.also, self.share) if self.also and self.share else ("", 0.0)

    @property
    def vector(self) -> tuple:
        """All that the setting's direction depends on."""
        return (self.concept, self.prompt_type, self.method, self.layer, *self.second)

    def multiplier(self, column: str) -> float:
        """The signed multiplier of a column: 0 unsteered, positive toward aligned, negative toward unaligned."""
        return {"unsteered": 0.0, "aligned": float(self.aligned), "unaligned": -float(self.unaligned)}[column]


@dataclass(frozen=True)
class Dose:
    """What a multiplier does to the activations that the direction was fitted on, medians over examples.

    ``gaps``: move along the first concept's direction in gaps of its class means (NaN without a gap); ``ratio``:
    ‖Δh‖ / ‖h‖.
    """

    multiplier: float
    gaps: float
    ratio: float
