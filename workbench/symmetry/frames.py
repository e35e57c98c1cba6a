"""Other frames: the same items asked otherwise than the controls were fitted, for what holds out of distribution."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from workbench.activations import cue_place_for
from workbench.models import Model
from workbench.prompts import OPEN, CuePlace, bare_prompt, draw_shots, frame, instruction, told
from workbench.symmetry.readings import PromptOf, read
from workbench.types import POLES, Card, Concept, Pair, Pole, WorkbenchError

HOME, FITTED = "held-out templates", "fitted templates"


@dataclass(frozen=True)
class Frame:
    """One way to ask a concept's items. ``template`` holds "{question}" (empty: the frame of the fit).

    ``before`` stands before everything, as a system prompt does; ``cue`` puts the card's instruction toward a pole
    there; ``shots`` as many answered examples from the fitting groups, the poles taking turns. ``fitted`` asks the
    questions of the fitting groups: what a control does where it was made.
    """

    name: str
    template: str = ""
    before: str = ""
    cue: Literal["", "aligned", "unaligned"] = ""
    shots: int = 0
    fitted: bool = False

    @property
    def digest(self) -> str:
        """Everything that decides its prompts, as text: a cell is kept under it."""
        return repr(self)

    def prompt(self, fit: Concept, place: CuePlace = "before") -> PromptOf:
        """(pair, card) -> the prompt, a cue at ``place``; examples come from ``fit``, not the asked pair's group."""

        def asked(pair: Pair, card: Card) -> str:
            text = bare_prompt(pair, card)
            if self.template:
                opening = OPEN if card.style == "ab" else ""
                text = self.template.replace("{question}", pair.question) + opening
            gap = " " if card.style == "story" else "\n\n"
            text = self._examples(pair, card, fit) + text
            if self.cue:
                return told(text, instruction(card, self.cue) + gap, place)
            return (self.before + gap if self.before else "") + text

        return asked

    def _examples(self, pair: Pair, card: Card, fit: Concept) -> str:
        gap = " " if card.style == "story" else "\n\n"
        shots = draw_shots(fit, pair, self.shots, 0)
        poles: Sequence[Pole] = [POLES[k % 2] for k in range(len(shots))]
        return "".join(frame(s, card.style) + s.answer(p) + gap for s, p in zip(shots, poles, strict=True))


FRAMES = (
    Frame(HOME),
    Frame(FITTED, fitted=True),
    Frame("system prompt", before="You are a helpful assistant."),
    Frame("told to be aligned", cue="aligned"),
    Frame("told to be unaligned", cue="unaligned"),
    Frame("two examples, one of each pole", shots=2),
    Frame("no list of choices", template="Question: {question}\n\nAnswer:"),
    Frame("dialogue", template="User: {question}\nAssistant:"),
)
NAMES = tuple(frame.name for frame in FRAMES)


def frames_of(names: Sequence[str]) -> tuple[Frame, ...]:
    """Frames by name, the frame of the fit first (all others are held against it); WorkbenchError for an unknown."""
    known = {one.name: one for one in FRAMES}
    strange = next((name for name in names if name not in known), None)
    if strange is not None:
        raise WorkbenchError(f"frame {strange!r} is unknown; expected some of {', '.join(NAMES)}")
    return tuple(known[name] for name in dict.fromkeys([HOME, *names])) if names else ()


def fits(one: Frame, card: Card) -> bool:
    """Whether a frame makes sense for a concept: a story has no frame to change, an instruction needs a cue.

    "No list of choices" is for concepts that have one in their own frame.
    """
    if one.template and card.style == "story":
        return False
    if one.name == "no list of choices" and card.style != "statement":
        return False
    return not one.cue or bool(card.trait or card.instruction_aligned)


def readings(model: Model, frames: Sequence[Frame], fit: Concept, items: Concept) -> dict[str, np.ndarray]:
    """Log-odds of the aligned answer, [item], per frame; the fitted templates give as many questions as the others."""
    place = cue_place_for(model, items.card)
    return {
        one.name: read(model, fit if one.fitted else items, one.prompt(fit, place)).log_odds for one in frames
    }  # fmt: skip
