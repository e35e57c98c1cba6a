"""Texts to left-padded token batches: chat turns, the BOS rule, and answers that must extend their prompts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from workbench.models.model import Model
from workbench.types import WorkbenchError

Prompt = str | tuple[str, str]


@dataclass(frozen=True)
class Batch:
    """Left-padded tokens. ``mask`` is true at real tokens; ``prompt_lengths`` counts the real tokens before any answer.

    ``offset`` tokens were run before and live in a cache: ``mask`` then covers them too, [batch offset+position].
    ``given`` counts the tokens of the text that was given, where this batch is a part of it or goes on after it;
    ``at`` are the positions of tokens that do not simply follow each other (variants side by side).
    """

    ids: Int[Tensor, "batch position"]
    mask: Bool[Tensor, "batch total"]
    prompt_lengths: Int[Tensor, " batch"]
    offset: int = 0
    bos: bool = False
    given: Int[Tensor, " batch"] | None = None
    at: Int[Tensor, "batch position"] | None = None

    @property
    def real(self) -> Bool[Tensor, "batch position"]:
        """The mask of this batch's own positions, without cached ones."""
        return self.mask[:, self.offset:]

    @property
    def lengths(self) -> Int[Tensor, " batch"]:
        """Real tokens per row, cached ones included."""
        return self.mask.sum(1)

    @property
    def answer_lengths(self) -> Int[Tensor, " batch"]:
        return self.lengths - self.prompt_lengths

    @property
    def given_lengths(self) -> Int[Tensor, " batch"]:
        """Real tokens of the given text: prompt and answer, without generated ones."""
        return self.lengths if self.given is None else self.given

    @property
    def position_ids(self) -> Int[Tensor, "batch position"]:
        """The index of every token among the real ones of its row; 0 at padding."""
        if self.at is not None:
            return self.at
        return (self.mask.long().cumsum(1) - 1).clamp(min=0)[:, self.offset:]

    def repeat(self, n: int) -> "Batch":
        """Every row ``n`` times, copies of a row next to each other."""
        return self.rows(torch.arange(len(self.ids), device=self.ids.device).repeat_interleave(n))

    def rows(self, index: Int[Tensor, " row"]) -> "Batch":
        """The rows at ``index``, in that order."""
        given = None if self.given is None else self.given[index]
        at = None if self.at is None else self.at[index]
        return Batch(self.ids[index], self.mask[index], self.prompt_lengths[index], self.offset, self.bos, given, at)

    def __len__(self) -> int:
        return len(self.ids)


def tokens(model: Model, prompts: Sequence[Prompt], answers: Sequence[str] | None = None) -> tuple[list, list]:
    """Token ids of every prompt and of its answer: (prompts, answers), lists of lists.

    A prompt is a text, or a pair (text, start): in a chat model ``text`` is the user's turn and ``start`` opens the
    assistant's turn; in a base model they are simply joined. BOS is prepended by the model's rule. An answer's
    tokens are tokens(prompt + answer) without tokens(prompt); where the answer changes the prompt's tokens, or adds
    none, a WorkbenchError says so.
    """
    _check_texts(prompts, answers)
    texts = [_prompt_text(model, prompt) for prompt in prompts]
    heads = [_with_bos(model, ids) for ids in _ids(model, texts)]
    for text, ids in zip(prompts, heads, strict=True):
        if not ids:
            raise WorkbenchError(f"prompt {text!r} has no tokens; expected a text, as this model has no BOS token")
    if answers is None:
        return heads, [[] for _ in heads]
    # an assistant turn begins after a line break: " Yes" is "Yes" there
    starts = [a.lstrip() if model.chat and t[-1:].isspace() else a for t, a in zip(texts, answers, strict=True)]
    wholes = [_with_bos(model, ids) for ids in _ids(model, [t + a for t, a in zip(texts, starts, strict=True)])]
    tails = []
    for head, whole, answer in zip(heads, wholes, answers, strict=True):
        if whole[: len(head)] != head or len(whole) == len(head):
            raise WorkbenchError(f"answer {answer!r} does not extend the tokens of its prompt: the tokenizer merges "
                                 "across the border, or it is empty; begin it at a token border, such as a space")
        tails.append(whole[len(head):])
    return heads, tails


def encode(model: Model, prompts: Sequence[Prompt], answers: Sequence[str] | None = None) -> Batch:
    """Prompts (and the answers after them) as one left-padded batch on the model's device. See :func:`tokens`."""
    return pad(model, *tokens(model, prompts, answers))


def pad(model: Model, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]] | None = None) -> Batch:
    """Token lists as one left-padded batch; refuses sequences beyond the model's context."""
    answers = answers if answers is not None else [[] for _ in prompts]
    rows = [list(p) + list(a) for p, a in zip(prompts, answers, strict=True)]
    width = max(len(row) for row in rows)
    if width > model.context:
        raise WorkbenchError(f"a prompt has {width} tokens, the context of {model.name} is {model.context}; shorten it")
    fill = pad_id(model)
    ids = torch.tensor([[fill] * (width - len(row)) + row for row in rows])
    mask = torch.arange(width)[None] >= width - torch.tensor([[len(row)] for row in rows])
    lengths = torch.tensor([len(p) for p in prompts])
    device = model.device
    return Batch(ids.to(device), mask.to(device), lengths.to(device), 0, model.bos_rule == "prepend")


def batches(
    model: Model, prompts: Sequence[Prompt], answers: Sequence[str] | None = None, batch_tokens: int = 4096
) -> Iterator[tuple[list[int], Batch]]:
    """Length-bucketed batches of at most ``batch_tokens`` padded tokens: (indices into ``prompts``, batch)."""
    heads, tails = tokens(model, prompts, answers)
    sizes = [len(h) + len(t) for h, t in zip(heads, tails, strict=True)]
    for index in bucket(sizes, batch_tokens):
        yield index, pad(model, [heads[i] for i in index], [tails[i] for i in index])


def bucket(sizes: Sequence[int], batch_tokens: int) -> list[list[int]]:
    """Indices grouped by size, so that (longest of a group) x (its number) stays within ``batch_tokens``."""
    groups: list[list[int]] = [[]]
    for i in sorted(range(len(sizes)), key=lambda i: sizes[i]):
        if groups[-1] and sizes[i] * (len(groups[-1]) + 1) > batch_tokens:
            groups.append([])
        groups[-1].append(i)
    return [group for group in groups if group]


def pad_id(model: Model) -> int:
    """The id that fills padding (masked everywhere, so its value never matters)."""
    for name in ("pad_token_id", "eos_token_id"):
        value = getattr(model.tokenizer, name, None)
        if value is not None and value < model.n_vocab:
            return int(value)
    return 0


def _check_texts(prompts: Sequence[Prompt], answers: Sequence[str] | None) -> None:
    if isinstance(prompts, str):
        raise WorkbenchError(f"prompts came as one text {prompts[:40]!r}; expected a list: put it in brackets")
    if not len(prompts):
        raise WorkbenchError("no prompts came; expected at least one text")
    if answers is not None and len(answers) != len(prompts):
        raise WorkbenchError(f"{len(prompts)} prompts came with {len(answers)} answers; expected one answer each")


def _prompt_text(model: Model, prompt: Prompt) -> str:
    text, start = (prompt, "") if isinstance(prompt, str) else prompt
    if model.chat is None:
        return text + start
    wrapped = model.chat.wrap(model.tokenizer, text)
    return wrapped + (start.lstrip() if wrapped[-1:].isspace() else start)


def _ids(model: Model, texts: list[str]) -> list[list[int]]:
    return model.tokenizer(texts, add_special_tokens=False)["input_ids"]


def _with_bos(model: Model, ids: list[int]) -> list[int]:
    bos = model.tokenizer.bos_token_id
    # a chat template usually writes its own BOS
    if model.bos_rule != "prepend" or (model.chat and ids[:1] == [bos]):
        return ids
    return [bos, *ids]
