"""Batch sizes from a memory budget, and what to do where a device has less than it promised.

A batch size is a part of the plan: it follows from the model's shape and the budget alone, never from what happens
to be free, so that two machines run the same batches and write the same record.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch

from workbench.models.model import Model
from workbench.types import WorkbenchError

Part = TypeVar("Part")
Result = TypeVar("Result")
# residual-sized tensors that live at once within a block: stream, norm, q, k, v, heads' output, sum, a copy
LIVE = 8
# widths of the MLP that live at once: before and after the non-linearity (and the gate, where there is one)
WIDE = 3


@dataclass(frozen=True)
class Budget:
    """Memory that activations may take beside the weights, in MiB; where ``batch_tokens`` is asked, it may stand."""

    megabytes: float | int

    def __post_init__(self):
        if not self.megabytes > 0:
            raise WorkbenchError(f"budget of {self.megabytes!r} MiB holds nothing; expected a positive number")

    def tokens(self, model: Model, length: int) -> int:
        """How many padded tokens of texts of ``length`` tokens fit in one pass, at least one text of that length."""
        return max(length, int(self.megabytes * 2**20 / bytes_per_token(model, length)))


def bytes_per_token(model: Model, length: int) -> float:
    """What one token of a text takes in a pass: within a block, in the attention pattern, and as keys and values."""
    config = model.bridge.cfg
    size, heads = model.dtype.itemsize, model.n_heads
    wide = int(getattr(config, "d_mlp", None) or 4 * model.d_model)
    head = int(getattr(config, "d_head", None) or model.d_model // heads)
    block = LIVE * model.d_model + WIDE * wide + 2 * heads * length
    return float(size * (block + 2 * model.n_layers * model.n_kv_heads * head))


def planned(batch_tokens: int | Budget, model: Model, lengths: Iterable[int]) -> int:
    """Tokens per pass: the number itself, or what a :class:`Budget` allows for the longest text."""
    if isinstance(batch_tokens, Budget):
        return batch_tokens.tokens(model, max(lengths, default=1))
    if batch_tokens < 1:
        raise WorkbenchError(f"batch_tokens {batch_tokens!r} runs nothing; expected at least 1, or a Budget in MiB")
    return int(batch_tokens)


def halving(
    run: Callable[[Part, int], Result],
    parts: Iterable[Part],
    batch_tokens: int,
    split: Callable[[Part], list[Part]],
) -> Iterator[tuple[Part, Result]]:
    """``run(part, batch_tokens)`` of every part; where a device is out of memory, with half as much, and from then on.

    ``split`` gives the halves of a part, or the part alone where it cannot be split. A WorkbenchError where even one
    token at a time is too much.
    """
    for part in parts:
        waiting = [part]
        while waiting:
            now = waiting.pop(0)
            try:
                result = run(now, batch_tokens)
            except torch.OutOfMemoryError as error:
                halves = split(now)
                if batch_tokens == 1 and len(halves) == 1:
                    raise WorkbenchError(
                        f"out of memory with one text and one token at a time ({str(error).splitlines()[0]}); "
                        "use a device with more memory, or a smaller model or dtype"
                    ) from error
                batch_tokens = max(1, batch_tokens // 2)
                warnings.warn(f"out of memory: going on with {batch_tokens} tokens per pass", stacklevel=3)
                waiting = halves + waiting
                release()
                continue
            yield now, result


def release() -> None:
    """Give cached blocks back to the device."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
