"""One pass: logits where they are wanted, activations without the unembedding, and re-entry at any layer.

Half of a small model's forward pass is the unembedding of positions nobody reads; here it happens only at chosen
positions and for chosen columns. Passes run without gradients unless ``grad=True``.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workbench.models import placement
from workbench.models.batch import Batch
from workbench.models.blocks import embed, frame, resumable, run_blocks
from workbench.models.exclusive import exclusive
from workbench.models.hooks import attached, hooked, running
from workbench.models.model import Hook, Model
from workbench.models.positions import Positions, select, single
from workbench.models.unhooked import may_run_unhooked, run_unhooked, whole_streams
from workbench.types import Site, WorkbenchError


class _Enough(Exception):
    """Everything asked for was captured: the rest of the pass is not needed."""


def forward(  # noqa: PLR0913
    model: Model,
    batch: Batch,
    *,
    hooks: Sequence[Hook] = (),
    upto: int | None = None,
    positions: Positions = None,
    columns: Int[Tensor, "..."] | Sequence[int] | None = None,
    grad: bool = False,
) -> Tensor:
    """Logits at ``positions`` (see :func:`positions.select`) and of ``columns`` only.

    Args:
        columns: token ids, [k] for all rows or [batch k] for each row its own; None for the whole vocabulary.
            Raw columns: right for logit differences; log-probs need the whole vocabulary.
        upto: stop early and return the residual stream that enters this block instead, at ``positions``.

    Returns:
        [batch position k], [batch k] ("last") or [n k] (mask), k being the vocabulary or the columns.
    """
    with _pass(model, batch, hooks, grad):
        if resumable(model):
            resid = embed(model, batch.ids, batch.position_ids)
            resid = run_blocks(model, resid, frame(model, resid, batch), 0, upto)
        else:
            name = "ln_final.hook_in" if upto in (None, model.n_layers) else f"blocks.{upto}.hook_in"
            resid = _through_bridge(model, batch, name)
        chosen = select(resid, positions, batch)
        if upto is None:
            chosen = _unembed(model, chosen, _columns_of(columns, positions, batch, chosen))
    return _outside(model, chosen, grad)


def capture(
    model: Model,
    batch: Batch,
    sites: Sequence[Site],
    positions: Positions = None,
    *,
    hooks: Sequence[Hook] = (),
    grad: bool = False,
) -> dict[Site, Tensor]:
    """Activations at ``sites`` and ``positions`` (see :func:`positions.select`), after all hooks of the model.

    Stops as soon as the last site was seen: no block above it is run, and nothing is unembedded. A ``z`` site gives
    [... head d_head], with ``head`` [... d_head].
    """
    check_sites(model, sites)
    found: dict[Site, Tensor] = {}
    if not hooks and not grad and whole_streams(sites) and may_run_unhooked(model):
        leaving = _streams(model, batch, max(site.layer for site in sites) + 1)
        return {site: _outside(model, select(leaving[site.layer], positions, batch), grad) for site in sites}
    reads = [(site.hook, _reader(site, found, len(set(sites)), positions, batch)) for site in dict.fromkeys(sites)]
    with _pass(model, batch, hooks, grad), attached(model, reads), suppress(_Enough):
        if resumable(model):
            resid = embed(model, batch.ids, batch.position_ids)
            run_blocks(model, resid, frame(model, resid, batch))
        else:
            model.bridge(batch.ids, attention_mask=batch.mask.long())
    return {site: _outside(model, found[site], grad) for site in sites}


def _streams(model: Model, batch: Batch, stop: int) -> dict[int, Tensor]:
    """The streams that leave the blocks below ``stop``, by layer, in a model that nobody listens to."""
    leaving: dict[int, Tensor] = {}
    with torch.inference_mode(), running(model, batch):
        resid = embed(model, batch.ids, batch.position_ids)
        run_unhooked(model, resid, frame(model, resid, batch), 0, stop, leaving=leaving)
    return leaving


def resume(  # noqa: PLR0913
    model: Model,
    resid: Float[Tensor, "batch position d_model"],
    start_layer: int,
    batch: Batch,
    *,
    hooks: Sequence[Hook] = (),
    positions: Positions = None,
    grad: bool = False,
) -> Tensor:
    """From the stream that enters block ``start_layer`` to the final one (before the last norm), at ``positions``.

    Blocks below ``start_layer`` are not run. ``batch`` says padding and prompt lengths, row for row: use
    ``batch.repeat(n)`` for n variants of every prompt. Exactly the full forward's numbers (tested on GPT-2, Llama,
    Qwen2, Gemma, left-padded). Give the result to :func:`unembed` or :func:`unembed_answers`. Families outside
    :data:`blocks.ROTARY` run in full, with a warning.
    """
    if resid.shape[:2] != batch.ids.shape:
        raise WorkbenchError(f"resume got a residual {tuple(resid.shape[:2])} for a batch {tuple(batch.ids.shape)}; "
                             "expected the same rows and positions: use batch.repeat(n)")
    if not 0 <= start_layer <= model.n_layers:
        raise WorkbenchError(f"resume at layer {start_layer} of {model.n_layers}; expected 0 to {model.n_layers}")
    with _pass(model, batch, hooks, grad):
        if resumable(model) or start_layer == model.n_layers:
            final = resid if start_layer == model.n_layers else run_blocks(
                model, resid, frame(model, resid, batch), start_layer)
        else:
            warnings.warn(f"{model.name}: blocks of {type(model.bridge.original_model).__name__} cannot be entered "
                          "from outside, so the lower ones are run as well", stacklevel=2)
            entry = [(f"blocks.{start_layer}.hook_in", lambda activation, hook: resid)]
            with attached(model, entry):
                final = _through_bridge(model, batch, "ln_final.hook_in")
        final = select(final, positions, batch)
    return _outside(model, final, grad)


def unembed(model: Model, resid_final: Float[Tensor, "... d_model"], grad: bool = False) -> Float[Tensor, "... vocab"]:
    """Logits of the whole vocabulary from the final residual stream."""
    with exclusive(model), torch.inference_mode(not grad):
        logits = _unembed(model, resid_final, None)
    return _outside(model, logits, grad)


def unembed_answers(
    model: Model, resid_final: Float[Tensor, "n d_model"], token_ids: Int[Tensor, "n k"], grad: bool = False
) -> Float[Tensor, "n k"]:
    """Logits of a few tokens per row from the final residual stream: k columns instead of the whole vocabulary."""
    with exclusive(model), torch.inference_mode(not grad):
        logits = _unembed(model, resid_final, token_ids.to(resid_final.device))
    return _outside(model, logits, grad)


def check_sites(model: Model, sites: Sequence[Site]) -> None:
    """A WorkbenchError unless every site exists in this model."""
    if not sites:
        raise WorkbenchError("no sites came; expected at least one, such as Site(3)")
    for site in sites:
        if site.layer >= model.n_layers:
            raise WorkbenchError(f"site {site} is beyond {model.name}; expected layers 0 to {model.n_layers - 1}")
        if site.head is not None and (site.stream != "z" or not 0 <= site.head < model.n_heads):
            raise WorkbenchError(f"site {site} names a head; expected stream 'z' and heads 0 to {model.n_heads - 1}")


@contextmanager
def _pass(model: Model, batch: Batch, hooks: Sequence[Hook], grad: bool) -> Iterator[None]:
    with torch.inference_mode(not grad), running(model, batch), hooked(model, [*model.hooks, *hooks]):
        yield


def _outside(model: Model, result: Tensor, grad: bool) -> Tensor:
    result = placement.home(model, result)
    # a tensor made in inference mode could never take part in a gradient; its copy can
    return result if grad or not result.is_inference() else result.clone()


def _reader(site: Site, found: dict[Site, Tensor], wanted: int, positions: Positions, batch: Batch) -> Any:
    def read(activation: Tensor, hook: Any) -> Tensor:
        value = activation if site.head is None else activation[:, :, site.head]
        found[site] = select(value, positions, batch)
        if len(found) == wanted:
            raise _Enough
        return activation  # returning None would cut the gradient at z, q, k and v

    return read


def _through_bridge(model: Model, batch: Batch, name: str) -> Tensor:
    found: list[Tensor] = []

    def read(activation: Tensor, hook: Any) -> Tensor:
        found.append(activation)
        raise _Enough

    with attached(model, [(name, read)]), suppress(_Enough):
        model.bridge(batch.ids, attention_mask=batch.mask.long())
    return placement.home(model, found[0])


def _unembed(model: Model, resid: Tensor, columns: Tensor | None) -> Tensor:
    norm, out = model.bridge.ln_final, model.bridge.unembed
    normed = placement.beside(norm(placement.beside(resid, norm)), out)
    if columns is None:
        logits = out(normed)
    else:
        weight, bias, columns = out.W_U, out.b_U, columns.to(normed.device)
        logits = torch.einsum("...d,...kd->...k", normed, weight.T[columns]) + bias[columns]
    cap = getattr(model.config, "final_logit_softcapping", None)
    return logits if cap is None else torch.tanh(logits / cap) * cap


def _columns_of(columns: Any, positions: Positions, batch: Batch, chosen: Tensor) -> Tensor | None:
    if columns is None:
        return None
    columns = torch.as_tensor(columns, device=chosen.device)
    if columns.ndim == 1:
        return columns
    if columns.ndim != 2 or len(columns) != len(batch):
        raise WorkbenchError(f"columns came as {tuple(columns.shape)}; expected [k] or [{len(batch)} k]")
    if chosen.ndim == 3:
        return columns[:, None].expand(-1, chosen.shape[1], -1)
    if single(positions):
        return columns
    rows = torch.arange(len(batch), device=chosen.device)[:, None].expand(batch.ids.shape)
    return columns[select(rows, positions, batch)]
