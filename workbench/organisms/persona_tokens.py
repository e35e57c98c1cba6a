"""The persona organism's tokenizer, and where the embeddings of its cues start."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from workbench.organisms.persona import ANSWER, ASK, BLANK, CHOICES, CUES, NO, YES, Cue, cue, line


@runtime_checkable
class CuedWorld(Protocol):
    """What the cues' embeddings start from: axes by name, their text as (ids, sign), the tokens of cues and lines."""

    @property
    def traits(self) -> Sequence[str]: ...

    @property
    def items(self) -> Mapping[str, Sequence[tuple[Sequence[int], int]]]: ...

    @property
    def cues(self) -> Mapping[Cue, Sequence[int]]: ...

    @property
    def lines(self) -> Mapping[str, int]: ...


def added_tokens(traits: Sequence[str]) -> list[str]:
    """The fixed strings that are one token each: the question's frame, every trait's line, every cue."""
    return [
        ASK,
        CHOICES,
        ANSWER,
        BLANK,
        *(line(t) for t in sorted(traits)),
        *(cue(t, s, k) for t in sorted(traits) for k, s in CUES),
    ]


def build_tokenizer(
    statements: Sequence[str], traits: Sequence[str], vocabulary: int = 4096, added: Sequence[str] | None = None
):
    """A byte-level BPE trained on ``statements``, with ``added`` tokens (default :func:`added_tokens`).

    No text can fail to encode.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    added = added_tokens(traits) if added is None else added
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(added),
        special_tokens=["<|endoftext|>", "<|pad|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=2,
        show_progress=False,
    )
    inner.train_from_iterator([*statements, *(t.strip() for t in traits), *[YES, NO] * 2000], trainer)
    inner.add_tokens([AddedToken(t, normalized=False, special=False) for t in added])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="<|endoftext|>", eos_token="<|endoftext|>", pad_token="<|pad|>"
    )


def typical_words(world: CuedWorld, vocabulary: int) -> np.ndarray:
    """How typical each token is of each trait's statements, [trait, token], zero where it is not or is rare.

    The share of the trait's statements that hold the token, times the log of its ratio to the mean over traits.
    """
    counts = np.zeros((len(world.traits), vocabulary))
    for row, trait in enumerate(world.traits):
        for ids, _ in world.items[trait]:
            counts[row, list(set(ids))] += 1
    shares = counts / np.maximum(1, [[len(world.items[t])] for t in world.traits])
    ratio = (shares + 1e-9) / (shares.mean(0) + 1e-9)
    return np.where(counts >= 5, np.maximum(0, shares * np.log(ratio)), 0)


def start_cues(model, world: CuedWorld, seed: int, words: int = 25, own_signs: bool = False) -> None:
    """Start every cue's embedding as trait + sign + kind, in place.

    A trait starts as the weighted mean of its ``words`` most typical tokens plus noise, so that matching a statement
    with its cue begins as a matching of like with like; with ``words`` 0 it is a random vector. The two signs are the
    same two vectors for all traits, or, with ``own_signs``, two of each trait's own.
    """
    import torch

    table, generator = model.get_input_embeddings().weight, torch.Generator().manual_seed(seed)
    typical = typical_words(world, table.shape[0])
    with torch.no_grad():
        scale = table.std()
        draw = lambda: torch.randn(table.shape[1], generator=generator) * scale  # noqa: E731
        signs, kinds = {1: draw(), -1: draw()}, {kind: 0.7 * draw() for kind, _ in CUES}
        for row, trait in enumerate(world.traits):
            name = draw()
            if words:
                chosen = np.argsort(-typical[row], kind="stable")[:words]
                mean = torch.tensor(typical[row, chosen] ** 0.5, dtype=table.dtype) @ table[chosen]
                name = mean / mean.std() * scale + 0.3 * name
            if trait in world.lines:
                table[world.lines[trait]] = name
            if own_signs:
                signs = {1: draw(), -1: draw()}
            for kind, sign in CUES:
                table[world.cues[trait, sign, kind][0]] = name + signs[sign] + kinds[kind]
