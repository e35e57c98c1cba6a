"""Where a direction and an answer appear on the way up, and what chosen heads look at: plain arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from workbench.models import Batch, Model, capture, forward, unembed_answers
from workbench.models.placement import whole
from workbench.types import Direction, Site, WorkbenchError


def direction_lens(model: Model, batch: Batch, direction: Direction) -> np.ndarray:
    """The projection on ``direction`` of every layer's residual stream, [prompt layer position]; NaN at padding.

    Index 0 of the layer axis is the input; index l+1 leaves layer l (resid_post).
    """
    sites = _stream(model)
    found = capture(model, batch, sites)
    rows = torch.stack([found[site] @ direction.vector.to(found[site]) for site in sites], 1)
    return rows.masked_fill(~batch.real[:, None], torch.nan).double().cpu().numpy()


def answer_lens(model: Model, batch: Batch, answers: Int[Tensor, "row 2"]) -> np.ndarray:
    """The propensity [prompt layer], in nats, if the model stopped there: the final norm and unembedding on every
    layer's stream at the last position (nostalgebraist 2020, logit lens). The last entry is the model's own."""
    found = capture(model, batch, _stream(model), "last")
    logits = [unembed_answers(model, found[site], answers) for site in _stream(model)]
    return torch.stack([row[:, 0] - row[:, 1] for row in logits], 1).double().cpu().numpy()


def direction_tokens(model: Model, direction: Direction, k: int = 10) -> dict[str, list[tuple[str, float]]]:
    """The ``k`` tokens a direction promotes and demotes: W_U applied to it, the final norm's gain included.

    The norm's centring and its scale are left out, and its gain is taken to be its weight (not so in Gemma, where it is
    1 + weight): values rank tokens, they are not logits.
    Raises WorkbenchError for k below 1.
    """
    if k < 1:
        raise WorkbenchError(f"{k} tokens were asked for; expected at least 1")
    whole(model, "the tokens of a direction")
    weight = model.bridge.unembed.W_U.detach()
    gain = getattr(model.bridge.ln_final, "weight", None)
    vector = direction.vector.to(weight)
    logits = (vector if gain is None else vector * gain.detach()) @ weight
    best = {"promoted": logits.topk(k), "demoted": (-logits).topk(k)}
    sign = {"promoted": 1, "demoted": -1}
    return {name: [(model.tokenizer.decode([int(i)]), sign[name] * float(value))
                   for value, i in zip(found.values, found.indices, strict=True)]
            for name, found in best.items()}  # fmt: skip


def attention_patterns(model: Model, batch: Batch, heads: Sequence[tuple[int, int]]) -> np.ndarray:
    """What chosen heads, (layer, head) each, attend to: [prompt head query key]; rows of real queries sum to 1.

    Padding is on the left. Raises WorkbenchError for a head the model lacks.
    """
    found: dict[int, Tensor] = {}
    for layer, head in heads:
        if not (0 <= layer < model.n_layers and 0 <= head < model.n_heads):
            raise WorkbenchError(f"head {layer}.{head} is beyond {model.name}; expected layers 0 to "
                                 f"{model.n_layers - 1} and heads 0 to {model.n_heads - 1}")  # fmt: skip

    def keeping(layer: int) -> Any:
        def keep(activation: Tensor, hook: Any) -> Tensor:
            found[layer] = activation.cpu().clone()
            return activation

        return keep

    layers = sorted({layer for layer, _ in heads})
    hooks = [(f"blocks.{layer}.attn.hook_pattern", keeping(layer)) for layer in layers]
    forward(model, batch, hooks=hooks, upto=layers[-1] + 1)
    return torch.stack([found[layer][:, head] for layer, head in heads], 1).double().cpu().numpy()


def _stream(model: Model) -> list[Site]:
    return [Site(0, "resid_pre"), *(Site(layer) for layer in range(model.n_layers))]
