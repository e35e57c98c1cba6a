"""Causal tracing: at which layer the subject's last token carries a fact (arXiv 2202.05262, section 2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from workbench.editing.facts import Fact, batch_nll, subject_positions
from workbench.models import Batch, Hook, Model, capture, encode, tokens
from workbench.stats import t_interval
from workbench.types import Effect, Site


@dataclass(frozen=True)
class Noise:
    """How the subject is corrupted: ``scale`` standard deviations of the subjects' embeddings, ``samples`` draws."""

    scale: float = 3.0
    samples: int = 10
    seed: int = 0


def trace(
    model: Model, facts: Sequence[Fact], stream: str = "mlp_out", window: int = 1, noise: Noise | None = None
) -> pd.DataFrame:
    """One row per fact and layer: how much of the true object's log-probability returns when a clean value does.

    The embeddings of the subject's tokens get Gaussian noise, the same for every layer; at the subject's last token the
    clean ``stream`` is put back in ``window`` layers around ``layer``. ``total`` is clean minus corrupted and
    ``indirect`` restored minus corrupted, in nats per answer token, means over the draws. In log-probability, since in
    probability the effect depends on how sure the model was to begin with.
    """
    noise = noise or Noise()
    prepared = [_Subject.of(model, fact, noise.samples) for fact in facts]
    generator = torch.Generator().manual_seed(noise.seed)
    deviation = noise.scale * float(torch.cat([s.embedded for s in prepared]).std())
    rows = []
    for fact, subject in zip(facts, prepared, strict=True):
        draw = deviation * torch.randn(noise.samples, *subject.embedded.shape, generator=generator)
        corrupt: list[Hook] = [("hook_embed", _noising(draw, subject.first))]
        sites = [Site(layer, stream) for layer in range(model.n_layers)]
        clean = capture(model, subject.batch, sites)
        low = -batch_nll(model, subject.batch, corrupt)
        total = float((-batch_nll(model, subject.batch) - low).mean())
        for layer in range(model.n_layers):
            near = [s for s in sites if abs(s.layer - layer) <= (window - 1) // 2]
            back: list[Hook] = [(s.hook, _restoring(clean[s], subject.last)) for s in near]
            restored = -batch_nll(model, subject.batch, corrupt + back)
            rows.append({"fact": fact.id, "group": fact.group or fact.id, "layer": layer, "stream": stream,
                         "total": total, "indirect": float((restored - low).mean())})  # fmt: skip
    return pd.DataFrame(rows)


def average_indirect(rows: pd.DataFrame, level: float = 0.95) -> dict[int, Effect]:
    """layer -> mean indirect effect over groups with its t interval (AIE), of :func:`trace`'s rows."""
    return {int(str(layer)): t_interval(part["indirect"].to_numpy(float), level, "nats per token",
                                        part["group"].to_numpy())
            for layer, part in rows.groupby("layer")}  # fmt: skip


def best_layer(rows: pd.DataFrame) -> int:
    """The layer with the largest mean indirect effect among those that can be edited (all but the last)."""
    effects = average_indirect(rows)
    return max(sorted(effects)[:-1] or sorted(effects), key=lambda layer: effects[layer].estimate)


@dataclass(frozen=True)
class _Subject:
    """A fact's prompt with its true object, once per noise draw, and where its subject stands (columns)."""

    batch: Batch
    first: int
    last: int
    embedded: Float[Tensor, "token d_model"]

    @classmethod
    def of(cls, model: Model, fact: Fact, copies: int) -> "_Subject":
        rewrite = fact.rewrite(True)
        one = encode(model, [fact.prompt], [fact.true])
        last = int(subject_positions(model, [rewrite], one)[0])
        before = fact.prompt[: rewrite.subject_end - len(fact.subject)]
        # a token that reaches back over the subject's beginning (its space) belongs to it
        first = min(_shared(model, before, one), last)
        embedded = model.bridge.embed(one.ids[0, first : last + 1]).detach().cpu()
        return cls(one.repeat(copies), first, last, embedded)


def _shared(model: Model, before: str, batch: Batch) -> int:
    """How many tokens of the batch's only row are those of the text before the subject."""
    if not before and model.bos_rule == "none":
        return 0
    heads, _ = tokens(model, [before])
    row = batch.ids[0].tolist()
    return next((i for i, token in enumerate(heads[0]) if row[i] != token), len(heads[0]))


def _noising(draw: Float[Tensor, "row token d_model"], first: int) -> Any:
    def add(activation: Float[Tensor, "row position d_model"], hook: Any) -> Float[Tensor, "row position d_model"]:
        changed = activation.clone()
        changed[:, first : first + draw.shape[1]] += draw.to(activation)
        return changed

    return add


def _restoring(clean: Float[Tensor, "row position d_model"], at: int) -> Any:
    def restore(activation: Float[Tensor, "row position d_model"], hook: Any) -> Float[Tensor, "row position d_model"]:
        changed = activation.clone()
        changed[:, at] = clean[:, at].to(activation)
        return changed

    return restore
