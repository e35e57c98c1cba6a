# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""What a model writes and answers under a setting: completions with token log-probs, answers, divergence."""

from dataclasses import dataclass, replace

import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from workbench.models import Batch, Model, encode, forward, generate_tokens, pad
from workbench.models.generation import end_ids
from workbench.prompts import answer_texts
from workbench.types import WorkbenchError
from workbench.widgets.steering import COLUMNS, Setting, Steering

# of the tokens likeliest after a free text, so many are shown
TOP = 5


@dataclass(frozen=True)
class Completion:
    """A greedy continuation: its text, and token by token what was written and its log-prob (nats, steered model).

    ``ended`` is true where the model closed the text itself; the closing token is not among ``tokens``.
    """

    text: str
    tokens: tuple[str, ...]
    log_probs: tuple[float, ...]
    ended: bool


def completions(steering: Steering, setting: Setting) -> dict[str, Completion]:
    """The continuation of the setting's prompt, by column."""
    prompt = steering.prompt(setting)

    def complete(model: Model) -> Completion:
        return _complete(model, encode(model, [prompt]), setting.max_new_tokens)

    return {
        name: steering.keep(("text", prompt, *_what(setting, name)), lambda model=model: complete(model))
        for name, model in steering.models(setting).items()
    }


def answers(steering: Steering, setting: Setting) -> pd.DataFrame:
    """column, answer, pole, log_prob: a question's two answers, or the likeliest next tokens after a free text.

    Log-probs (nats) of whole answers, teacher-forced. Free text has no poles ("").
    """
    models, prompt = steering.models(setting), steering.prompt(setting)
    if setting.text:
        return _likeliest(steering.model, next_log_probs(steering, setting))
    pair, card = steering.pair(setting), steering.parts(setting)[1].card
    texts, rows = answer_texts(pair, card), []
    for name, model in models.items():
        batch = encode(model, [prompt] * 2, list(texts))
        logs = forward(model, batch).float().log_softmax(-1)
        for row, (pole, text) in enumerate(zip(("aligned", "unaligned"), texts, strict=True)):
            length = int(batch.answer_lengths[row])
            found = _predicted(logs[row], batch.ids[row, -length:])
            rows.append({"column": name, "answer": text, "pole": pole, "log_prob": float(found.sum())})
    return pd.DataFrame(rows)


def log_odds(table: pd.DataFrame) -> dict[str, float]:
    """Propensity per column from :func:`answers`: log p(aligned) − log p(unaligned); empty for free text."""
    if not table["pole"].all():
        return {}
    wide = table.pivot(index="column", columns="pole", values="log_prob")
    return {name: float(wide.loc[name, "aligned"] - wide.loc[name, "unaligned"]) for name in COLUMNS}


def divergence(steering: Steering, setting: Setting) -> dict[str, float]:
    """KL(steered ‖ unsteered) of the next token after the setting's prompt, in nats, by pole."""
    logs = {name: row.double() for name, row in next_log_probs(steering, setting).items()}
    base = logs.pop("unsteered")
    return {name: float((row.exp() * (row - base)).sum().clamp(min=0)) for name, row in logs.items()}


def next_log_probs(steering: Steering, setting: Setting) -> dict[str, Float[Tensor, " vocab"]]:
    """Log-probs of the token after the prompt, by column."""
    prompt = steering.prompt(setting)
    return {
        name: forward(model, encode(model, [prompt]), positions="last")[0].float().log_softmax(-1)
        for name, model in steering.models(setting).items()
    }


def _what(setting: Setting, column: str) -> tuple:
    """All that a column's text depends on beside the prompt: nothing of the direction where it is unsteered."""
    if column == "unsteered":
        return (setting.max_new_tokens,)
    dose = setting.multiplier(column)
    return (replace(setting, aligned=abs(dose), unaligned=abs(dose)), dose)


def _complete(model: Model, batch: Batch, max_new_tokens: int) -> Completion:
    room = model.context - int(batch.lengths[0])
    if room < 1 or max_new_tokens < 1:
        raise WorkbenchError(
            f"a prompt of {int(batch.lengths[0])} tokens and {max_new_tokens} new ones do not fit "
            f"{model.name} ({model.context} tokens); shorten the text"
        )
    new = generate_tokens(model, batch, min(max_new_tokens, room))[0].tolist()
    # whole texts again rather than the logits of each step: the position rules mean the same tokens in both
    whole = pad(model, [batch.ids[0][batch.real[0]].tolist()], [new])
    logs = forward(model, whole).float().log_softmax(-1)[0]
    found = _predicted(logs, torch.tensor(new, device=logs.device)).tolist()
    kept = next((i for i, token in enumerate(new) if token in end_ids(model)), len(new))
    words = tuple(model.tokenizer.decode([token]) for token in new[:kept])
    text = model.tokenizer.decode(new[:kept], skip_special_tokens=True)
    return Completion(text, words, tuple(found[:kept]), kept < len(new))


def _predicted(logs: Float[Tensor, "position vocab"], ids: Tensor) -> Float[Tensor, " answer"]:
    """Log-probs of a text's last tokens."""
    return logs[-len(ids) - 1 : -1].gather(1, ids[:, None])[:, 0]


def _likeliest(model: Model, logs: dict[str, Float[Tensor, " vocab"]]) -> pd.DataFrame:
    ids = torch.stack(list(logs.values())).amax(0).topk(TOP).indices.tolist()
    return pd.DataFrame([
        {"column": name, "answer": model.tokenizer.decode([i]), "pole": "", "log_prob": float(row[i])}
        for name, row in logs.items() for i in ids
    ])  # fmt: skip
