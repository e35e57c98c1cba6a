"""Prompts as a control: something stands before every text that the model is given."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from workbench.models import ChatFormat, Model
from workbench.types import Pole, WorkbenchError, digest_of


@dataclass(frozen=True)
class Rewritten(ChatFormat):
    """Turns whose text is rewritten first; the model's own chat template, where it has one, goes around the result."""

    rewrite: Callable[[str], str] = str
    inner: ChatFormat | None = None

    def wrap(self, tokenizer: Any, text: str) -> str:
        """The rewritten text, inside the inner turn."""
        new = self.rewrite(text)
        return new if self.inner is None else self.inner.wrap(tokenizer, new)


@dataclass(frozen=True)
class Prompted:
    """``prefix(dose, text)`` stands before every text; ``doses`` are the strengths there are, ``about`` what they hold.

    ``about`` is anything JSON can write that determines the prefixes: the digest of the prompted model depends on it.
    """

    prefix: Callable[[int, str], str]
    doses: tuple[float, ...]
    about: Any

    def __post_init__(self):
        if not self.doses:
            raise WorkbenchError("a prompt control came without doses; expected numbers of cues or examples")

    def note(self, strength: float) -> str:
        """Everything that this changes, for the digest of the model."""
        return f"prompt {digest_of(self.about)} at {int(strength)}"

    @contextmanager
    def applied(self, model: Model, strength: float) -> Iterator[Model]:
        """The model behind the prompt; ``strength`` is a whole number of cues or examples, 0 is none."""
        dose = int(strength)
        if dose != strength or dose < 0:
            raise WorkbenchError(
                f"strength {strength:g} is no number of examples; expected one of "
                f"{', '.join(f'{d:g}' for d in self.doses)}"
            )
        inner = model.chat
        chat = Rewritten(
            None if inner is None else inner.system_prompt,
            inner is not None and inner.system_in_user,
            lambda text: self.prefix(dose, text) + text,
            inner,
        )
        yield replace(model.altered(self.note(strength)), chat=chat)


def cue_control(cue: str, style: str, pole: Pole) -> Prompted:
    """The cue, once to four times; a story's cue is its first sentence."""
    end = " " if style == "story" else "\n\n"
    return Prompted(lambda dose, text: (cue + end) * dose, (1.0, 2.0, 4.0), [cue, style, pole])
