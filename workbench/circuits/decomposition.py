"""What writes a direction: the exact share of every head, MLP, neuron, embedding and bias in a projection.

The residual stream is a sum, so its projection on a direction is the sum of its parts' projections (Elhage et al. 2021,
"A mathematical framework for transformer circuits"). No norm is applied: this is the stream itself, not the logits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from workbench.circuits.contrast import CleanCorrupt
from workbench.circuits.wiring import check_sum
from workbench.models import Batch, Model, capture, check_sites, forward
from workbench.models.placement import whole
from workbench.stats import t_interval
from workbench.types import Direction, Effect, Site, WorkbenchError

ENTRY = Site(0, "resid_pre")


@dataclass(frozen=True)
class Contributions:
    """``values`` [prompt part], in the units of the projection; ``parts`` name them, ``total`` [prompt] is their sum.

    Parts: ``input`` (all embeddings), ``h2.0`` (a head), ``b2`` (the bias after layer 2's heads), ``m2`` (an MLP with
    its biases); of :func:`neuron_contributions` the neurons ``n0``, ``n1``, ... and ``bias``.
    """

    parts: tuple[str, ...]
    values: np.ndarray
    total: np.ndarray

    def effects(self, groups: Sequence[str], level: float = 0.95) -> dict[str, Effect]:
        """part -> its mean contribution with a t interval over ``groups`` [prompt]."""
        return {part: t_interval(self.values[:, i], level, "projection", np.array(groups))
                for i, part in enumerate(self.parts)}  # fmt: skip

    def frame(self, groups: Sequence[str]) -> pd.DataFrame:
        """One row per prompt and part: prompt, group, part, contribution."""
        table = pd.DataFrame(self.values, columns=pd.Index(self.parts)).assign(
            prompt=range(len(self.values)), group=list(groups))  # fmt: skip
        return table.melt(["prompt", "group"], var_name="part", value_name="contribution")


def contributions(
    model: Model, batch: Batch, direction: Direction, site: Site | None = None, position: str | int = "last"
) -> Contributions:
    """Contribution of every part upstream of ``site`` to the projection on ``direction``, at one position per prompt.

    ``site`` is a residual-stream site (default: the direction's own). The sum is checked against the stream read there:
    1e-4 of the parts' size in float32, 1e-9 in float64. Raises WorkbenchError where it fails (norms after a sublayer,
    a steered model) and for a site that is no residual stream.
    """
    site = site or direction.site
    if site.stream not in ("resid_pre", "resid_mid", "resid_post"):
        raise WorkbenchError(f"site {site} is no residual stream; expected resid_pre, resid_mid or resid_post")
    check_sites(model, [site])
    whole(model, "a decomposition")
    attended = site.layer + (site.stream != "resid_pre")
    finished = site.layer + (site.stream == "resid_post")
    heads = [Site(layer, "z") for layer in range(attended)]
    mlps = [Site(layer, "mlp_out") for layer in range(finished)]
    read = capture(model, batch, [ENTRY, *heads, *mlps, site], position)
    vector = direction.vector.to(read[site])
    found: dict[str, Tensor] = {"input": read[ENTRY] @ vector}
    for layer in range(attended):
        found |= _attention(model, layer, read[heads[layer]], vector)
        if layer < finished:
            found[f"m{layer}"] = read[mlps[layer]] @ vector
    return _summed(model, found, read[site] @ vector)


def written(model: Model, pairs: CleanCorrupt, direction: Direction, rows_at_once: int = 32) -> Contributions:
    """What each part writes along ``direction`` because the prompt is the clean and not the corrupt one.

    Contributions of the clean runs minus those of the corrupt ones, at the direction's site and the last position; on
    :func:`cue_pairs` they sum to the distance between cued runs along the direction, so a part's share is a share of
    the cue's trace. A random direction has contributions too: compare with it. Raises as :func:`contributions` does.
    """
    found = [[contributions(model, batch, direction) for batch in (part.clean, part.corrupt)]
             for part in pairs.parts(rows_at_once)]  # fmt: skip
    values = np.concatenate([clean.values - corrupt.values for clean, corrupt in found])
    total = np.concatenate([clean.total - corrupt.total for clean, corrupt in found])
    return Contributions(found[0][0].parts, values, total)


def neuron_contributions(
    model: Model, batch: Batch, direction: Direction, layer: int, position: int = -1
) -> Contributions:
    """Contribution of every neuron of one MLP, and of its output bias; the sum is the MLP's own, checked.

    ``position`` counts as a Python index over the padded positions (-1: the last token). Raises as
    :func:`contributions` does.
    """
    site, posts = Site(layer, "mlp_out"), []
    check_sites(model, [site])

    def keep(activation: Tensor, hook: object) -> Tensor:
        posts.append(activation[:, position].clone())
        return activation

    whole(model, "a decomposition")
    forward(model, batch, hooks=[(f"blocks.{layer}.mlp.hook_post", keep)], upto=layer + 1)
    mlp = model.bridge.blocks[layer].mlp
    vector = direction.vector.to(posts[0])
    weights = (mlp.W_out @ vector).detach()
    found = {f"n{i}": values for i, values in enumerate((posts[0] * weights).unbind(1))}
    bias = getattr(mlp, "b_out", None)
    found["bias"] = (torch.zeros(()) if bias is None else bias.detach() @ vector).to(vector).expand(len(posts[0]))
    return _summed(model, found, capture(model, batch, [site], position)[site] @ vector)


def _attention(
    model: Model, layer: int, z: Float[Tensor, "prompt head d_head"], vector: Float[Tensor, " d_model"]
) -> dict[str, Tensor]:
    attention = model.bridge.blocks[layer].attn
    each = torch.einsum("bhe,he->bh", z, (attention.W_O @ vector).detach())
    found = {f"h{layer}.{h}": values for h, values in enumerate(each.unbind(1))}
    if attention.b_O is not None:
        found[f"b{layer}"] = (attention.b_O.detach() @ vector).expand(len(z))
    return found


def _summed(model: Model, found: dict[str, Tensor], total: Tensor) -> Contributions:
    values = torch.stack(list(found.values()), 1)
    check_sum(model, values.sum(1), total, values.abs().sum(1))
    return Contributions(tuple(found), values.double().cpu().numpy(), total.double().cpu().numpy())
