"""One edit at several doses: what each spends and gains; and the edits that a claim about one is held against."""

from collections.abc import Callable, Sequence
from typing import Literal

import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from workbench.editing.arms import Case
from workbench.editing.facts import Fact, margins
from workbench.editing.memory import Edit
from workbench.models import Model


def edit_doses(
    model: Model,
    edit: Edit,
    asked: Sequence[Case],
    strengths: Sequence[float],
    cost: Callable[[Model], float] | None = None,
) -> pd.DataFrame:
    """One row per strength and case: fact, arm, strength, norm, kl, gain.

    ``asked`` are the requests that the edit was made for, with their margins on ``model``. ``gain`` is how far the
    log-odds of the asked object rose, nats per token; ``norm`` is strength · ‖Δ‖/‖W‖, ``kl`` what ``cost`` says of the
    edited model (NaN without one).
    """
    size, rows = edit.norm(model), []
    for strength in strengths:
        with edit.applied(model, strength) as changed:
            toward_true = margins(changed, [case.fact for case in asked]).tolist()
            spent = cost(changed) if cost is not None else float("nan")
        for case, margin in zip(asked, toward_true, strict=True):
            gain = (margin if case.truth else -margin) + case.margin
            rows.append({"fact": case.fact.id, "arm": case.arm, "strength": float(strength),
                         "norm": float(strength) * size, "kl": spent, "gain": gain})  # fmt: skip
    return pd.DataFrame(rows)


def mirrored(model: Model, edit: Edit, facts: Sequence[Fact], level: float | None = None, points: int = 9) -> float:
    """The share of an edit at which the facts' mean margin toward the false objects is first ``level``; NaN if never.

    Without ``level``: what it was toward the true ones, so that a request back starts from the margin that the request
    there started from. The first of ``points`` from 0 to 1 that is beyond it, then by halves to a 5000th; nats per
    token.
    """
    goal = float(margins(model, facts).mean()) if level is None else level

    def lacking(share: float) -> float:
        with edit.applied(model, share) as changed:
            return goal + float(margins(changed, facts).mean())

    low, high = 0.0, 0.0
    while lacking(high) > 0:
        if high == 1.0:
            return float("nan")
        low, high = high, min(1.0, high + 1 / (points - 1))
    while high - low > 2e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if lacking(middle) > 0 else (low, middle)
    return high


def random_edit(edit: Edit, part: Literal["key", "value"], seed: int = 0) -> Edit:
    """The control of an edit: the same size at every layer, its keys (or its values) turned by a random rotation.

    With ``part`` "key" it writes what the edit writes, for keys that mean nothing; with "value" it writes what means
    nothing where the edit writes. ‖Δ‖, its rank and its singular values stay.
    """
    generator = torch.Generator().manual_seed(seed)
    turned = {}
    for layer, delta in sorted(edit.deltas.items()):
        rotation = _rotation(delta.shape[0 if part == "value" else 1], generator)
        turned[layer] = rotation @ delta if part == "value" else delta @ rotation
    return Edit(turned, f"{edit.method}, random {part}")


def _rotation(size: int, generator: torch.Generator) -> Float[Tensor, "dim dim"]:
    """Uniform over orthogonal matrices (Mezzadri 2007), float64."""
    q, r = torch.linalg.qr(torch.randn(size, size, dtype=torch.float64, generator=generator))
    return q * r.diagonal().sign()
