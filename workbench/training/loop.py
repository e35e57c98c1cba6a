"""One training loop for every organism: competence gates, checkpoints that resume, nothing else.

The loop trains a plain HuggingFace causal LM (wrap it for interpretability afterwards). What is learned
is the business of a :class:`Curriculum`; it yields documents, and moves from stage to stage when the
loss on *determined* tokens (answers that the document fixes) falls below the stage's gate. Everything
random is a function of (seed, step), so an interrupted run resumes into the same run.
"""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from workbench.training.checkpoints import load_checkpoint, save_checkpoint
from workbench.training.noise import token_drop
from workbench.training.nouns import (
    DETERMINED,
    FREE,
    IGNORE,
    OTHER,
    Curriculum,
    Document,
    Gate,
    Progress,
    TrainConfig,
)

__all__ = [
    "DETERMINED", "FREE", "IGNORE", "OTHER", "Curriculum", "Document", "Gate", "Progress", "TrainConfig",
    "advance", "batches", "collate", "descend", "learning_rate", "load_checkpoint", "logits_at", "losses", "optimiser",
    "save_checkpoint", "train",
]  # fmt: skip


def learning_rate(config: TrainConfig, progress: Progress, last_stage: bool) -> float:
    """Warm-up, then per cycle constant and a cosine down to 5 %; the last stages start from their own, lower rate."""
    base = config.final_learning_rate if last_stage else config.learning_rate
    share = min(1.0, progress.tokens / config.tokens)
    share = share * config.cycles % 1.0 if share < 1 else 1.0
    decay = 1.0
    if share > config.constant_share:
        phase = (share - config.constant_share) / (1 - config.constant_share)
        decay = 0.05 + 0.95 * (0.5 + 0.5 * math.cos(math.pi * phase))
    return base * min(1.0, (progress.step + 1) / config.warmup_steps) * decay


def batches(documents: list[Document], batch_tokens: int, rng: np.random.Generator) -> list[list[Document]]:
    """Length-bucketed batches of at most ``batch_tokens`` padded tokens, in shuffled order."""
    jitter = rng.random(len(documents)) * 6
    order = sorted(range(len(documents)), key=lambda i: len(documents[i].ids) + jitter[i])
    out: list[list[Document]] = []
    current: list[Document] = []
    longest = 0
    for i in order:
        longest = max(longest, len(documents[i].ids))
        if current and longest * (len(current) + 1) > batch_tokens:
            out.append(current)
            current, longest = [], len(documents[i].ids)
        current.append(documents[i])
    if current:
        out.append(current)
    return [out[i] for i in rng.permutation(len(out))]


def collate(batch: list[Document], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Right-padded ids and kinds (padding is IGNORE), both [batch, position]."""
    width = max(len(d.ids) for d in batch)
    ids = torch.full((len(batch), width), pad, dtype=torch.long)
    kinds = torch.full((len(batch), width), IGNORE, dtype=torch.long)
    for row, document in enumerate(batch):
        ids[row, : len(document.ids)] = torch.tensor(document.ids)
        kinds[row, : len(document.kinds)] = torch.tensor(document.kinds)
    return ids, kinds


def logits_at(model: Any, ids: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """Next-token logits [n vocab] in float32 at the ``chosen`` ones of all positions but the last.

    ``ids`` [batch, position] are padded on the right; ``chosen`` is boolean [batch, position - 1].
    """
    hidden = model.base_model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
    logits = model.get_output_embeddings()(hidden[chosen]).float()
    cap = getattr(model.config, "final_logit_softcapping", None)
    return logits if cap is None else torch.tanh(logits / cap) * cap


def losses(model: Any, ids: torch.Tensor, kinds: torch.Tensor, config: TrainConfig, step: int):
    """Weighted next-token loss, unembedding only the tokens that count. Returns (loss, mean determined loss)."""
    targets, kind = ids[:, 1:], kinds[:, 1:]
    generator = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
    sampled = torch.rand(targets.shape, generator=generator).to(targets.device) < config.other_share
    chosen = (kind > OTHER) | ((kind == OTHER) & sampled)
    each = F.cross_entropy(logits_at(model, ids, chosen), targets[chosen], reduction="none")
    kind = kind[chosen]
    weight = torch.ones_like(each)
    weight[kind == DETERMINED] = config.determined_weight
    weight[kind == FREE] = config.free_weight
    determined = each[kind == DETERMINED]
    return (each * weight).sum() / weight.sum(), float(determined.detach().mean()) if len(determined) else math.nan


def optimiser(model: torch.nn.Module, config: TrainConfig) -> torch.optim.AdamW:
    """AdamW; biases, norms and position embeddings are not decayed."""
    decayed, plain = [], []
    for name, parameter in model.named_parameters():
        (decayed if parameter.dim() > 1 and "wpe" not in name else plain).append(parameter)
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98), fused=True)


def advance(progress: Progress, curriculum: Curriculum) -> bool:
    """Move to the next stage when its gate opens (or its token limit is reached). True if it moved."""
    if progress.stage >= len(curriculum.gates):
        return False
    gate = curriculum.gates[progress.stage]
    if progress.step % gate.every or len(progress.window) < gate.window:
        return False
    mean = float(np.nanmean(progress.window[-gate.window :]))
    late = progress.stage_tokens > gate.max_tokens
    if mean >= gate.below and not late:
        return False
    progress.log.append(
        {
            "event": "gate",
            "left": curriculum.stages[progress.stage],
            "step": progress.step,
            "late": late,
            "tokens": progress.tokens,
            "seconds": round(progress.seconds, 1),
            "determined_loss": round(mean, 4),
        }
    )
    progress.stage, progress.stage_tokens, progress.window = progress.stage + 1, 0, []
    progress.chunk, progress.batch_in_chunk = progress.chunk + 1, 0
    return True


def train(
    model,
    curriculum: Curriculum,
    config: TrainConfig,
    folder: Path,
    report: Callable[[Progress, float], None] | None = None,
    start: Progress | None = None,
) -> Progress:
    """Train ``model`` in place until ``config.tokens`` tokens were read; resumes from ``folder``.

    Args:
        model: a HuggingFace causal LM, unwrapped.
        report: called after every step with the progress and the determined loss.
        start: where a model that was trained before begins; a checkpoint in ``folder`` goes before it.

    Returns the progress, whose ``log`` has every gate and a line per 100 steps.
    """
    torch.manual_seed(config.seed)
    set_dropout(model, config.dropout)
    adam = optimiser(model, config)
    progress = load_checkpoint(folder, model, adam) or start or Progress()
    model.train()
    with token_drop(model, config.mlp_drop):
        while progress.tokens < config.tokens:
            one_chunk(model, adam, curriculum, config, progress, folder, report)
    save_checkpoint(folder, model, adam, progress)
    model.eval()
    return progress


def one_chunk(  # noqa: PLR0913 - the parts of one run
    model, adam, curriculum: Curriculum, config: TrainConfig, progress: Progress, folder: Path, report
) -> None:
    """The rest of the current chunk, or of its stage: a gate that opens ends both."""
    rng = np.random.default_rng([config.seed, progress.chunk])
    chunk = batches(curriculum.documents(progress.stage, progress.chunk, config.seed), config.batch_tokens, rng)
    while progress.batch_in_chunk < len(chunk) and progress.tokens < config.tokens:
        determined = step(model, adam, chunk[progress.batch_in_chunk], config, progress, curriculum)
        if report:
            report(progress, determined)
        if progress.step % config.checkpoint_every == 0:
            save_checkpoint(folder, model, adam, progress)
        if advance(progress, curriculum):
            return
    progress.chunk, progress.batch_in_chunk = progress.chunk + 1, 0


def descend(model: Any, adam: torch.optim.Optimizer, loss: torch.Tensor, rate: float, clip: float) -> None:
    """One optimiser step down a loss at a learning rate, the gradient's norm at most ``clip``."""
    for group in adam.param_groups:
        group["lr"] = rate
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    adam.step()
    adam.zero_grad()


def step(model, adam, batch: list[Document], config: TrainConfig, progress: Progress, curriculum: Curriculum) -> float:
    """One optimiser step; updates ``progress`` and returns the mean determined loss of the batch."""
    began = time.process_time()
    rate = learning_rate(config, progress, progress.stage > len(curriculum.gates) - config.final_stages)
    if config.dropout or config.mlp_drop:
        torch.manual_seed(config.seed * 7_919 + progress.step)
    device = next(model.parameters()).device
    ids, kinds = collate(batch, model.config.pad_token_id)
    loss, determined = losses(model, ids.to(device), kinds.to(device), config, progress.step)
    descend(model, adam, loss, rate, config.clip)
    read = int((kinds != IGNORE).sum())
    progress.step += 1
    progress.tokens += read
    progress.stage_tokens += read
    progress.batch_in_chunk += 1
    progress.seconds += time.process_time() - began
    progress.window = [*progress.window[-199:], determined]
    if progress.step % 100 == 0:
        progress.log.append(
            {
                "event": "step",
                "step": progress.step,
                "tokens": progress.tokens,
                "stage": curriculum.stages[progress.stage],
                "seconds": round(progress.seconds, 1),
                "determined_loss": round(float(np.nanmean(progress.window[-100:])), 4),
            }
        )
    return determined


def set_dropout(model: torch.nn.Module, share: float) -> None:
    """One dropout rate for every Dropout module of the model (embedding, residual; attention stays at 0)."""
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0 if "attn_dropout" in name else share
