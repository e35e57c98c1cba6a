"""Prompts as a control: something stands before every text that the model is given, or before its last "Answer:"."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from workbench.activations import cue_place_for
from workbench.models import ChatFormat, Model
from workbench.prompts import CueKind, CuePlace, instruction, told
from workbench.types import Concept, Pole, WorkbenchError, digest_of


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
    """``prefix(dose, text)`` is added to every text; ``doses`` are the strengths there are, ``about`` what they hold.

    ``about`` is anything JSON can write that determines the prefixes: the digest of the prompted model depends on it.
    ``place`` is where they stand (:func:`workbench.prompts.told`).
    """

    prefix: Callable[[int, str], str]
    doses: tuple[float, ...]
    about: Any
    place: CuePlace = "before"

    def __post_init__(self):
        if not self.doses:
            raise WorkbenchError("a prompt control came without doses; expected numbers of cues or examples")

    def note(self, strength: float) -> str:
        """Everything that this changes, for the digest of the model."""
        place = "" if self.place == "before" else f" {self.place} the options"
        return f"prompt {digest_of(self.about)}{place} at {int(strength)}"

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
            lambda text: told(text, self.prefix(dose, text), self.place),
            inner,
        )
        yield replace(model.altered(self.note(strength)), chat=chat)


def cue_control(model: Model, concept: Concept, toward: Pole, kind: CueKind) -> Prompted:
    """The card's cue, once to four times, where the model knows cues; a story's cue is its first sentence."""
    card, cue = concept.card, instruction(concept.card, toward, kind)
    end = " " if card.style == "story" else "\n\n"
    about = [cue, card.style, toward]
    return Prompted(lambda dose, text: (cue + end) * dose, (1.0, 2.0, 4.0), about, cue_place_for(model, card))
