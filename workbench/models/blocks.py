"""The blocks, run one by one: what makes it possible to enter the model at any layer and to stop anywhere.

TransformerLens' ``start_at_layer`` still runs the lower blocks; here they are not run. Everything between the
embedding and the final residual stream goes through :func:`run_blocks`, so hooks fire as in a full forward.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from workbench.models import placement
from workbench.models.batch import Batch
from workbench.models.model import Model

# families whose blocks were checked here against the full forward; others go through the whole bridge
LEARNED_POSITIONS = frozenset({"gpt2"})
ROTARY_PER_KIND = frozenset({"gemma3_text"})
ROTARY = frozenset({"llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gpt_neox"}) | ROTARY_PER_KIND


class KeyValues:
    """Keys and values per layer, [batch head position d_head]. A growing one keeps what it is given, a fixed one not.

    Stands where the blocks expect a HuggingFace cache, which every call would change.
    """

    def __init__(self, layers: Mapping[int, tuple[Tensor, Tensor]] | None = None, grow: bool = True):
        self.layers = dict(layers or {})
        self.grow = grow

    def update(self, keys: Tensor, values: Tensor, layer: int, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Old and new together; the old ones are shared by all rows or one per row."""
        if layer in self.layers:
            old_keys, old_values = self.layers[layer]
            keys, values = torch.cat([old_keys, keys], 2), torch.cat([old_values, values], 2)
        if self.grow:
            self.layers[layer] = (keys, values)
        return keys, values

    def get_seq_length(self, layer: int = 0) -> int:
        return self.layers[layer][0].shape[2] if layer in self.layers else 0

    def fixed(self) -> "KeyValues":
        """The same keys and values, never changed by a pass."""
        return KeyValues(self.layers, grow=False)


@dataclass(frozen=True)
class Frame:
    """What every block of one pass needs besides the residual stream."""

    position_ids: Int[Tensor, "batch position"]
    attention: Mapping[str, Float[Tensor, "batch 1 query key"]]
    layer_types: tuple[str, ...]
    rotary: Mapping[str, Any]
    cache: KeyValues | None = None

    def arguments(self, layer: int) -> dict[str, Any]:
        kind = self.layer_types[layer]
        given: dict[str, Any] = {"attention_mask": self.attention[kind], "position_ids": self.position_ids}
        if self.rotary:
            given["position_embeddings"] = self.rotary[kind]
        if self.cache is not None:
            given["past_key_values"] = self.cache
        return given


def resumable(model: Model) -> bool:
    """Whether this family's blocks can be run from here; otherwise the whole bridge has to run."""
    return getattr(model.config, "model_type", None) in LEARNED_POSITIONS | ROTARY


def embed(model: Model, ids: Int[Tensor, "batch position"], position_ids: Int[Tensor, "batch position"]) -> Tensor:
    """The residual stream that enters block 0."""
    resid = model.bridge.embed(ids)
    if model.config.model_type in LEARNED_POSITIONS:
        resid = resid + model.bridge.pos_embed(position_ids)
    return resid


def causal(batch: Batch) -> Bool[Tensor, "batch query key"]:
    """Which keys (cached ones first) every query may see: real ones, not later than itself."""
    total = batch.mask.shape[1]
    slots = torch.arange(total, device=batch.mask.device)
    seen = batch.mask[:, None] & (slots[None, :] <= slots[batch.offset:, None])
    # padding sees itself: a row without any key would be all NaN in some attention kernels
    return seen | (slots[None, :] == slots[batch.offset:, None])


def frame(
    model: Model,
    resid: Float[Tensor, "batch position d_model"],
    batch: Batch,
    cache: KeyValues | None = None,
) -> Frame:
    """The frame of an ordinary pass over ``batch``; ``resid`` gives dtype and device only."""
    key_positions = (batch.mask.long().cumsum(1) - 1).clamp(min=0)
    return build_frame(model, resid, causal(batch), (batch.position_ids, key_positions), cache)


def build_frame(
    model: Model,
    resid: Float[Tensor, "batch position d_model"],
    seen: Bool[Tensor, "batch query key"],
    positions: tuple[Int[Tensor, "batch query"], Int[Tensor, "batch key"]],
    cache: KeyValues | None,
) -> Frame:
    """A frame from what every query may see and where queries and keys stand."""
    query_positions, key_positions = positions
    kinds = _layer_types(model)
    attention = {}
    for kind in set(kinds):
        allowed = seen
        if kind == "sliding_attention":
            near = query_positions[:, :, None] - key_positions[:, None, :] < model.config.sliding_window
            allowed = seen & near
        lowest = torch.finfo(resid.dtype).min
        attention[kind] = torch.zeros(allowed.shape, dtype=resid.dtype, device=resid.device).masked_fill_(
            ~allowed, lowest)[:, None]
    return Frame(query_positions, attention, kinds, _rotary(model, resid, query_positions, kinds), cache)


def run_blocks(
    model: Model, resid: Float[Tensor, "batch position d_model"], around: Frame, start: int = 0, stop: int | None = None
) -> Float[Tensor, "batch position d_model"]:
    """From the stream entering block ``start`` to the one entering block ``stop`` (None: leaving the last)."""
    blocks = list(model.bridge.blocks)
    for layer in range(start, len(blocks) if stop is None else stop):
        out = blocks[layer](resid, **around.arguments(layer))
        resid = out[0] if isinstance(out, tuple) else out
    return placement.home(model, resid)


def _rotary(model: Model, resid: Tensor, query_positions: Tensor, kinds: tuple[str, ...]) -> dict[str, Any]:
    family = model.config.model_type
    if family not in ROTARY:
        return {}
    if family in ROTARY_PER_KIND:
        return {kind: model.bridge.rotary_emb(resid, query_positions, kind) for kind in dict.fromkeys(kinds)}
    return dict.fromkeys(kinds, model.bridge.rotary_emb(resid, query_positions))


def _layer_types(model: Model) -> tuple[str, ...]:
    types = getattr(model.config, "layer_types", None)
    if types:
        return tuple(types)
    sliding = model.config.model_type == "mistral" and getattr(model.config, "sliding_window", None)
    return ("sliding_attention" if sliding else "full_attention",) * model.n_layers
