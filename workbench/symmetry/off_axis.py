"""Off the axis: what a control of one concept does to the propensities of others, and what chance does at that norm."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float

from workbench.directions import random_directions
from workbench.interventions import Add, Steer
from workbench.models import Model
from workbench.symmetry.measure import site_of
from workbench.symmetry.neutral import change_norm
from workbench.symmetry.readings import read_pairs
from workbench.types import Concept, Direction, Site, WorkbenchError

Items = list[Float[np.ndarray, "_"]]


def propensities(model: Model, concepts: Sequence[Concept]) -> Items:
    """Log-odds of the aligned answer of every item, one array per concept; all are read in the same passes."""
    asked = [(pair, concept.card) for concept in concepts for pair in concept.pairs]
    if not asked:
        raise WorkbenchError("no prompts came to read off the axis; expected concepts with at least one pair")
    ends = np.cumsum([len(concept.pairs) for concept in concepts])[:-1]
    return np.split(read_pairs(model, asked).log_odds, ends)


@lru_cache(maxsize=2)
def unsteered(model: Model, concepts: tuple[Concept, ...]) -> Items:
    """What the unchanged model says; kept, because every control is compared with it."""
    return propensities(model, concepts)


def shifts(model: Model, control: Any, strength: float, concepts: tuple[Concept, ...]) -> Items:
    """Change of every item's log-odds of the aligned answer under a control, one array per concept."""
    with control.applied(model, strength) as changed:
        now = propensities(changed, concepts)
    return [after - before for after, before in zip(now, unsteered(model, concepts), strict=True)]


def random_control(model: Model, control: Any, norm: float, texts: Sequence[str], seed: int) -> Steer | None:
    """A random direction that changes the stream as much, where the control last does: strength 1 spends ``norm``.

    ``norm`` is ‖δ‖/median‖h‖ on neutral texts. None for controls that name no site (prompts, weights).
    """
    site = site_of(control)
    if site is None or not np.isfinite(norm):
        return None
    like = unit(model, site, norm * median_norm(model, tuple(texts), site))
    return Steer(Add(), random_directions(like, 1, seed)[0])


@lru_cache(maxsize=8)
def median_norm(model: Model, texts: tuple[str, ...], site: Site) -> float:
    """Median norm of the stream at a site on texts, in activation units."""
    with Steer(Add(), unit(model, site)).applied(model, 1.0) as changed:
        return 1 / change_norm(model, changed, texts, site)


def unit(model: Model, site: Site, gap: float = 1.0) -> Direction:
    """The first axis of the stream, as long as ``gap``: only its length matters here."""
    import torch

    return Direction(torch.eye(model.d_model)[0], gap, site, "axis")
