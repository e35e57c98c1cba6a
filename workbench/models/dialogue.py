"""A text or a whole dialogue as the tokens a model reads, with what each token says."""

from collections.abc import Sequence

from workbench.models.batch import Batch, pad, tokens
from workbench.models.model import Model
from workbench.types import WorkbenchError

Turn = tuple[str, str]
Text = str | tuple[str, str] | Sequence[Turn]
ROLES = ("system", "user", "assistant")


def encode_dialogue(model: Model, turns: Sequence[Turn]) -> Batch:
    """One row of tokens: turns of (role, text), roles "system", "user" and "assistant".

    A chat model reads them through its template. A base model knows no turns: it reads "Role: text" lines with a blank
    line between them. Raises WorkbenchError for no turns, an unknown role, or more tokens than the context.
    """
    _check(turns)
    if model.chat is None:
        text = "\n\n".join(f"{role.capitalize()}: {said}" for role, said in turns)
        return pad(model, tokens(model, [text])[0])
    messages = [{"role": role, "content": said} for role, said in turns]
    text = model.tokenizer.apply_chat_template(messages, tokenize=False)
    ids = model.tokenizer(text, add_special_tokens=False)["input_ids"]
    opens = model.bos_rule == "prepend" and ids[:1] != [model.tokenizer.bos_token_id]
    return pad(model, [[model.tokenizer.bos_token_id, *ids] if opens else ids])


def encode_text(model: Model, text: Text) -> Batch:
    """One row of tokens: a dialogue (a list of turns), or a prompt as everywhere else (:func:`tokens`)."""
    if isinstance(text, list):
        return encode_dialogue(model, text)
    return pad(model, tokens(model, [text])[0])  # pyright: ignore[reportArgumentType]


def turns_of(text: str) -> str | list[Turn]:
    """A text whose paragraphs all begin with "System:", "User:" or "Assistant:" as turns; any other as it is."""
    turns = []
    for part in (p.strip() for p in text.split("\n\n") if p.strip()):
        role, colon, said = part.partition(":")
        if not colon or role.lower() not in ROLES:
            return text
        turns.append((role.lower(), said.strip()))
    return turns or text


def token_texts(model: Model, batch: Batch) -> list[str]:
    """What each real token of a one-row batch says, decoded alone (part of a letter shows as �)."""
    return [model.tokenizer.decode([token]) for token in batch.ids[0][batch.real[0]].tolist()]


def _check(turns: Sequence[Turn]) -> None:
    if not turns:
        raise WorkbenchError("the dialogue has no turns; expected a list of (role, text)")
    for turn in turns:
        if len(turn) != 2 or turn[0] not in ROLES or not isinstance(turn[1], str):
            raise WorkbenchError(f"turn {turn!r} is none; expected (role, text) with role one of {', '.join(ROLES)}")
