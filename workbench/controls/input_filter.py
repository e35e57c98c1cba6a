"""Defence: an input filter that takes instructions toward the other pole out of what the model is given."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from workbench.controls.prompted import Rewritten
from workbench.models import Model
from workbench.prompts import CueKind, instruction
from workbench.types import Card, Concept, Control, Pole, WorkbenchError, digest_of, opposite

KINDS: tuple[CueKind, ...] = ("instruction", "persona")


@dataclass(frozen=True)
class Filtered:
    """``phrases`` are taken out of every text; what else stands there is left alone. There is one strength, 1."""

    phrases: tuple[str, ...]
    doses: tuple[float, ...] = (1.0,)

    def without(self, text: str) -> str:
        """The text without the phrases, and without the gap after each."""
        for phrase in self.phrases:
            for gap in ("\n\n", " ", ""):
                text = text.replace(phrase + gap, "")
        return text

    @contextmanager
    def applied(self, model: Model, strength: float) -> Iterator[Model]:
        """The model behind the filter; strength 0 is none."""
        if strength not in (0.0, 1.0):
            raise WorkbenchError(f"strength {strength:g} is no filter; expected 1, or 0 for none")
        if not strength:
            yield model
            return
        inner = model.chat
        chat = Rewritten(
            None if inner is None else inner.system_prompt,
            inner is not None and inner.system_in_user,
            self.without,
            inner,
        )
        yield replace(model.altered(f"input filter {digest_of(self.phrases)}"), chat=chat)


def control(model: Model, concept: Concept, toward: Pole) -> Control:
    """The card's cues toward the other pole never reach the model: against them a perfect defence, against no others.

    It exists to exercise the measurement: what it retains is known (all aligned control, no cue toward the other pole).
    WorkbenchError for a concept without cues.
    """
    return Filtered(tuple(dict.fromkeys(_cue(concept.card, opposite(toward), kind) for kind in KINDS)))


def _cue(card: Card, pole: Pole, kind: CueKind) -> str:
    return instruction(card, pole, kind)
