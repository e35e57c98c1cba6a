"""Prompts of a contrast: the seven types of Braun et al. 2025 (arXiv 2505.22637), and the bare question.

Every type is a non-empty subset of {prefilled answer, instruction, five answered examples}::

    [instruction + "\\n\\n"] + 5 x (Q + answer + "\\n\\n") + Q + [answer]

with Q = :func:`frame`. A positive prompt has every component of one pole, the negative prompt every component of
the other, and the question is the same. Prompts of A/B sets end with " (" so that the answer is the letter alone.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.types import POLES, Card, Concept, Pair, Pole, WorkbenchError, opposite

CuePlace = Literal["before", "after"]
CueKind = Literal["instruction", "persona"]
PROMPT_TYPES = (
    "prefilled",
    "instruction",
    "5-shot",
    "prefilled+instruction",
    "prefilled+5-shot",
    "instruction+5-shot",
    "prefilled+instruction+5-shot",
)
END = "Answer:"
OPEN = " ("


@dataclass(frozen=True)
class PromptType:
    """Which components a prompt has; ``shots`` counts the answered examples."""

    prefilled: bool = False
    instruction: bool = False
    shots: int = 0

    def __post_init__(self):
        if self.shots < 0 or not (self.prefilled or self.instruction or self.shots):
            raise WorkbenchError(f"a prompt type without any component ({self.shots} shots) contrasts nothing; "
                                 f"expected one of {', '.join(PROMPT_TYPES)}")

    @property
    def name(self) -> str:
        parts = ["prefilled"] * self.prefilled + ["instruction"] * self.instruction
        return "+".join(parts + [f"{self.shots}-shot"] * bool(self.shots))

    @classmethod
    def parse(cls, name: "str | PromptType") -> "PromptType":
        """The type of a name such as "prefilled+5-shot"; other numbers of shots are allowed."""
        if isinstance(name, PromptType):
            return name
        parts = name.split("+")
        shots = [p.removesuffix("-shot") for p in parts if p.endswith("-shot")]
        known = {"prefilled", "instruction", *(f"{s}-shot" for s in shots)}
        single = len(set(parts)) == len(parts) and len(shots) <= 1
        if not (single and set(parts) <= known and all(map(str.isdecimal, shots))):
            raise WorkbenchError(f"prompt type {name!r} is unknown; expected one of {', '.join(PROMPT_TYPES)}")
        return cls("prefilled" in parts, "instruction" in parts, int(shots[0]) if shots else 0)


@dataclass(frozen=True)
class ContrastPrompt:
    """A pair's prompts toward one pole (``positive``) and toward the other (``negative``)."""

    pair: Pair
    positive: str
    negative: str


def frame(pair: Pair, style: str) -> str:
    """Q: the question text up to and including "Answer:" (stories have no frame)."""
    if style == "story":
        return pair.question
    choices = "Choices:\n - Yes\n - No\n\n" if style == "statement" else ""
    return f"Question: {pair.question}\n\n{choices}{END}"


def instruction(card: Card, pole: Pole, kind: CueKind = "instruction") -> str:
    """The cue toward a pole: the card's own sentence where it has one, else one that names the trait.

    "Instruction: answer as someone who has this trait: X." or "... lacks ..."; as kind "persona" "Persona: X." or
    "Persona: not X.". Whether the pole has the trait is the card's ``trait_pole``.
    """
    _check(kind, ("instruction", "persona"), "cue kind")
    _check(pole, POLES, "pole")
    own = card.instruction_aligned if pole == "aligned" else card.instruction_unaligned
    if own and (kind == "instruction" or not card.trait):
        return own
    if not card.trait:
        raise WorkbenchError(f"the card of {card.name!r} has neither a trait nor instruction_{pole}; add one to "
                             "card.toml, or use a prompt type without instruction")
    has = pole == card.trait_pole
    if kind == "persona":
        return f"Persona: {'' if has else 'not '}{card.trait}."
    return f"Instruction: answer as someone who {'has' if has else 'lacks'} this trait: {card.trait}."


def build_prompt(  # noqa: PLR0913 - the seven are what a prompt of the paper consists of
    pair: Pair,
    card: Card,
    type: str | PromptType,
    pole: Pole,
    shots: Sequence[Pair] = (),
    cue_place: CuePlace = "before",
    cue_kind: CueKind = "instruction",
) -> str:
    """The prompt of one pair with every component toward ``pole``.

    ``cue_place`` "before" puts the instruction first (the paper's order), "after" right before the last
    "Answer:". A prefilled A/B answer loses its ")"; A/B prompts without one end with " (". The instruction of a
    story is its first sentence, joined by a blank.

    Raises WorkbenchError where the number of shots is not the type's, or a story is asked for a cue "after".
    """
    type = PromptType.parse(type)
    _check(pole, POLES, "pole")
    _check(cue_place, ("before", "after"), "cue place")
    if len(shots) != type.shots:
        raise WorkbenchError(f"{len(shots)} shots for prompt type {type.name!r}; expected {type.shots}")
    text = "".join(frame(shot, card.style) + shot.answer(pole) + "\n\n" for shot in shots) + frame(pair, card.style)
    if type.instruction and card.style == "story" and cue_place == "after":
        raise WorkbenchError(f"concept {card.name!r} is a story and has no 'Answer:' to put a cue before; "
                             "use cue_place='before'")
    if type.instruction:
        text = told(text, instruction(card, pole, cue_kind) + (" " if card.style == "story" else "\n\n"), cue_place)
    answer = pair.answer(pole) if type.prefilled else ""
    if card.style == "ab":
        answer = answer.removesuffix(")") if answer else OPEN
    return text + answer


def told(text: str, words: str, place: CuePlace) -> str:
    """A prompt with ``words`` (their gap included) before it, or "after" its options, where a last "Answer:" is.

    A text without "Answer:" at its end (or "Answer: (") has no such place: they stand before it.
    """
    for end in (END + OPEN, END) if place == "after" else ():
        if text.endswith(end):
            return text.removesuffix(end) + words + end
    return words + text


def bare_prompt(pair: Pair, card: Card) -> str:
    """The evaluation prompt: the question alone, without cue, examples or answer."""
    return frame(pair, card.style) + (OPEN if card.style == "ab" else "")


def with_opening(text: str, card: Card) -> str | tuple[str, str]:
    """A prompt for the model: the bracket that opens an A/B answer belongs to the assistant's turn of a chat model."""
    return (text.removesuffix(OPEN), OPEN) if card.style == "ab" and text.endswith(OPEN) else text


def answer_texts(pair: Pair, card: Card) -> tuple[str, str]:
    """What follows the bare prompt, aligned first: " Yes" and " No", "A" and "B" (after " ("), or the free answers."""
    if card.style != "ab":
        return pair.aligned, pair.unaligned
    aligned, unaligned = (pair.answer(pole).removeprefix(OPEN).removesuffix(")") for pole in POLES)
    return aligned, unaligned


def contrast(
    concept: Concept,
    type: str | PromptType,
    seed: int = 0,
    toward: Pole = "aligned",
    cue_place: CuePlace = "before",
    cue_kind: CueKind = "instruction",
) -> list[ContrastPrompt]:
    """Positive and negative prompts of every pair of the concept, in its order.

    Examples come from other groups of the same concept, so that no near-duplicate of the question is answered in
    its own prompt; both prompts of a pair show the same examples with opposite answers. They are drawn from
    ``seed`` and the pair's id, and the aligned answers (Yes/No, A/B) are as balanced as their number allows.

    Raises WorkbenchError where the other groups hold too few pairs.
    """
    type = PromptType.parse(type)
    _check(toward, POLES, "pole")
    card = concept.card
    poles: tuple[Pole, Pole] = (toward, opposite(toward))
    out = []
    for pair in concept.pairs:
        shots = draw_shots(concept, pair, type.shots, seed)
        prompts = [build_prompt(pair, card, type, pole, shots, cue_place, cue_kind) for pole in poles]
        out.append(ContrastPrompt(pair, *prompts))
    return out


def draw_shots(concept: Concept, pair: Pair, count: int, seed: int) -> tuple[Pair, ...]:
    """``count`` examples for one pair: other groups, answers balanced, a pure function of seed and pair id."""
    if not count:
        return ()
    pool = [p for p in concept.pairs if p.group != pair.group]
    if len(pool) < count:
        raise WorkbenchError(f"{count} shots for pair {pair.id!r} of {concept.name!r}: its other groups hold "
                             f"{len(pool)} pairs; use fewer shots or more pairs")
    rng = random.Random(f"{seed} {pair.id}")
    answers = sorted({p.aligned for p in pool})
    sides = [[p for p in pool if p.aligned == a] for a in answers] if len(answers) == 2 else [pool]
    rng.shuffle(sides)  # which answer has the odd example
    chosen: list[Pair] = []
    for left, side in zip(range(len(sides), 0, -1), sides, strict=True):
        chosen += rng.sample(side, min(len(side), -((len(chosen) - count) // left)))
    if len(chosen) < count:  # the second answer was rare: more of the first
        chosen += rng.sample([p for p in pool if p not in chosen], count - len(chosen))
    rng.shuffle(chosen)
    return tuple(chosen)


def _check(value: str, choices: Sequence[str], what: str) -> None:
    if value not in choices:
        raise WorkbenchError(f"{what} {value!r} is unknown; expected one of {', '.join(choices)}")
