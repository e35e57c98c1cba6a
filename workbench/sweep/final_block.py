"""The upper blocks, the last one only where it is read.

Nobody reads the last block's output at other positions than the answer's, so its MLP runs there alone: in a
model of four blocks swept at the first three that is a third of the work.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.models import Batch, Hook, Model, hooked
from workbench.models.blocks import Frame, frame, run_blocks
from workbench.models.hooks import running

# blocks of the form x + attn(ln1(x)), then + mlp(ln2(·)); checked against the whole block
SEQUENTIAL = frozenset({"gpt2", "llama", "mistral", "qwen2", "qwen3"})


def upper_blocks(
    model: Model,
    resid: Float[Tensor, "batch position d_model"],
    start: int,
    batch: Batch,
    read: slice,
    hooks: Sequence[Hook] = (),
) -> Float[Tensor, "batch read d_model"]:
    """From the stream entering block ``start`` to the final one at the positions ``read``."""
    last = model.n_layers - 1
    with torch.inference_mode(), running(batch), hooked(model, [*model.hooks, *hooks]):
        around = frame(model, resid, batch)
        # hooks on the last block must see all of its positions
        if start > last or model.hooks or hooks or model.config.model_type not in SEQUENTIAL:
            return run_blocks(model, resid, around, start)[:, read]
        return last_block(model, run_blocks(model, resid, around, start, last), around, read)


def last_block(
    model: Model, resid: Float[Tensor, "batch position d_model"], around: Frame, read: slice
) -> Float[Tensor, "batch read d_model"]:
    """The last block of a sequential family, its MLP at the positions ``read`` only; no hooks may be on it."""
    last = model.n_layers - 1
    block = model.bridge.blocks[last]
    attended = block.attn(block.ln1(resid), **around.arguments(last))
    attended = attended[0] if isinstance(attended, tuple) else attended
    middle = resid[:, read] + attended[:, read]
    return middle + block.mlp(block.ln2(middle))
