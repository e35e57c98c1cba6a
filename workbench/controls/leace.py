"""LEACE: erase what the unwanted pole's data add to a bare question (arXiv 2306.03819, ``concept-erasure``)."""

from collections.abc import Sequence

import torch

from workbench.controls.contrast import pole_rows
from workbench.erasure import Erase, leace
from workbench.models import Model
from workbench.types import Concept, Control, Pole, opposite


def control(model: Model, concept: Concept, toward: Pole, *, layers: Sequence[int] = (), where: str = "all") -> Control:
    """Erasure has no sign: the poles differ in *which* information goes: the other pole's, against bare, at rank 1."""
    erasers = []
    for site, (cued, bare) in pole_rows(model, concept, opposite(toward), layers).items():
        labels = [1] * len(cued) + [0] * len(bare)
        erasers.append(leace(torch.cat([cued, bare]), labels, site))
    return Erase(tuple(erasers), where)
