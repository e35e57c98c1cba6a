"""A planted model whose readout is linear: no block does anything, and the final norm's scale is almost constant."""

from dataclasses import replace

import numpy as np
import torch

from workbench.attacks import Effort
from workbench.types import Card, Concept, Pair

WIDTH, BULK = 32, 400.0
# the direction that answers write, and one that nobody writes; both without mean, which the final norm takes away
V, U = ((torch.eye(WIDTH)[k] - torch.eye(WIDTH)[k + 1]) / 2**0.5 for k in (0, 2))
SLOPE = (1.0, 2.0)  # of the answer on both


def planted_module(build, vocab: int, yes: int, no: int):
    """Answers write ±3 V, positions spread along V, and " Yes" against " No" reads SLOPE · (V, U)."""
    module = build("gpt2", vocab, tie_word_embeddings=False, n_embd=WIDTH)
    draw = torch.Generator().manual_seed(0)
    # what is in every token: large, without mean, outside V and U, so that the norm divides by a constant
    bulk = torch.zeros(WIDTH)
    bulk[4:] = torch.tensor([1.0, -1.0] * (WIDTH // 2 - 2))
    with torch.no_grad():
        for block in module.transformer.h:
            for part in (block.attn.c_proj, block.mlp.c_proj):
                part.weight.zero_()
                part.bias.zero_()
        module.transformer.wte.weight.copy_(BULK * bulk + 0.01 * torch.randn(vocab, WIDTH, generator=draw))
        module.transformer.wte.weight[yes] += 3 * V
        module.transformer.wte.weight[no] -= 3 * V
        module.transformer.wpe.weight.copy_(torch.randn(256, 1, generator=draw) * V)
        # undo the norm's division: its scale is BULK · √(28/32)
        scale = BULK * (1 - 4 / WIDTH) ** 0.5
        reads = scale / 2 * (SLOPE[0] * V + SLOPE[1] * U)
        module.lm_head.weight.zero_()
        module.lm_head.weight[yes], module.lm_head.weight[no] = reads, -reads
    return module


def questions(first: int, count: int) -> Concept:
    """``count`` groups of three questions of different lengths; " Yes" is always the aligned answer."""
    pairs = [
        Pair(f"{g}-{k}", f"group {g}", f"{'a' * ((7 * g + 3 * k) % 24)}?", " Yes", " No")
        for g in range(first, first + count)
        for k in range(3)
    ]
    card = Card("letters", "Letters", style="question", trait="says yes", instruction_aligned="Yes.",
                instruction_unaligned="No.")  # fmt: skip
    return Concept("letters", tuple(pairs), card)


PARTS = (questions(0, 2), questions(2, 3), questions(5, 7))
EFFORT = Effort(level=0.001, examples=1, cap=9.0, draws=3, steps=5)


def alike(length: int) -> tuple[Concept, ...]:
    """The same parts with questions of one length, which all start from the same V·h."""

    def renamed(pair: Pair) -> Pair:
        g, k = map(int, pair.id.split("-"))
        return replace(pair, question=(chr(97 + g) + chr(97 + k)) * length + "?")

    return tuple(part.select([renamed(pair) for pair in part.pairs]) for part in PARTS)


def along(model, concept) -> np.ndarray:
    """V·h at the last token of every question, read from the planted embeddings by position."""
    from workbench.models import batches, capture
    from workbench.prompts import bare_prompt
    from workbench.types import Site

    out = np.zeros(len(concept.pairs))
    for index, batch in batches(model, [bare_prompt(pair, concept.card) for pair in concept.pairs]):
        out[index] = (capture(model, batch, [Site(1)], "last")[Site(1)] @ V).numpy()
    return out
