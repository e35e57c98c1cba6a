"""How a propensity is read: prompts with both answers as tokens, and the log-odds between them.

One-token answers need one sequence per prompt and two columns of the unembedding: the log-odds are a difference of
logits. Longer answers are teacher-forced: one sequence per answer, and its tokens' log-probs are summed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from workbench.models import Batch, Model, bucket, pad, tokens, unembed, unembed_answers
from workbench.prompts import OPEN, answer_texts, bare_prompt
from workbench.sweep.variants import touched
from workbench.types import Card, Concept, Pair, Pole, WorkbenchError

Prompt = str | tuple[str, str]
PromptOf = Callable[[Pair, Card], Prompt]
# so many logits at once, of a whole vocabulary
LOGITS_AT_ONCE = 2**24


@dataclass(frozen=True)
class Questions:
    """The prompts of a concept and the tokens of their answers, ``positive`` being the pole that is swept toward."""

    prompts: list[list[int]]
    positive: list[list[int]]
    negative: list[list[int]]

    @property
    def single(self) -> bool:
        return all(len(answer) == 1 for answer in [*self.positive, *self.negative])


@dataclass(frozen=True)
class Bundle:
    """Sequences of one answer length, ready to run: prompt and answer without its last token, which predicts nothing.

    A model with hooks of its own is given whole answers, as its hooks may count from the end: ``whole`` is then true.
    ``mask`` marks the positions to steer, ``index`` says whose prompt each row is, ``sign`` whether its answer is the
    positive one. ``targets`` are the answer's tokens, or the two answers of a prompt where they are one token each.
    """

    batch: Batch
    mask: Bool[Tensor, "row position"]
    index: Int[Tensor, " row"]
    sign: Float[Tensor, " row"]
    targets: Int[Tensor, "row target"]
    single: bool
    whole: bool = False

    @property
    def reads(self) -> int:
        """How many positions are read."""
        return 1 if self.single else self.targets.shape[1]

    @property
    def read(self) -> slice:
        """The positions that are read: the last ones, before the answer's last token where that is there."""
        return slice(-self.reads - 1, -1) if self.whole else slice(-self.reads, None)

    def halves(self) -> list["Bundle"]:
        """The first and the second half of the rows; the bundle alone where it has one row."""
        some = torch.arange(len(self.batch), device=self.mask.device)
        middle = (len(some) + 1) // 2
        return [self.rows(part) for part in (some[:middle], some[middle:]) if len(part)]

    def rows(self, which: Int[Tensor, " some"]) -> "Bundle":
        """The bundle of some rows, in that order."""
        parts = {name: getattr(self, name)[which] for name in ("mask", "sign", "targets")}
        return replace(self, batch=self.batch.rows(which), index=self.index[which.cpu()], **parts)

    def scores(
        self, model: Model, final: Float[Tensor, "variant row read d_model"], grad: bool = False
    ) -> Float[Tensor, "variant row"]:
        """Signed log-odds (one-token answers) or signed log-probs (longer ones) from the final residual stream."""
        variants, rows = final.shape[:2]
        if self.single:
            columns = self.targets.repeat(variants, 1)
            logits = unembed_answers(model, final.flatten(0, 2), columns, grad).float()
            return (logits[:, 0] - logits[:, 1]).view(variants, rows)
        flat, wanted = final.flatten(0, 2), self.targets.repeat(variants, 1).flatten()
        at_once = max(1, LOGITS_AT_ONCE // model.n_vocab)
        parts = [
            log_probs(unembed(model, some, grad), ids)
            for some, ids in zip(flat.split(at_once), wanted.split(at_once), strict=True)
        ]
        return torch.cat(parts).view(variants, rows, -1).sum(2) * self.sign


def log_probs(logits: Float[Tensor, "n vocab"], ids: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
    """The log-probability of one token per row, in float32."""
    return logits.float().log_softmax(-1).gather(1, ids[:, None])[:, 0]


def questions(model: Model, concept: Concept, toward: Pole, prompts: Sequence[Prompt]) -> Questions:
    """Prompts and answers as tokens; refuses an answer that is no token continuation, and two equal answers."""
    both = [answer_texts(pair, concept.card) for pair in concept.pairs]
    if toward == "unaligned":
        both = [(second, first) for first, second in both]
    heads, positive = tokens(model, prompts, [first for first, _ in both])
    _, negative = tokens(model, prompts, [second for _, second in both])
    for pair, first, second in zip(concept.pairs, positive, negative, strict=True):
        if first == second:
            raise WorkbenchError(f"pair {pair.id!r} has twice the answer {pair.aligned!r}; expected two different ones")
    return Questions(heads, positive, negative)


def prompts_of(concept: Concept, prompt: str | PromptOf) -> list[Prompt]:
    """The prompt of every pair: the bare question, or what a function (pair, card) says.

    The " (" that opens an A/B answer belongs to the assistant's turn in a chat model, so it is handed on apart.
    """
    if not concept.pairs:
        raise WorkbenchError(f"concept {concept.name!r} has no pairs; expected at least one")
    if isinstance(prompt, str):
        if prompt != "bare":
            raise WorkbenchError(f"prompt {prompt!r} is unknown; expected 'bare' or a function (pair, card) -> text")
        prompt = bare_prompt
    texts = [prompt(pair, concept.card) for pair in concept.pairs]
    if concept.card.style != "ab":
        return texts
    return [(t.removesuffix(OPEN), OPEN) if isinstance(t, str) and t.endswith(OPEN) else t for t in texts]


def bundles(
    model: Model, asked: Questions, where: str, variants: int, batch_tokens: int
) -> Iterator[Bundle]:
    """Sequences bundled by answer length and prompt length, at most ``batch_tokens`` padded tokens each.

    Every sequence is run in many variants, so a bundle is closed early rather than padded by more than a few tokens.
    """
    rows = _rows(asked)
    for reads in sorted({len(row[2]) for row in rows}):
        some = [row for row in rows if len(row[2]) == reads]
        sizes = [len(row[1]) + (0 if asked.single else reads - 1) for row in some]
        for group in bucket(sizes, batch_tokens):
            for index in _tight(group, sizes, variants, batch_tokens):
                yield _bundle(model, [some[i] for i in index], asked.single, where)


def _rows(asked: Questions) -> list[tuple[int, list[int], list[int], float]]:
    """(whose prompt, prompt tokens, targets, sign) of every sequence to run."""
    each = list(enumerate(zip(asked.prompts, asked.positive, asked.negative, strict=True)))
    if asked.single:
        return [(i, head, [yes[0], no[0]], 1.0) for i, (head, yes, no) in each]
    return [row for i, (head, yes, no) in each for row in ((i, head, yes, 1.0), (i, head, no, -1.0))]


def _tight(group: Sequence[int], sizes: Sequence[int], variants: int, batch_tokens: int) -> Iterator[list[int]]:
    """A bucket cut where going on would pad by more than a twentieth, once its variants fill a batch."""
    part: list[int] = []
    for i in group:
        full = part and sizes[part[-1]] * len(part) * variants >= batch_tokens
        if full and sizes[i] > 1.05 * sizes[part[0]]:
            yield part
            part = []
        part.append(i)
    yield part


def _bundle(
    model: Model, rows: Sequence[tuple[int, list[int], list[int], float]], single: bool, where: str
) -> Bundle:
    whole = bool(model.hooks) and not single
    end = None if whole else -1
    batch = pad(model, [row[1] for row in rows], None if single else [row[2][:end] for row in rows])
    # in a sequence without its last token every answer position predicts one
    mask = touched("after_prompt" if where == "answer" else where, batch)
    if not bool(mask.any()):
        raise WorkbenchError(f"positions {where!r} are none in a prompt with one-token answers; use 'answer' or 'all'")
    index, targets, sign = (torch.tensor([row[k] for row in rows]) for k in (0, 2, 3))
    return Bundle(batch, mask, index, sign.to(model.device), targets.to(model.device), single, whole)


def score_log_odds(scores: Float[np.ndarray, "*prompt sample"]) -> Float[np.ndarray, "*prompt"]:
    """Log-odds of a judge's mean score over the samples of each prompt, always finite.

    (Σ score + ½) / (samples + 1) before the logit (Haldane–Anscombe): one sample judged 1 reads +1.10.
    """
    values = np.asarray(scores, dtype=np.float64)
    if not values.shape or values.shape[-1] == 0 or not ((values >= 0) & (values <= 1)).all():
        raise WorkbenchError(f"judge scores of shape {values.shape} are not all in [0, 1]; 1 means fully shown")
    total, count = values.sum(-1), values.shape[-1]
    return np.log(total + 0.5) - np.log(count - total + 0.5)
