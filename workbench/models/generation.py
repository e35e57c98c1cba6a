"""Free text from a model, with its hooks at every step: one pass over the prompts, then one token at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workbench.models.batch import Batch, Prompt, encode
from workbench.models.blocks import KeyValues, embed, frame, resumable, run_blocks
from workbench.models.hooks import hooked, running
from workbench.models.model import Hook, Model
from workbench.models.run import forward, unembed
from workbench.types import WorkbenchError


def generate(
    model: Model,
    prompts: Sequence[Prompt],
    max_new_tokens: int = 32,
    *,
    hooks: Sequence[Hook] = (),
    temperature: float = 0.0,
    seed: int = 0,
) -> list[str]:
    """Continuations of the prompts, without the prompts, cut at the end-of-text token.

    Greedy at temperature 0, otherwise sampled; the same seed gives the same text. Hooks see [batch position d_model]
    of the prompt first and then [batch 1 d_model] per token; those with a ``batch`` parameter know from
    ``batch.offset`` where they are. Stops early at the model's context.
    """
    if temperature < 0 or max_new_tokens < 1:
        raise WorkbenchError(f"generate got temperature {temperature} and {max_new_tokens} new tokens; expected "
                             "temperature >= 0 and at least one token")
    batch = encode(model, prompts)
    new = generate_tokens(model, batch, max_new_tokens, hooks=hooks, temperature=temperature, seed=seed)
    return [_text(model, ids[real].tolist(), row.tolist())
            for ids, real, row in zip(batch.ids, batch.real, new, strict=True)]


def generate_tokens(
    model: Model,
    batch: Batch,
    max_new_tokens: int,
    *,
    hooks: Sequence[Hook] = (),
    temperature: float = 0.0,
    seed: int = 0,
) -> Int[Tensor, "batch new"]:
    """The new token ids only; rows that ended early are filled up with their end-of-text token."""
    steps = stream_tokens(model, batch, max_new_tokens, hooks=hooks, temperature=temperature, seed=seed)
    return torch.stack([token for token, _ in steps], 1)


def stream_tokens(
    model: Model,
    batch: Batch,
    max_new_tokens: int,
    *,
    hooks: Sequence[Hook] = (),
    temperature: float = 0.0,
    seed: int = 0,
) -> Iterator[tuple[Int[Tensor, " batch"], Float[Tensor, " batch"]]]:
    """The new tokens of :func:`generate_tokens` one step at a time, each with its log-prob (nats).

    Nothing is computed beyond what is asked for: a reader who stops asking stops the writing.
    """
    generator = torch.Generator().manual_seed(seed)
    ends = end_ids(model)
    done = torch.zeros(len(batch), dtype=torch.bool, device=batch.ids.device)
    cache = KeyValues() if resumable(model) else None
    current = batch
    for _ in range(min(max_new_tokens, model.context - int(batch.lengths.max()) + 1)):
        logits = _next_logits(model, current, cache, hooks)
        token = _choose(logits, temperature, generator)
        log_prob = logits.float().log_softmax(-1).gather(1, token[:, None])[:, 0]
        if ends:
            token = torch.where(done, token.new_tensor(ends[0]), token)
            done = done | torch.isin(token, token.new_tensor(ends))
        yield token, log_prob
        if bool(done.all()):
            return
        current = _extended(current, token, cached=cache is not None)


def end_ids(model: Model) -> list[int]:
    """Tokens that end a text: the tokenizer's, and those of the model's generation config (chat turns)."""
    settings = getattr(model.bridge.original_model, "generation_config", None)
    listed = getattr(settings, "eos_token_id", None)
    listed = listed if isinstance(listed, list) else [listed]
    known = [model.tokenizer.eos_token_id, *listed]
    return list(dict.fromkeys(int(i) for i in known if i is not None))


def _next_logits(model: Model, batch: Batch, cache: KeyValues | None, hooks: Sequence[Hook]) -> Tensor:
    if cache is None:
        return forward(model, batch, hooks=hooks, positions="last")
    with torch.inference_mode(), running(model, batch), hooked(model, [*model.hooks, *hooks]):
        resid = embed(model, batch.ids, batch.position_ids)
        final = run_blocks(model, resid, frame(model, resid, batch, cache))[:, -1]
        return unembed(model, final)


def _extended(batch: Batch, token: Int[Tensor, " batch"], cached: bool) -> Batch:
    mask = torch.cat([batch.mask, batch.mask.new_ones(len(batch), 1)], 1)
    ids = token[:, None] if cached else torch.cat([batch.ids, token[:, None]], 1)
    offset = mask.shape[1] - 1 if cached else 0
    return replace(batch, ids=ids, mask=mask, offset=offset, given=batch.given_lengths)


def _choose(logits: Tensor, temperature: float, generator: torch.Generator) -> Int[Tensor, " batch"]:
    if temperature == 0:
        return logits.argmax(-1)
    shares = (logits.double().cpu() / temperature).softmax(-1)
    return torch.multinomial(shares, 1, generator=generator)[:, 0].to(logits.device)


def _text(model: Model, prompt: list[int], new: list[int]) -> str:
    ends = set(end_ids(model))
    kept = new[: next((i for i, token in enumerate(new) if token in ends), len(new))]
    whole, head = (model.tokenizer.decode(ids, skip_special_tokens=True) for ids in (prompt + kept, prompt))
    # alone, the new tokens would lose their leading space with some tokenizers
    return whole[len(head):] if whole.startswith(head) else model.tokenizer.decode(kept, skip_special_tokens=True)
