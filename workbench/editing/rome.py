"""ROME and MEMIT: facts written into MLP output matrices as the solution of a small linear system."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.editing.facts import Rewrite, subject_positions
from workbench.editing.memory import Edit, check_layers, null_projector, read_keys, second_moment
from workbench.editing.targets import Fitting, fit_targets
from workbench.models import Model, capture, encode
from workbench.types import Site, WorkbenchError

Moments = Mapping[int, Float[Tensor, "d_mlp d_mlp"]]


def moments(model: Model, layers: Sequence[int], texts: Sequence[str], ridge: float = 1e-4) -> Moments:
    """The keys' second moment at each layer, on neutral texts: what an edit tries not to disturb."""
    return {layer: second_moment(model, layer, texts, ridge) for layer in check_layers(model, layers)}


def rome(model: Model, rewrite: Rewrite, layer: int, known: Moments, fitting: Fitting | None = None) -> Edit:
    """Rank-one edit of one layer: W' = W + (v* − W k) (C⁻¹k*)ᵀ / ((C⁻¹k*)ᵀ k), arXiv 2202.05262.

    k is the key at the subject's last token without prefix, k* its mean over the fitting's prefixes, v* = v₀ + δ the
    fitted value (without the output bias). W' k = v* exactly, in float64, for the prefix-free k. WorkbenchError for
    the last layer, where the edit would do nothing.
    """
    return rome_each(model, [rewrite], layer, known, fitting)[0]


def rome_each(
    model: Model, rewrites: Sequence[Rewrite], layer: int, known: Moments, fitting: Fitting | None = None
) -> list[Edit]:
    """One :func:`rome` edit per rewrite, each as it would be alone, fitted together: many times as fast.

    ``steps`` of every edit is that of the rewrite that took longest.
    """
    (layer,) = check_layers(model, [layer])
    fitting, moment = fitting or Fitting(), _moment(known, layer)
    found = fit_targets(model, rewrites, Site(layer, "mlp_out"), fitting)
    keys = _mean_keys(model, rewrites, layer, ("",))
    weighed = torch.linalg.solve(moment, _mean_keys(model, rewrites, layer, fitting.prefixes).T).T
    # v* − W k is δ: the clean value v₀ is what W (and the bias) returns for k
    return [
        Edit({layer: torch.outer(delta, right) / (right @ key)}, "rome", found.steps)
        for delta, right, key in zip(found.delta, weighed, keys, strict=True)
    ]


def memit(  # noqa: PLR0913 - the edit's settings, each a choice of the paper
    model: Model,
    rewrites: Sequence[Rewrite],
    layers: Sequence[int],
    known: Moments,
    fitting: Fitting | None = None,
    *,
    weight: float = 0.1,
    null_share: float | None = None,
) -> Edit:
    """Many facts at once, spread over ``layers`` (arXiv 2210.07229), optionally kept inside a null space.

    For each layer in turn, R is what the last layer's stream still lacks divided by the layers that remain, and
    Δ = R (λI + KᵀGK)⁻¹ KᵀG with G = C⁻¹: the paper's R Kᵀ(λC + KKᵀ)⁻¹ in the form that λ = 0 leaves solvable.
    ``weight`` is λ per unit of the mean kᵀGk, so that one fact alone is written to the
    share 1 / (1 + weight). With one fact, one layer and λ = 0
    this is ROME. ``null_share`` sets G = P, the projector onto the directions that hold at most that share of the
    neutral keys' energy (AlphaEdit, arXiv 2410.02355).
    """
    chosen, fitting = check_layers(model, layers), fitting or Fitting()
    if not rewrites:
        raise WorkbenchError("memit got no rewrites; expected at least one")
    site = Site(chosen[-1])
    found = fit_targets(model, rewrites, site, fitting)
    wanted, edit = found.start + found.delta, Edit({}, "memit" if null_share is None else "null-space", found.steps)
    for i, layer in enumerate(chosen):
        with edit.applied(model, 1.0) as changed:
            lacking = (wanted - _stream(changed, rewrites, site)) / (len(chosen) - i)
            keys = _mean_keys(changed, rewrites, layer, fitting.prefixes).T
        moment = _moment(known, layer)
        weighed = torch.linalg.solve(moment, keys) if null_share is None else null_projector(moment, null_share) @ keys
        delta = _solved(lacking.T, keys, weighed, weight)
        edit = Edit({**edit.deltas, layer: delta}, edit.method, edit.steps)
    return edit


def _solved(
    lacking: Float[Tensor, "d_model fact"],
    keys: Float[Tensor, "d_mlp fact"],
    weighed: Float[Tensor, "d_mlp fact"],
    weight: float,
) -> Float[Tensor, "d_model d_mlp"]:
    gram = keys.T @ weighed
    gram = gram + weight * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    return lacking @ torch.linalg.solve(gram, weighed.T)


def _moment(known: Moments, layer: int) -> Float[Tensor, "d_mlp d_mlp"]:
    if layer not in known:
        raise WorkbenchError(f"no second moment of layer {layer} came, only of {sorted(known)}; see moments()")
    return known[layer]


def _mean_keys(
    model: Model, rewrites: Sequence[Rewrite], layer: int, prefixes: Sequence[str]
) -> Float[Tensor, "fact d_mlp"]:
    total = torch.zeros(())
    for prefix in prefixes:
        batch = encode(model, [prefix + r.prompt for r in rewrites])
        keys = read_keys(model, batch, layer, subject_positions(model, rewrites, batch, [prefix] * len(rewrites)))
        total = total + keys
    return total / len(prefixes)


def _stream(model: Model, rewrites: Sequence[Rewrite], site: Site) -> Float[Tensor, "fact d_model"]:
    batch = encode(model, [r.prompt for r in rewrites])
    where = subject_positions(model, rewrites, batch)
    return capture(model, batch, [site])[site][torch.arange(len(batch)), where].double().cpu()
