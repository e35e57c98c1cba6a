"""The blocks' arithmetic without hook points, for the many passes of a sweep, inside which nobody reads or changes.

The bridge computes norms and attention step by step, so that every step can be hooked; that is about half of a
small model's time on a CPU. Here the same weights go through torch's fused norm and attention, and the last block
runs where it is read: keys and values everywhere, the rest there only. Before a model is run this way its blocks
are compared once with the bridge's.
"""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from workbench.models.batch import Batch, pad
from workbench.models.blocks import Frame, frame, run_blocks
from workbench.models.hooks import hooked, listened_to, running
from workbench.models.model import Hook, Model
from workbench.models.placement import is_split
from workbench.types import Site

# x + attn(ln1(x)), then + mlp(ln2(·)), with q, k, v and o as linear maps of their own
FAMILIES = frozenset({"gpt2", "llama", "mistral", "qwen2"})
TRIAL = ((5, 3, 7, 2, 6, 4), (3, 5, 2, 4))
_agreed: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()


def upper_blocks(
    model: Model,
    resid: Float[Tensor, "batch position d_model"],
    start: int,
    batch: Batch,
    read: slice,
    hooks: Sequence[Hook] = (),
) -> Float[Tensor, "batch read d_model"]:
    """From the stream entering block ``start`` to the final one at the positions ``read``, hooks firing."""
    with torch.inference_mode(), running(model, batch):
        around = frame(model, resid, batch)
        if not hooks and start < model.n_layers and may_run_unhooked(model):
            return run_unhooked(model, resid, around, start, read=read)
        with hooked(model, [*model.hooks, *hooks]):
            return run_blocks(model, resid, around, start)[:, read]


def whole_streams(sites: Sequence[Site]) -> bool:
    """Whether all of these are streams between blocks, which can be had without a hook inside one."""
    return all(site.stream == "resid_post" and site.head is None for site in sites)


def may_run_unhooked(model: Model) -> bool:
    """Whether nobody listens inside the blocks, and this model's blocks are known to be what is computed here."""
    if model.hooks or is_split(model) or getattr(model.config, "model_type", None) not in FAMILIES:
        return False
    # before the comparison: made under a hook, it would say something about the hook, and for ever
    if listened_to(model):
        return False
    if model.bridge not in _agreed:
        _agreed[model.bridge] = _agrees(model)
    return _agreed[model.bridge]


def _agrees(model: Model) -> bool:
    """Whether both ways give the same final stream, within rounding, for two short rows, one of them padded."""
    top = model.n_vocab - 1
    batch = pad(model, [[min(i, top) for i in row] for row in TRIAL])
    with torch.inference_mode(), running(model, batch):
        resid = torch.randn(*batch.ids.shape, model.d_model, generator=torch.Generator().manual_seed(0))
        resid = resid.to(model.device, next(model.bridge.parameters()).dtype)
        around = frame(model, resid, batch)
        usual, found = run_blocks(model, resid, around), run_unhooked(model, resid, around)
    rounding = max(1e-5, 4 * torch.finfo(resid.dtype).eps)
    real = batch.real
    return bool((usual - found)[real].abs().max() <= rounding * usual[real].abs().max())


def run_unhooked(  # noqa: PLR0913 - what blocks are run, where they are read, what is kept
    model: Model,
    resid: Float[Tensor, "batch position d_model"],
    around: Frame,
    start: int = 0,
    stop: int | None = None,
    read: slice | None = None,
    leaving: dict[int, Tensor] | None = None,
) -> Float[Tensor, "batch read d_model"]:
    """:func:`~workbench.models.blocks.run_blocks` for the families named above; the last block run where ``read``.

    ``leaving`` is filled with the stream that leaves each block, by layer.
    """
    stop = model.n_layers if stop is None else stop
    for layer in range(start, stop):
        resid = _block(model.bridge.blocks[layer], resid, around.arguments(layer), layer,
                       read if layer == stop - 1 else None)
        if leaving is not None:
            leaving[layer] = resid
    return resid


def _block(block: Any, resid: Tensor, given: dict[str, Any], layer: int, read: slice | None) -> Tensor:
    attended = _attention(block.attn, _bare(block.ln1)(resid), given, layer, read)
    middle = (resid if read is None else resid[:, read]) + attended
    return middle + _bare(block.mlp)(_bare(block.ln2)(middle))


def _attention(attn: Any, normed: Tensor, given: dict[str, Any], layer: int, read: slice | None) -> Tensor:
    d_head = _bare(attn).head_dim
    asking, mask = normed, given["attention_mask"]
    if read is not None:
        asking, mask = normed[:, read], mask[:, :, read]
    q = _heads(_bare(attn.q)(asking), d_head)
    k, v = (_heads(_bare(part)(normed), d_head) for part in (attn.k, attn.v))
    if "position_embeddings" in given:
        cos, sin = (part[:, None] for part in given["position_embeddings"])
        k = _rotated(k, cos, sin)
        q = _rotated(q, cos, sin) if read is None else _rotated(q, cos[:, :, read], sin[:, :, read])
    if given.get("past_key_values") is not None:
        k, v = given["past_key_values"].update(k, v, layer)
    times = q.shape[1] // k.shape[1]
    if times > 1:
        k, v = k.repeat_interleave(times, 1), v.repeat_interleave(times, 1)
    mixed = scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=d_head**-0.5)
    return _bare(attn.o)(mixed.transpose(1, 2).flatten(2))


def _heads(x: Float[Tensor, "batch position width"], d_head: int) -> Float[Tensor, "batch head position d_head"]:
    return x.unflatten(-1, (-1, d_head)).transpose(1, 2)


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions as these families have them: the halves of a head are the two coordinates."""
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat([-second, first], -1) * sin


def _bare(component: Any) -> Any:
    """The module inside a component of the bridge."""
    return component.original_component
