"""An MLP's output matrix as a linear memory: its weights, its keys, their second moment, and temporary edits of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workbench.models import Batch, Model, bucket, exclusive, forward, pad, tokens
from workbench.models.placement import whole
from workbench.types import WorkbenchError, digest_of

# families whose MLP ends in one matrix that writes to the stream without a norm behind it
WRITE_PLAINLY = frozenset({"gpt2", "llama", "mistral", "qwen2", "qwen3"})


@dataclass(frozen=True)
class Edit:
    """A change of MLP output matrices: W' = W + λ Δ at each layer of ``deltas``, a control of dose λ.

    ``deltas`` maps layers to Δ [d_model d_mlp] in float64; ``method`` says who made it and ``steps`` how many gradient
    steps that took. Weights are changed in place while the edit is applied and put back afterwards, whatever happens;
    edits may be nested (a repair inside a harm).
    """

    deltas: Mapping[int, Float[Tensor, "d_model d_mlp"]]
    method: str
    steps: int = 0

    def note(self, strength: float) -> str:
        """Everything that this changes, for the digest of the model."""
        return f"edit {self._digest} at {float(strength)!r}"

    @cached_property
    def _digest(self) -> str:
        # of the bytes, once for all strengths: as text a matrix takes longer than a forward pass of a small model
        parts = [[layer, sha256(delta.cpu().numpy().tobytes()).hexdigest()] for layer, delta in self.deltas.items()]
        return digest_of(sorted(parts))

    @contextmanager
    def applied(self, model: Model, strength: float) -> Iterator[Model]:
        """The model with ``strength`` times the edit in its weights; the same module, so use no other view of it.

        Other threads wait for the model meanwhile.
        """
        with exclusive(model):
            yield from self._put(model, strength)

    def _put(self, model: Model, strength: float) -> Iterator[Model]:
        changed = {layer: out_matrix(model, layer) for layer in self.deltas}
        kept = {layer: weight.detach().clone() for layer, (weight, _) in changed.items()}
        try:
            with torch.no_grad():
                for layer, (weight, turned) in changed.items():
                    delta = self.deltas[layer].to(weight.device)
                    weight.copy_(weight.double() + float(strength) * (delta.T if turned else delta))
            yield model.altered(self.note(strength))
        finally:
            with torch.no_grad():
                for layer, (weight, _) in changed.items():
                    weight.copy_(kept[layer])

    def norm(self, model: Model) -> float:
        """‖Δ‖_F / ‖W‖_F over the edited matrices together: the edit's size as a share of what it changes."""
        moved = sum(float(delta.square().sum()) for delta in self.deltas.values())
        return (moved / sum(float(weights(model, layer).square().sum()) for layer in self.deltas)) ** 0.5


def check_layers(model: Model, layers: Sequence[int]) -> tuple[int, ...]:
    """The layers, ascending; a WorkbenchError for none, unknown ones, the last one, and families not known to fit.

    At the last block an edit at the subject is an exact no-op: nothing downstream reads the subject's position.
    """
    whole(model, "an edit")
    kind = getattr(model.config, "model_type", None)
    if kind not in WRITE_PLAINLY or model.weights_mode != "raw":
        raise WorkbenchError(
            f"{model.name} ({kind}, {model.weights_mode} weights) cannot be edited; expected raw weights of "
            + ", ".join(sorted(WRITE_PLAINLY))
        )
    chosen = tuple(sorted(set(layers)))
    if not chosen or chosen[0] < 0 or chosen[-1] > model.n_layers - 2:
        raise WorkbenchError(
            f"edit at layers {list(layers)} of {model.name}; expected some of 0 to {model.n_layers - 2}: "
            "at the last one nothing reads the subject any more, and the edit would do nothing"
        )
    return chosen


def out_matrix(model: Model, layer: int) -> tuple[Tensor, bool]:
    """The live parameter of a layer's MLP output matrix, and whether it is stored as [d_mlp d_model]."""
    inner: Any = model.bridge.blocks[layer].mlp.out.original_component
    return inner.weight, not isinstance(inner, torch.nn.Linear)


def weights(model: Model, layer: int) -> Float[Tensor, "d_model d_mlp"]:
    """A float64 copy of a layer's MLP output matrix, so that the MLP writes W k (+ a bias)."""
    weight, turned = out_matrix(model, layer)
    copy = weight.detach().double().clone()
    return copy.T if turned else copy


def read_keys(model: Model, batch: Batch, layer: int, positions: Int[Tensor, " row"]) -> Float[Tensor, "row d_mlp"]:
    """The MLP's key (the input of its output matrix) at one position of every row, in float64."""
    return _keys(model, batch, layer)[torch.arange(len(batch)), positions.cpu()]


def second_moment(model: Model, layer: int, texts: Sequence[str], ridge: float = 1e-4) -> Float[Tensor, "d_mlp d_mlp"]:
    """C = E[k kᵀ] + ridge · mean(diag) · I over all tokens of neutral texts, uncentred, in float64.

    The ridge makes C invertible where the texts have fewer tokens than the key has dimensions. Texts are cut at the
    model's context.
    """
    if not texts:
        raise WorkbenchError("no neutral texts came for the second moment of the keys; expected at least one")
    ids = [row[: model.context] for row in tokens(model, list(texts))[0]]
    total, count = torch.zeros((), dtype=torch.float64), 0
    for index in bucket([len(row) for row in ids], 4096):
        batch = pad(model, [ids[i] for i in index])
        rows = _keys(model, batch, layer)[batch.real.cpu()]
        total = total + rows.T @ rows
        count += len(rows)
    moment = total / count
    return moment + ridge * moment.diagonal().mean() * torch.eye(len(moment), dtype=torch.float64)


def null_projector(moment: Float[Tensor, "d_mlp d_mlp"], share: float = 1e-2) -> Float[Tensor, "d_mlp d_mlp"]:
    """P onto the smallest eigenvectors of the keys' second moment that together hold at most ``share`` of its trace.

    So E‖P k‖² ≤ share · E‖k‖² on the neutral keys: Δ P hardly moves what the MLP writes for them. AlphaEdit (arXiv
    2410.02355) cuts at an eigenvalue instead, which depends on the keys' scale. WorkbenchError where no direction is
    that small: the neutral keys fill the space.
    """
    values, vectors = torch.linalg.eigh(moment)
    small = vectors[:, values.cumsum(0) <= share * values.sum()]
    if not small.shape[1]:
        raise WorkbenchError(f"neutral keys leave no direction with less than {share} of their energy; raise the share")
    return small @ small.T


def _keys(model: Model, batch: Batch, layer: int) -> Float[Tensor, "row position d_mlp"]:
    found: list[Tensor] = []

    def read(activation: Tensor, hook: Any) -> Tensor:
        found.append(activation.detach())
        return activation

    forward(model, batch, hooks=[(f"blocks.{layer}.mlp.out.hook_in", read)], upto=layer + 1)
    # a copy: what was made in inference mode may not meet a gradient later
    return found[0].clone().double().cpu()
