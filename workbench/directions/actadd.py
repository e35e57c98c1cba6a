"""Activation addition (ActAdd, arXiv 2308.10248): one pair makes the vector, and it is added to a span of positions."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from workbench.types import WorkbenchError

PLACES = ("front", "mid", "back")


def actadd(
    positive: Float[Tensor, "pair d_model"], negative: Float[Tensor, "pair d_model"], pair: int = 0
) -> Float[Tensor, " d_model"]:
    """The difference of one pair, number ``pair`` counted from 0."""
    if not 0 <= pair < len(positive):
        raise WorkbenchError(f"actadd pair {pair} is not among {len(positive)} pairs; count from 0")
    return positive[pair] - negative[pair]


def place(
    h: Float[Tensor, "batch position d_model"],
    addition: Float[Tensor, "*rows span d_model"],
    where: str = "front",
    mask: Bool[Tensor, "batch position"] | None = None,
    dims: slice = slice(None),
) -> Float[Tensor, "batch position d_model"]:
    """``h`` plus ``addition`` at a span of the prompt's real positions; ``h`` itself is left alone.

    ``addition`` is [span d_model] or [batch-or-1 span d_model] (the coefficient already in it). The span begins at the
    prompt's first token ("front"), ends at its last ("back"), or begins at length // 2 - span // 2 ("mid"), as in the
    authors' code. ``mask`` says which positions are real (all, if none is given): padding shifts the span with the
    prompt. ``dims`` restricts the addition to some coordinates. Raises WorkbenchError where a prompt is shorter than
    the span.
    """
    if where not in PLACES:
        raise WorkbenchError(f"where {where!r} is unknown; expected one of {', '.join(PLACES)}")
    addition = addition if addition.dim() == 3 else addition[None]
    span = addition.shape[1]
    mask = torch.ones(h.shape[:2], dtype=torch.bool, device=h.device) if mask is None else mask
    length = mask.sum(1)
    if span > int(length.min()):
        raise WorkbenchError(f"activation addition spans {span} positions, a prompt has only {int(length.min())}; "
                             "use a shorter pair or longer prompts")
    start = {"front": torch.zeros_like(length), "mid": length // 2 - span // 2, "back": length - span}[where]
    offset = mask.cumsum(1) - 1 - start[:, None]  # place in the span of every position; outside it: < 0 or >= span
    inside = mask & (offset >= 0) & (offset < span)
    rows = addition.expand(len(h), -1, -1).to(h)
    added = rows.gather(1, offset.clamp(0, span - 1)[..., None].expand(*offset.shape, h.shape[-1]))
    out = h.clone()
    out[..., dims] += (added * inside[..., None])[..., dims]
    return out
