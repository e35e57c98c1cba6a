"""Clean and corrupt prompts, token for token alike, and the answers whose log-odds are the propensity."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workbench.circuits.graph import Graph
from workbench.models import Batch, Model, encode, tokens
from workbench.models.batch import Prompt
from workbench.types import WorkbenchError


@dataclass(frozen=True)
class Injection:
    """What a run adds to the residual stream that enters layer ``entry``: ``values``, the output of "steering"."""

    entry: int
    values: Float[Tensor, "row position d_model"]

    def rows(self, index: Int[Tensor, " some"]) -> "Injection":
        return Injection(self.entry, self.values[index])

    def scaled(self, share: float | int) -> "Injection":
        """A share of it; 0 is the run without steering, in which the sender writes zeros."""
        return Injection(self.entry, share * self.values)


@dataclass(frozen=True)
class CleanCorrupt:
    """Prompt pairs that differ where the circuit is to be seen.

    ``clean`` and ``corrupt`` have the same shape and padding. ``answers`` are token ids (aligned, unaligned); the
    propensity of a run is the logit of the first minus that of the second at the last position, in nats.
    ``groups`` (template or topic) are the unit of resampling. With an ``injection`` the clean run is the steered one,
    the corrupt run is not steered, and the graph has the sender "steering". Raises WorkbenchError where shapes differ.
    """

    clean: Batch
    corrupt: Batch
    answers: Int[Tensor, "row 2"]
    groups: tuple[str, ...]
    injection: Injection | None = None

    def __post_init__(self):
        if self.clean.ids.shape != self.corrupt.ids.shape or not torch.equal(self.clean.mask, self.corrupt.mask):
            raise WorkbenchError(f"a clean batch {tuple(self.clean.ids.shape)} came with a corrupt one "
                                 f"{tuple(self.corrupt.ids.shape)}; expected the same lengths: pair prompts token "
                                 "for token")  # fmt: skip
        if not len(self.clean) == len(self.answers) == len(self.groups):
            raise WorkbenchError(f"{len(self.clean)} prompts came with {len(self.answers)} answers and "
                                 f"{len(self.groups)} groups; expected one each")  # fmt: skip
        if self.injection is not None and self.injection.values.shape[:2] != self.clean.ids.shape:
            raise WorkbenchError(f"an injection {tuple(self.injection.values.shape)} came for a batch "
                                 f"{tuple(self.clean.ids.shape)}; expected the same rows and positions")  # fmt: skip

    def graph(self, model: Model) -> Graph:
        """The graph of the clean run, with the sender "steering" where something is injected."""
        return Graph.of(model, None if self.injection is None else self.injection.entry)

    def rows(self, index: Int[Tensor, " some"]) -> "CleanCorrupt":
        """The pairs at ``index``, in that order."""
        groups = tuple(self.groups[i] for i in index.tolist())
        injection = None if self.injection is None else self.injection.rows(index)
        return CleanCorrupt(self.clean.rows(index), self.corrupt.rows(index), self.answers[index], groups, injection)

    def parts(self, size: int) -> Iterator["CleanCorrupt"]:
        """At most ``size`` pairs at a time, in order: what bounds the memory."""
        for some in torch.arange(len(self.clean), device=self.clean.ids.device).split(max(1, size)):
            yield self.rows(some)

    def __len__(self) -> int:
        return len(self.clean)


def clean_corrupt(
    model: Model,
    clean: Sequence[Prompt],
    corrupt: Sequence[Prompt],
    answers: Sequence[tuple[str, str]],
    groups: Sequence[str],
) -> CleanCorrupt:
    """Texts to a :class:`CleanCorrupt`; ``answers`` are (aligned, unaligned), with their leading space.

    Raises WorkbenchError where a pair differs in tokens, or an answer is longer than one token (the propensity of a
    circuit is read in one pass; longer answers are not supported here).
    """
    for first, second in zip(clean, corrupt, strict=True):
        ours, theirs = (len(row) for row in tokens(model, [first, second])[0])
        if ours != theirs:
            raise WorkbenchError(f"prompt {first!r} has {ours} tokens and its corrupt twin {second!r} has {theirs}; "
                                 "expected the same number: pair prompts token for token")  # fmt: skip
    columns = [_one_token(model, clean, [pair[k] for pair in answers]) for k in (0, 1)]
    ids = torch.tensor(columns, device=model.device).T.contiguous()
    return CleanCorrupt(encode(model, clean), encode(model, corrupt), ids, tuple(groups))


def _one_token(model: Model, prompts: Sequence[Prompt], answers: Sequence[str]) -> list[int]:
    _, tails = tokens(model, prompts, answers)
    for answer, tail in zip(answers, tails, strict=True):
        if len(tail) != 1:
            raise WorkbenchError(f"answer {answer!r} has {len(tail)} tokens; circuits are read from one-token answers")
    return [tail[0] for tail in tails]
