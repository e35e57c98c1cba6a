"""What a sweep gives: propensities as a labelled array."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from workbench.types.nouns import Site

SHOWN_CURVES = 12  # rows of a cube's table in a notebook


@dataclass(frozen=True)
class SweepCube:
    """Propensities of a sweep: ``values`` [prompt site direction multiplier], in log-odds of the positive answer.

    The axes are labelled: ``prompts`` are pair ids (``groups`` beside them), ``sites``, ``directions`` (names)
    and ``multipliers`` (0.0 is always among them).
    """

    values: np.ndarray
    prompts: tuple[str, ...]
    groups: tuple[str, ...]
    sites: tuple[Site, ...]
    directions: tuple[str, ...]
    multipliers: tuple[float, ...]
    source: Mapping[str, Any] = field(default_factory=dict)

    def curve(self, site: Site, direction: str) -> np.ndarray:
        """[prompt multiplier] for one site and direction."""
        return self.values[:, self.sites.index(site), self.directions.index(direction)]

    def _repr_html_(self) -> str:
        axes = ("prompts", "sites", "directions", "multipliers")
        shape = " × ".join(f"{n} {axis}" for n, axis in zip(self.values.shape, axes, strict=True))
        head = "".join(f"<th>{m:+g}</th>" for m in self.multipliers)
        body = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(str(site))}</td>"
            + "".join(f"<td>{value:+.2f}</td>" for value in self.curve(site, name).mean(0))
            + "</tr>"
            for name, site in [(d, s) for d in self.directions for s in self.sites][:SHOWN_CURVES]
        )
        return (
            f"<b>SweepCube</b> {shape}, {len(set(self.groups))} groups; mean log-odds of the positive answer"
            f"<table><tr><th>direction</th><th>site</th>{head}</tr>{body}</table>"
        )
