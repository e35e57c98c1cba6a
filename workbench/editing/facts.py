"""Facts, what an edit is asked to write, and where in a prompt the subject ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workbench.models import Batch, Hook, Model, encode, forward, position_mask, tokens
from workbench.types import WorkbenchError

DIRECTIONS = ("toward truth", "away from truth", "value-neutral")


@dataclass(frozen=True)
class Rewrite:
    """One request to an editor: after ``prompt``, in which ``subject`` occurs, the model shall say ``target``."""

    prompt: str
    subject: str
    target: str

    def __post_init__(self):
        if not self.subject or self.subject not in self.prompt:
            raise WorkbenchError(f"subject {self.subject!r} is not in the prompt {self.prompt!r}; expected part of it")
        if not self.target:
            raise WorkbenchError(f"the rewrite of {self.prompt!r} has an empty target; expected an answer")

    @property
    def subject_end(self) -> int:
        """Where the last occurrence of the subject ends in the prompt, in characters."""
        return self.prompt.rindex(self.subject) + len(self.subject)


@dataclass(frozen=True)
class Fact:
    """One subject, one relation and two objects, with CounterFact's probes around it (arXiv 2202.05262).

    ``prompt`` asks for the object and contains ``subject``; ``true`` and ``false`` are answers that continue it, with
    their leading space. ``paraphrases`` ask the same; ``neighbours`` ask the same of other subjects whose object is
    ``true``, ``counter_neighbours`` of subjects whose object is ``false`` (a request toward truth must spare them).
    ``kind`` is "value" where truth is at stake and "neutral" where both objects are equally false (the names
    are then a convention). ``group`` is the unit of resampling; empty: the fact itself.
    """

    id: str
    prompt: str
    subject: str
    true: str
    false: str
    paraphrases: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()
    counter_neighbours: tuple[str, ...] = ()
    kind: Literal["value", "neutral"] = "value"
    group: str = ""

    def answer(self, truth: bool) -> str:
        """The true object, or the false one."""
        return self.true if truth else self.false

    def rewrite(self, truth: bool) -> Rewrite:
        """The request that makes the model say the true object, or the false one."""
        return Rewrite(self.prompt, self.subject, self.answer(truth))

    def direction(self, truth: bool) -> str:
        """The direction label of that request, one of :data:`DIRECTIONS`."""
        return DIRECTIONS[2] if self.kind == "neutral" else DIRECTIONS[0 if truth else 1]


def subject_positions(
    model: Model, rewrites: Sequence[Rewrite], batch: Batch, prefixes: Sequence[str] | None = None
) -> Int[Tensor, " row"]:
    """The index of the subject's last token in every row of a left-padded batch.

    Row i holds prefix i (default: none), the prompt of rewrite i and whatever follows. WorkbenchError for a chat
    model, and where the tokenizer merges the subject's end with what follows it.
    """
    if model.chat is not None:
        raise WorkbenchError(f"{model.name} wraps prompts in turns; expected a base model: edits need the bare prompt")
    starts = list(prefixes or [""] * len(rewrites))
    heads, _ = tokens(model, [p + r.prompt[: r.subject_end] for p, r in zip(starts, rewrites, strict=True)])
    found = []
    for row, head, rewrite in zip(range(len(batch)), heads, rewrites, strict=True):
        start = batch.ids.shape[1] - int(batch.lengths[row])
        if batch.ids[row, start : start + len(head)].tolist() != head:
            raise WorkbenchError(
                f"the tokenizer merges the end of subject {rewrite.subject!r} with what follows it"
                "; end the subject at a token border, such as a word"
            )
        found.append(start + len(head) - 1)
    return torch.tensor(found, device=batch.ids.device)


def answer_nll(
    model: Model,
    prompts: Sequence[str],
    answers: Sequence[str],
    *,
    hooks: Sequence[Hook] = (),
    grad: bool = False,
) -> Float[Tensor, " row"]:
    """Mean negative log-likelihood per answer token, nats, of every answer after its prompt."""
    return batch_nll(model, encode(model, list(prompts), list(answers)), hooks, grad)


def batch_nll(model: Model, batch: Batch, hooks: Sequence[Hook] = (), grad: bool = False) -> Float[Tensor, " row"]:
    """:func:`answer_nll` of an encoded batch of prompts with answers."""
    logits = forward(model, batch, hooks=hooks, grad=grad)
    following = batch.ids.roll(-1, 1)[..., None]
    precise = logits if logits.dtype == torch.float64 else logits.float()
    each = -precise.log_softmax(-1).gather(2, following)[..., 0]
    asked = position_mask("answer", batch)
    return torch.where(asked, each, each.new_zeros(())).sum(1) / batch.answer_lengths


def margins(model: Model, facts: Sequence[Fact]) -> Float[Tensor, " fact"]:
    """ℓ_false − ℓ_true per fact, nats per token: above zero the model prefers the true object."""
    prompts = [fact.prompt for fact in facts]
    nll = answer_nll(model, prompts * 2, [f.true for f in facts] + [f.false for f in facts])
    return nll[len(facts) :] - nll[: len(facts)]
