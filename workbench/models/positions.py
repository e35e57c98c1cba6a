"""Which positions of a batch a read or an intervention means. The one place that knows padding and cache offsets."""

from typing import TypeGuard

import torch
from jaxtyping import Bool, Shaped
from torch import Tensor

from workbench.models.batch import Batch
from workbench.types import WorkbenchError

RULES = ("all", "after_prompt", "answer", "response", "last", "last_k:<k>")

Positions = str | int | Tensor | None


def position_mask(rule: str, batch: Batch) -> Bool[Tensor, "batch position"]:
    """True at the positions a rule names, never at padding.

    - ``all``: every real token.
    - ``last``: the final token of the text that was given (none of the newly generated ones).
    - ``last_k:3``: the final three of it (fewer where the text is shorter).
    - ``after_prompt``: from the last prompt token on, generated tokens included (the last prompt token predicts
      the first answer token).
    - ``answer``: the positions at which answer tokens are *predicted*: from the last prompt token to the last but
      one; the last token of a batch without answers; and every newly generated token.
    - ``response``: the answer's own tokens, generated ones included.
    """
    real, at = batch.real, batch.position_ids
    first, end = batch.prompt_lengths[:, None], batch.given_lengths[:, None]
    if rule == "all":
        return real
    if rule == "after_prompt":
        return real & (at >= first - 1)
    if rule == "response":
        return real & (at >= first)
    if rule == "answer":
        return real & (at >= first - 1) & ((at != end - 1) | (end <= first))
    k = 1 if rule == "last" else _count(rule)
    return real & (at >= end - k) & (at < end)


def check_rule(rule: str) -> str:
    """The rule itself, or a WorkbenchError that lists the known ones."""
    if rule not in RULES[:-1]:
        _count(rule)
    return rule


def select(values: Shaped[Tensor, "batch position ..."], positions: Positions, batch: Batch) -> Tensor:
    """The values at some positions, by the kind of ``positions``.

    None: all, [batch position ...]. "last" or an integer: one each, [batch ...] (left padding puts the last token
    of every row last). A long tensor [batch k]: [batch k ...]. A boolean mask or another rule: the marked ones in
    row-major order, [n ...].
    """
    if positions is None:
        return values
    if single(positions):
        return values[:, -1 if isinstance(positions, str) else int(positions)]
    if isinstance(positions, str):
        positions = position_mask(positions, batch)
    if not isinstance(positions, Tensor) or positions.ndim != 2 or len(positions) != len(values):
        came = tuple(positions.shape) if isinstance(positions, Tensor) else repr(positions)
        raise WorkbenchError(f"positions came as {came}; expected None, a rule, an integer or a tensor of "
                             f"{len(values)} rows")
    if positions.dtype == torch.bool:
        return values[positions.to(values.device)]
    rows = torch.arange(len(values), device=values.device)[:, None]
    return values[rows, positions.to(values.device)]


def single(positions: Positions) -> TypeGuard[str | int]:
    """Whether ``positions`` mean one position per row, the same for all: "last" or an integer."""
    return positions == "last" if isinstance(positions, str) else isinstance(positions, int)


def _count(rule: str) -> int:
    name, _, k = rule.partition(":")
    if name != "last_k" or not k.isdigit() or int(k) < 1:
        raise WorkbenchError(f"position rule {rule!r} is unknown; expected one of {', '.join(RULES)}")
    return int(k)
