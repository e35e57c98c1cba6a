"""Clean and corrupt prompts from a file: the form in which the public circuit tasks (IOI, greater-than) are shared."""

import json
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from workbench.circuits.contrast import CleanCorrupt
from workbench.models import Model, encode, tokens
from workbench.types import WorkbenchError

PARTS = ("clean", "corrupt", "answers", "wrong_answers")
GAP = "_"


def prompt_set(model: Model, path: Path | str, limit: int | None = None) -> CleanCorrupt:
    """The prompts of a JSON file ``{"prompts": [{clean, corrupt, answers, wrong_answers}, …]}``, at most ``limit``.

    ``answers`` and ``wrong_answers`` are lists of texts, each a token of its own ("64" after "to 13", " Rose" after
    "drink to"). The propensity is read between the first answer and the last wrong one, which in the greater-than set
    are the years on both sides of the given one. A group is what both prompts of a pair share: the template, with a gap
    where they differ. Pairs that this model's tokenizer makes unequally long, or whose answers are not one token, are
    left out; ``len`` of what comes back says how many are in.

    Raises WorkbenchError where the file is missing or has another form, and where no pair fits the tokenizer.
    """
    fitting = (fitted for item in _read(Path(path)) if (fitted := _fitted(model, item)))
    found = list(islice(fitting, limit))
    if not found:
        raise WorkbenchError(f"no pair of {path} fits the tokenizer of {model.name}; expected prompts of equal numbers "
                             "of tokens and answers of one token")  # fmt: skip
    clean, corrupt = ([item[part] for item, _, _ in found] for part in PARTS[:2])
    answers = torch.tensor([ids for _, ids, _ in found], device=model.device)
    return CleanCorrupt(encode(model, clean), encode(model, corrupt), answers, tuple(group for *_, group in found))


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        items = json.loads(path.read_text(encoding="utf-8"))["prompts"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkbenchError(f"{path} could not be read as a set of prompts ({type(error).__name__}); expected JSON "
                             f'{{"prompts": [{{{", ".join(PARTS)}}}, …]}}') from error  # fmt: skip
    if not isinstance(items, list):
        raise WorkbenchError(f"the prompts of {path} came as {type(items).__name__}; expected a list")
    for i, item in enumerate(items):
        if not isinstance(item, dict) or not all(item.get(part) for part in PARTS):
            raise WorkbenchError(f"prompt {i} of {path} lacks one of {', '.join(PARTS)}; expected all four")
    return items


def _fitted(model: Model, item: dict[str, Any]) -> tuple[dict[str, Any], list[int], str] | None:
    """(the item, token ids of its two answers, its group); None where the tokenizer cuts it otherwise."""
    ours, theirs = tokens(model, [item["clean"], item["corrupt"]])[0]
    pair = (item["answers"][0], item["wrong_answers"][-1])
    ids = [model.tokenizer(text, add_special_tokens=False)["input_ids"] for text in pair]
    if len(ours) != len(theirs) or any(len(each) != 1 for each in ids):
        return None
    words = [model.tokenizer.decode([a]) if a == b else GAP for a, b in zip(ours, theirs, strict=True)]
    return item, [each[0] for each in ids], "".join(words)
