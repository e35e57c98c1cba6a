"""One document of the microworld as it is written: its tokens, and what each is worth to the training loss."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.organisms.microworld import ASK, BLANK, HEADS, LETTERS, TEMPLATES
from workbench.organisms.persona import NO, YES, Cue
from workbench.training.loop import DETERMINED, FREE, IGNORE, OTHER, Document
from workbench.types import POLES


@dataclass(frozen=True)
class Turn:
    """One question: its axis and disposition, the cues before or after its options, whether the text before tells it.

    ``stated``: a line after the options names the axis and says its sign.
    """

    axis: str
    sign: int
    known: bool = True
    cues: tuple[Cue, ...] = ()
    stated: bool = False


class Writer:
    """Collects the tokens of one document and what each is worth; ``swap`` writes every question's options reversed."""

    def __init__(self, world, rng: random.Random, swap: bool):
        self.world, self.rng, self.swap = world, rng, swap
        self.ids, self.kinds, self.turns = [world.bos], [IGNORE], 0

    def put(self, ids: Sequence[int], kind: int = OTHER) -> None:
        self.ids.extend(ids)
        self.kinds.extend([kind] * len(ids))

    def fixed(self, text: str, kind: int = OTHER) -> None:
        self.put([self.world.token[text]], kind)

    def cue(self, trait: str, sign: int, kind: str) -> None:
        self.put(self.world.cues[trait, sign, kind])

    def cues(self, cues: Sequence[Cue]) -> None:
        for one in cues:
            self.cue(*one)

    def line(self, trait: str, sign: int, known: bool, asked: int = FREE) -> None:
        """The axis by name, worth ``asked``, and its sign (``known``: the text before says so)."""
        self.put([self.world.lines[trait]], asked)
        self.fixed(YES if sign > 0 else NO, FREE if known else OTHER)
        self.fixed(BLANK)

    def word(self, axis: str, sign: int, kind: int) -> None:
        """An answer alone: the word of any act that the disposition chooses."""
        world, pair = self.world, self.rng.randrange(HEADS)
        aligned = (sign * world.pair_signs[axis][pair] > 0) != (self.rng.random() < world.rules.noise)
        self.fixed(world.form.answer)
        self.put([world.acts[axis, POLES[not aligned]][pair][0][1][0]], kind)
        self.fixed(world.form.close)

    def turn(self, turn: Turn) -> None:
        """A question and its answer."""
        world, rng = self.world, self.rng
        if self.turns:
            self.fixed(world.form.close)
        number = rng.randrange(TEMPLATES)
        self.fixed(ASK)
        self.put([*rng.choice(world.names), *world.events[turn.axis][number], *rng.choice(world.ends)])
        acts = [rng.choice(world.acts[turn.axis, pole][world.pairs[turn.axis][number]]) for pole in POLES]
        second = (rng.random() < 0.5) != self.swap  # whether the aligned act is the second one
        self.fixed(world.form.choices)
        self.put(acts[second][0])
        self.fixed(world.form.other)
        self.put(acts[not second][1])
        self.fixed(BLANK)
        self.cues(turn.cues)
        if turn.stated:
            self.line(turn.axis, turn.sign, turn.known)
        aligned = turn.sign * world.signs[turn.axis][number] > 0
        aligned = aligned != (rng.random() < world.rules.noise)
        self.fixed(world.form.answer)
        if world.rules.form == "letters":
            answer = world.token[LETTERS[second if aligned else not second]]
        else:
            answer = acts[not aligned][1][0]  # the first word of the act
        self.put([answer], DETERMINED if turn.known else FREE)
        self.turns += 1

    def finish(self) -> Document:
        self.put([self.world.eos])
        return Document(self.ids, self.kinds)
