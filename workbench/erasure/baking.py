"""A projection written into the weights: every matrix that writes to the residual stream loses the subspace."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.models import Model, exclusive
from workbench.types import WorkbenchError, digest_of

# families whose writers end in the stream without a norm behind them
WRITE_PLAINLY = frozenset({"gpt2", "llama", "mistral", "qwen2", "qwen3"})


@dataclass(frozen=True)
class Baked:
    """W' = W − λ BᵀB W for embedding, positions, and the outputs of attention and MLP of every layer.

    ``basis`` B has orthonormal rows. Equal to projecting every writer's output by a hook (tested), hence at λ = 1 to
    ablating the subspace everywhere in the stream (arXiv 2406.11717, weight orthogonalisation). The weights are
    changed in place while the control is applied and put back afterwards, whatever happens; a tied unembedding
    keeps its old weights.
    """

    basis: Float[Tensor, "rank d_model"]
    limit: float = 1.0

    def __post_init__(self):
        square = self.basis.double() @ self.basis.double().T
        if not torch.allclose(square, torch.eye(len(square), dtype=torch.float64), atol=1e-6):
            raise WorkbenchError("a baked basis is not orthonormal; expected unit rows at right angles")

    def note(self, strength: float) -> str:
        """Everything that this changes, for the digest of the model."""
        return f"bake {digest_of(self.basis.tolist())} at {float(strength)!r}"

    def norm(self, model: Model) -> float:
        """‖W Bᵀ B‖_F / ‖W‖_F over all writers together: what λ = 1 takes, as a share of what it changes."""
        taken = total = 0.0
        for parameter, dim in writers(model):
            rows = parameter.detach().double().movedim(dim, -1)
            taken += float((rows @ self.basis.to(rows).T).square().sum())
            total += float(rows.square().sum())
        return (taken / total) ** 0.5

    @contextmanager
    def applied(self, model: Model, strength: float) -> Iterator[Model]:
        """The model with its writers projected; the same module, so use no other view of it meanwhile."""
        kind = getattr(model.config, "model_type", None)
        if kind not in WRITE_PLAINLY or model.weights_mode != "raw":
            raise WorkbenchError(
                f"a projection cannot be baked into {model.name} ({kind}, {model.weights_mode} weights)"
                f"; expected raw weights of {', '.join(sorted(WRITE_PLAINLY))}: use the hooked one"
            )
        with exclusive(model), untied(model), projected(model, self.basis, float(strength)):
            yield model.altered(self.note(strength))


def writers(model: Model) -> list[tuple[Tensor, int]]:
    """Every parameter that writes to the stream, with the axis of it that is the stream's."""
    bridge = model.bridge
    found: list[tuple[Tensor, int]] = [(bridge.embed.original_component.weight, 1)]
    if model.config.model_type == "gpt2":
        found.append((bridge.pos_embed.original_component.weight, 1))
    for block in bridge.blocks:
        for part in (block.attn.o, block.mlp.out):
            inner = part.original_component
            found.append((inner.weight, 0 if isinstance(inner, torch.nn.Linear) else 1))
            if inner.bias is not None:
                found.append((inner.bias, 0))
    return found


@contextmanager
def projected(model: Model, basis: Tensor, strength: float) -> Iterator[None]:
    """The writers' outputs without the share ``strength`` of the subspace; the old values afterwards."""
    parameters = writers(model)
    kept = [parameter.detach().clone() for parameter, _ in parameters]
    try:
        with torch.no_grad():
            for parameter, dim in parameters:
                old = parameter.detach().double().movedim(dim, -1)
                rows = basis.to(old)
                parameter.copy_((old - strength * (old @ rows.T) @ rows).movedim(-1, dim))
        yield
    finally:
        with torch.no_grad():
            for (parameter, _), old in zip(parameters, kept, strict=True):
                parameter.copy_(old)


@contextmanager
def untied(model: Model) -> Iterator[None]:
    """The unembedding with weights of its own, where it shares the embedding's."""
    head: Any = model.bridge.unembed.original_component
    shared = head.weight
    if shared is not model.bridge.embed.original_component.weight:
        yield
        return
    try:
        head.weight = torch.nn.Parameter(shared.detach().clone(), requires_grad=shared.requires_grad)
        yield
    finally:
        head.weight = shared
