"""What a short training is on: answers to imitate, or pairs of answers of which one is to be preferred."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from workbench.training.loop import collate, logits_at, losses
from workbench.training.nouns import DETERMINED, IGNORE, Document, TrainConfig
from workbench.types import WorkbenchError

Batches = Sequence[Sequence[Document]]


def answered(head: Sequence[int], tail: Sequence[int]) -> Document:
    """A prompt and its answer: only the answer's tokens are learned."""
    return Document([*head, *tail], [IGNORE] * len(head) + [DETERMINED] * len(tail))


@dataclass(frozen=True)
class Answers:
    """Imitate the answers: mean NLL per answer token of each batch. ``fill`` is the id that pads."""

    batches: Batches
    fill: int

    def __len__(self) -> int:
        return len(self.batches)

    def loss(self, module: Any, batch: int) -> Float[Tensor, ""]:
        """Mean negative log-probability of the answers' tokens."""
        ids, kinds = _collated(module, self.batches[batch], self.fill)
        return losses(module, ids, kinds, TrainConfig(tokens=0), 0)[0]

    def size(self, batch: int) -> tuple[int, int]:
        """(examples, tokens read)."""
        return len(self.batches[batch]), sum(len(d.ids) for d in self.batches[batch])


@dataclass(frozen=True)
class Preferences:
    """Prefer the first answer of each pair to the second: direct preference optimisation (arXiv 2305.18290).

    The loss is −ln σ(β [m − m₀]) with m = ln p(chosen) − ln p(rejected) and ``reference`` holding the reference
    model's m₀, [example] per batch: read once, by :func:`preferences`. Where nothing has moved yet it is ln 2.
    """

    chosen: Batches
    rejected: Batches
    reference: Sequence[Float[Tensor, " _"]]  # batches differ in size
    beta: float
    fill: int

    def __len__(self) -> int:
        return len(self.chosen)

    def loss(self, module: Any, batch: int) -> Float[Tensor, ""]:
        """Mean loss of the batch's pairs."""
        moved = margins(module, self.chosen[batch], self.rejected[batch], self.fill) - self.reference[batch]
        return -F.logsigmoid(self.beta * moved).mean()

    def size(self, batch: int) -> tuple[int, int]:
        """(examples, tokens read): a pair is one example, both of its texts are read."""
        both = [*self.chosen[batch], *self.rejected[batch]]
        return len(self.chosen[batch]), sum(len(d.ids) for d in both)


def preferences(module: Any, chosen: Batches, rejected: Batches, beta: float, fill: int) -> Preferences:
    """The lesson, with the margins of ``module`` as it is now for reference."""
    if not beta > 0:
        raise WorkbenchError(f"preference tuning got beta {beta}; expected a number above 0")
    with torch.no_grad():
        reference = [margins(module, c, r, fill) for c, r in zip(chosen, rejected, strict=True)]
    return Preferences(chosen, rejected, reference, beta, fill)


def margins(
    module: Any, chosen: Sequence[Document], rejected: Sequence[Document], fill: int
) -> Float[Tensor, " example"]:
    """ln p(chosen answer) − ln p(rejected answer), summed over each answer's tokens, from one pass over both."""
    ids, kinds = _collated(module, [*chosen, *rejected], fill)
    counted = kinds[:, 1:] == DETERMINED
    each = -F.cross_entropy(logits_at(module, ids, counted), ids[:, 1:][counted], reduction="none")
    sums = each.new_zeros(len(ids)).index_add(0, counted.nonzero()[:, 0], each)
    return sums[: len(chosen)] - sums[len(chosen) :]


def _collated(module: Any, documents: Sequence[Document], fill: int) -> tuple[Tensor, Tensor]:
    ids, kinds = collate(list(documents), fill)
    device = next(module.parameters()).device
    return ids.to(device), kinds.to(device)
