"""Shared beginnings: the keys and values of a prompt once, then single tokens through the upper blocks only.

Steering at the last or the answer position leaves everything before it untouched. So the prefix is run once, and
every variant (a dose, an answer) is a short continuation that sees the prefix and itself, never its neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from workbench.models.batch import Batch
from workbench.models.blocks import KeyValues, build_frame, embed, frame, resumable, run_blocks
from workbench.models.hooks import hooked, running
from workbench.models.model import Hook, Model
from workbench.models.unhooked import may_run_unhooked, run_unhooked
from workbench.types import WorkbenchError


@dataclass(frozen=True)
class PrefixState:
    """A prefix that was run: its keys and values in every layer, and the tokens kept back.

    ``mask`` [batch prefix] is true at real tokens; ``lengths`` counts them; ``rest`` [batch keep] are the tokens
    that were not run; ``given`` counts both. A state never changes: any number of :func:`step` calls may start from it.
    """

    cache: KeyValues
    mask: Bool[Tensor, "batch prefix"]
    lengths: Int[Tensor, " batch"]
    rest: Int[Tensor, "batch keep"]
    prompt_lengths: Int[Tensor, " batch"]
    given: Int[Tensor, " batch"]

    def rows(self, index: Int[Tensor, " row"]) -> "PrefixState":
        """The state of some rows, in that order."""
        layers = {layer: (k[index.to(k.device)], v[index.to(v.device)]) for layer, (k, v) in self.cache.layers.items()}
        return PrefixState(KeyValues(layers, grow=False), self.mask[index], self.lengths[index], self.rest[index],
                           self.prompt_lengths[index], self.given[index])


def prefix(
    model: Model, batch: Batch, keep: int = 1, *, stop: int | None = None, hooks: Sequence[Hook] = ()
) -> PrefixState:
    """Run all but the last ``keep`` tokens of every row once, and keep their keys and values.

    The model's hooks (and ``hooks``) act on the prefix. Rows must have more than ``keep`` real tokens. Blocks from
    ``stop`` on are not run: a step from such a state must end there too.
    """
    _check(model)
    shortest = int(batch.lengths.min())
    if not 0 <= keep < shortest:
        raise WorkbenchError(f"prefix was asked to keep {keep} tokens of a row with {shortest}; expected fewer")
    width = batch.ids.shape[1] - keep
    head = replace(batch, ids=batch.ids[:, :width], mask=batch.mask[:, :width], given=batch.given_lengths)
    cache = KeyValues()
    with torch.inference_mode(), running(model, head), hooked(model, [*model.hooks, *hooks]):
        resid = embed(model, head.ids, head.position_ids)
        around = frame(model, resid, head, cache)
        if hooks or not may_run_unhooked(model):
            run_blocks(model, resid, around, 0, stop)
        elif width and stop != 0:
            # of the highest block nothing but keys and values is wanted
            run_unhooked(model, resid, around, 0, stop, slice(-1, None))
    return PrefixState(cache.fixed(), head.mask, head.lengths, batch.ids[:, width:], batch.prompt_lengths,
                       batch.given_lengths)


def step(  # noqa: PLR0913
    model: Model,
    state: PrefixState,
    tokens: Int[Tensor, "batch variant k"] | Float[Tensor, "batch variant k d_model"],
    *,
    start: int = 0,
    stop: int | None = None,
    hooks: Sequence[Hook] = (),
    grad: bool = False,
    leaving: dict[int, Tensor] | None = None,
) -> Float[Tensor, "batch variant k d_model"]:
    """Continue every prefix in several variants at once, through the blocks ``start`` to ``stop`` only.

    Args:
        tokens: token ids (with ``start`` 0), or the residual stream that enters block ``start``. Variants shorter
            than k are filled up at the END with any token; what is real before it is not affected.
        start, stop: blocks run; the result is the stream entering block ``stop`` (None: the final one).
        leaving: filled with the stream [batch variant*k d_model] that leaves each block, for a model that
            :func:`~workbench.models.unhooked.may_run_unhooked`.
        hooks: see activations [batch variant*k d_model]; position rules mean the same tokens as in a whole text.

    Returns:
        the stream of the new tokens only. Nothing of ``state`` changes: a variant costs k tokens, not a prompt.
    """
    _check(model)
    whole = tokens.is_floating_point()
    if start and not whole:
        raise WorkbenchError(f"step from block {start} came with token ids; expected the residual stream entering it")
    n, variants, k = tokens.shape[:3]
    if n != len(state.mask):
        raise WorkbenchError(f"step got {n} rows for a prefix of {len(state.mask)}; expected one row each")
    seen, query_positions, key_positions = _sight(state, variants, k)
    batch = Batch(state.rest[:, :1].new_zeros(n, variants * k) if whole else tokens.reshape(n, -1),
                  torch.cat([state.mask, state.mask.new_ones(n, variants * k)], 1), state.prompt_lengths,
                  state.mask.shape[1], given=state.given, at=query_positions)
    with torch.inference_mode(not grad), running(model, batch), hooked(model, [*model.hooks, *hooks]):
        resid = tokens.reshape(n, variants * k, -1) if whole else embed(model, batch.ids, query_positions)
        around = build_frame(model, resid, seen, (query_positions, key_positions), state.cache)
        if hooks or grad or not may_run_unhooked(model):
            out = run_blocks(model, resid, around, start, stop)
        else:
            out = run_unhooked(model, resid, around, start, stop, leaving=leaving)
    out = out.reshape(n, variants, k, -1)
    return out if grad else out.clone()


def _check(model: Model) -> None:
    if not resumable(model):
        raise WorkbenchError(f"{model.name} is a {type(model.bridge.original_model).__name__}, whose blocks cannot be "
                             "entered with a cached prefix; use forward on the whole text")


def _sight(state: PrefixState, variants: int, k: int) -> tuple[Tensor, Tensor, Tensor]:
    """What the new tokens see: the real prefix, and of their own variant what is not later."""
    n, device = len(state.mask), state.mask.device
    step_of = torch.arange(k, device=device).repeat(variants)
    variant_of = torch.arange(variants, device=device).repeat_interleave(k)
    own = (variant_of[:, None] == variant_of[None, :]) & (step_of[None, :] <= step_of[:, None])
    seen = torch.cat([state.mask[:, None].expand(n, variants * k, -1), own.expand(n, -1, -1)], 2)
    queries = state.lengths[:, None] + step_of
    keys = torch.cat([(state.mask.long().cumsum(1) - 1).clamp(min=0), queries], 1)
    return seen, queries, keys
