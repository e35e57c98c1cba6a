# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""What a model writes and answers under a setting: completions with token log-probs, answers, divergence."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from workbench.models import Batch, Model, encode, forward, stream_tokens, tokens
from workbench.models.generation import end_ids
from workbench.prompts import answer_texts
from workbench.types import POLES, WorkbenchError
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
    return list(writing(steering, setting))[-1]


def writing(steering: Steering, setting: Setting) -> Iterator[dict[str, Completion]]:
    """:func:`completions` as they grow, token by token, one column after the other; whole ones are kept.

    Whoever stops asking stops the writing: nothing is computed ahead.
    """
    prompt, found = steering.prompt(setting), {}
    for name, model in steering.models(setting).items():
        key = ("text", prompt, *_what(setting, name))
        if key in steering.kept:
            yield (found := found | {name: steering.kept[key]})
            continue
        grown = None
        for grown in _writing(model, encode(model, [prompt]), setting.max_new_tokens):
            yield found | {name: grown}
        found = found | {name: steering.keep(key, lambda whole=grown: whole)}


def answers(steering: Steering, setting: Setting) -> pd.DataFrame:
    """column, answer, pole, log_prob: a question's two answers, or the likeliest next tokens after a free text.

    Log-probs (nats) of whole answers, teacher-forced. Free text has no poles ("").
    """
    models = steering.models(setting)
    if setting.text:
        return _likeliest(steering.model, next_log_probs(steering, setting))
    pair, card = steering.pair(setting), steering.parts(setting)[1].card
    texts = answer_texts(pair, card)
    rows = [
        {"column": name, "answer": text, "pole": pole, "log_prob": value}
        for name, values in _answered(steering, setting, models, texts).items()
        for pole, text, value in zip(POLES, texts, values, strict=True)
    ]
    return pd.DataFrame(rows)


def _answered(
    steering: Steering, setting: Setting, models: dict[str, Model], texts: tuple[str, str]
) -> dict[str, tuple[float, ...]]:
    """Log-probs of both answers by column; answers of one token are read from the next token's log-probs."""
    prompt = steering.prompt(setting)
    _, ids = tokens(steering.model, [prompt] * 2, list(texts))
    if all(len(answer) == 1 for answer in ids):
        nexts = next_log_probs(steering, setting)
        return {name: tuple(float(logs[answer[0]]) for answer in ids) for name, logs in nexts.items()}
    found = {}
    for name, model in models.items():
        batch = encode(model, [prompt] * 2, list(texts))
        logs = forward(model, batch).float().log_softmax(-1)
        rows = zip(logs, batch.ids, batch.answer_lengths, strict=True)
        found[name] = tuple(float(_predicted(row, own[-int(length) :]).sum()) for row, own, length in rows)
    return found


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

    def read(model: Model) -> Tensor:
        return forward(model, encode(model, [prompt]), positions="last")[0].float().log_softmax(-1)

    return {
        name: steering.keep(("next", prompt, *_what(setting, name)), lambda model=model: read(model))
        for name, model in steering.models(setting).items()
    }


def _what(setting: Setting, column: str) -> tuple:
    """All that a column's text depends on beside the prompt: nothing of the direction where it is unsteered."""
    if column == "unsteered":
        return (setting.max_new_tokens,)
    dose = setting.multiplier(column)
    return (replace(setting, aligned=abs(dose), unaligned=abs(dose)), dose)


def _writing(model: Model, batch: Batch, max_new_tokens: int) -> Iterator[Completion]:
    """One text as it grows, after every token."""
    room = model.context - int(batch.lengths[0])
    if room < 1 or max_new_tokens < 1:
        raise WorkbenchError(
            f"a prompt of {int(batch.lengths[0])} tokens and {max_new_tokens} new ones do not fit "
            f"{model.name} ({model.context} tokens); shorten the text"
        )
    new: list[int] = []
    logs: list[float] = []
    for token, log_prob in stream_tokens(model, batch, min(max_new_tokens, room)):
        if int(token) in end_ids(model):
            yield _completion(model, new, logs, ended=True)
            return
        new.append(int(token))
        logs.append(float(log_prob))
        yield _completion(model, new, logs, ended=False)


def _completion(model: Model, new: list[int], logs: list[float], ended: bool) -> Completion:
    words = tuple(model.tokenizer.decode([token]) for token in new)
    return Completion(model.tokenizer.decode(new, skip_special_tokens=True), words, tuple(logs), ended)


def _predicted(logs: Float[Tensor, "position vocab"], ids: Tensor) -> Float[Tensor, " answer"]:
    """Log-probs of a text's last tokens."""
    return logs[-len(ids) - 1 : -1].gather(1, ids[:, None])[:, 0]


def _likeliest(model: Model, logs: dict[str, Float[Tensor, " vocab"]]) -> pd.DataFrame:
    ids = torch.stack(list(logs.values())).amax(0).topk(TOP).indices.tolist()
    return pd.DataFrame([
        {"column": name, "answer": model.tokenizer.decode([i]), "pole": "", "log_prob": float(row[i])}
        for name, row in logs.items() for i in ids
    ])  # fmt: skip
