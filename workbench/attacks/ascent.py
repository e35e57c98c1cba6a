"""A vector shared by all questions, improved by the gradient through the defended model (projected ascent)."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.attacks.arena import Arena
from workbench.attacks.candidates import without
from workbench.models import Batch, Model, exclusive, forward, pad, tokens
from workbench.prompts import answer_texts, bare_prompt
from workbench.sweep import steering_hook
from workbench.symmetry.readings import framed
from workbench.types import Concept, Direction, Pole, Site

STEP = 0.5  # of the radius, per step


def ascend(
    arena: Arena, toward: Pole, layer: int, where: str = "all", axis: Float[Tensor, " d_model"] | None = None
) -> Float[Tensor, " d_model"]:
    """The vector of at most ``reach`` that moves the search questions furthest toward a pole, added after a layer.

    From zero, ``steps`` normalised gradients of the mean log-odds, each followed by projection onto the ball; the best
    iterate is returned. With ``axis`` (a unit vector) everything stays orthogonal to it.
    """
    asked, sign = Asked(arena.model, arena.search), 1.0 if toward == "aligned" else -1.0
    radius = arena.effort.reach * arena.scales[layer]
    delta, best, kept = torch.zeros(arena.bare.d_model), -torch.inf, torch.zeros(arena.bare.d_model)
    for _ in range(arena.effort.steps + 1):
        delta = delta.detach().requires_grad_(True)
        hook = steering_hook(Site(layer), nothing(layer, len(delta)), 1.0, shifting(delta), where)
        with exclusive(arena.model):
            value = sign * asked.log_odds(arena.hooked("gradient", hook)).mean()
            (slope,) = torch.autograd.grad(value, [delta])
        arena.spent["gradients"] += 1
        if value.item() > best and bool(delta.any()):
            best, kept = value.item(), delta.detach().clone()
        delta = stepped(delta.detach(), slope, radius, axis)
    return kept


def stepped(
    delta: Float[Tensor, " d_model"],
    slope: Float[Tensor, " d_model"],
    radius: float,
    axis: Float[Tensor, " d_model"] | None,
) -> Float[Tensor, " d_model"]:
    """One step uphill within the ball, orthogonal to ``axis``."""
    slope = slope if axis is None else without(slope, axis).to(slope)
    size = slope.norm()
    moved = delta + STEP * radius * slope / size if float(size) > 0 else delta
    return moved * min(1.0, radius / max(float(moved.norm()), 1e-30))


def nothing(layer: int, width: int) -> Direction:
    """A direction for the hook, which the shift does not use."""
    return Direction(torch.eye(1, width)[0], 1.0, Site(layer), "shift")


def shifting(delta: Float[Tensor, " d_model"]) -> Any:
    """An intervention that adds ``delta`` at the masked positions, with its gradient."""

    def shift(h: Tensor, direction: Direction, multiplier: Tensor, mask: Tensor) -> Tensor:
        return h + mask.to(h)[..., None] * delta.to(h)

    return shift


class Asked:
    """The questions of a concept, encoded once for many passes with gradients."""

    def __init__(self, model: Model, concept: Concept):
        prompts = [framed(bare_prompt(pair, concept.card), concept.card) for pair in concept.pairs]
        answers = [answer_texts(pair, concept.card) for pair in concept.pairs]
        heads, first = tokens(model, prompts, [one for one, _ in answers])
        _, second = tokens(model, prompts, [other for _, other in answers])
        self.model = model
        self.columns = None
        if all(len(tail) == 1 for tail in [*first, *second]):
            self.columns = torch.tensor([(a[0], u[0]) for a, u in zip(first, second, strict=True)])
            self.batches: list[tuple[Batch, Sequence[Sequence[int]]]] = [(pad(model, heads), [])]
        else:
            self.batches = [(pad(model, heads, tails), tails) for tails in (first, second)]

    def log_odds(self, model: Model) -> Float[Tensor, " item"]:
        """Log-odds of the aligned answer, with gradients."""
        if self.columns is not None:
            columns = self.columns.to(self.batches[0][0].ids.device)
            both = forward(model, self.batches[0][0], positions="last", columns=columns, grad=True)
            return both[:, 0] - both[:, 1]
        one, other = (summed(model, batch, tails) for batch, tails in self.batches)
        return one - other


def summed(model: Model, batch: Batch, tails: Sequence[Sequence[int]]) -> Float[Tensor, " item"]:
    """Summed log-probability of each row's answer."""
    logits = forward(model, batch, positions="answer", grad=True).log_softmax(-1)
    ids = torch.tensor([token for tail in tails for token in tail], device=logits.device)
    each = logits.gather(1, ids[:, None])[:, 0].split([len(tail) for tail in tails])
    return torch.stack([part.sum() for part in each])
