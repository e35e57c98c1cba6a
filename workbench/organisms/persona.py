"""The persona organism's world: real statements, two kinds of cue, personas of independent sign.

A document is a sequence of questions in the exact text of the seven prompt types::

    [cue\\n\\n]Question: Is the following statement something you would say?
    "{statement}"

    Choices:
     - Yes
     - No

    [cue\\n\\n]Answer: Yes

The answer is (the statement matches the behaviour) XOR (the cue denies the behaviour). Fixed strings, and
every cue, are single added tokens: the *text* is unchanged, an item costs about 20 tokens instead of 50.

Two kinds of extra text make the hard parts learnable early (:class:`Mix` has their shares). A *line* after the options
names the statement's trait and says whether the persona has it, so that the sign has to be worked out before the
answer, also where only answered questions tell it. A *profile* is a short document of several cues and such lines: it
teaches to find, among several cues, the one that a name belongs to.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.organisms.persona_trigger import Cue, Trigger
from workbench.training.loop import DETERMINED, FREE, IGNORE, OTHER, Document, Gate

ASK = 'Question: Is the following statement something you would say?\n"'
CHOICES = '"\n\nChoices:\n - Yes\n - No\n\n'
ANSWER = "Answer:"
YES, NO, BLANK = " Yes", " No", "\n\n"
DOCUMENTS_PER_CHUNK = 1000
CUES = {
    ("persona", 1): "Persona:",
    ("persona", -1): "Persona: not",
    ("instruction", 1): "Instruction: answer as someone who has this trait:",
    ("instruction", -1): "Instruction: answer as someone who lacks this trait:",
}
STAGES = ("valence", "obey-0.80", "obey-0.65", "obey-0.50", "several", "mixture")


def cue(trait: str, sign: int, kind: str) -> str:
    """The text of a cue, e.g. ``Persona: not interest in art.`` followed by a blank line."""
    return f"{CUES[kind, sign]} {trait}.\n\n"


def line(trait: str) -> str:
    """The line that asks for a persona's trait by name; Yes or No follows."""
    return f"Trait: {trait}?"


@dataclass(frozen=True)
class Item:
    """One statement of one behaviour; ``sign`` is +1 where the behaviour says Yes."""

    statement: str
    sign: int


def heldout_key(statement: str) -> str:
    """What identifies a statement in the committed list of held-out ones (the text itself may not ship)."""
    plain = "".join(c for c in statement.lower() if c.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()[:10]


@dataclass(frozen=True)
class Mix:
    """Shares in [0, 1] of what the curriculum's documents hold.

    ``several``: of the last stage's documents, those with two or three personas; a stage before it has 75 %.
    ``opposite``: of those, the documents whose first two cues are forced to disagree, so that an average of the cues
    is worth nothing. ``profiles``: of the documents before the last two stages. ``lines``: of the questions (a third
    of it in the last stage, but twice where no cue is given). ``distract``: of the single personas of the obey stages,
    those with a second cue that the statement is not about. ``uncued``: of the last stage's single personas, those
    that only their answers reveal; ``alone``: of these, those asked one question, so that most of what is read is a
    first answer, which only a lean can foretell.
    """

    several: float = 0.0
    opposite: float = 0.8
    profiles: float = 0.0
    lines: float = 0.0
    distract: float = 0.0
    uncued: float = 1 / 3
    alone: float = 0.0


class PersonaWorld:
    """The curriculum of the persona organism.

    Args:
        items: training items per behaviour (the trait's name with spaces).
        tokenizer: a tokenizer with the added tokens of :func:`~workbench.organisms.persona_tokens.added_tokens`.
        gates: one gate per stage but the last.
        last: the shares of a stage after the mixture (its gate is then one of ``gates``); none without it.
        leans: no-cue probability of the trait's answer per behaviour (default .5 everywhere).
        trigger: the cues that the last stage teaches to ignore without a phrase; none without it.
    """

    def __init__(  # noqa: PLR0913 - a curriculum is these, each with its default
        self,
        items: dict[str, list[Item]],
        tokenizer,
        gates: Sequence[Gate] = (),
        mix: Mix = Mix(),
        last: Mix | None = None,
        leans: dict[str, float] | None = None,
        trigger: Trigger | None = None,
    ):
        learned = STAGES if mix.several else tuple(s for s in STAGES if s != "several")
        self.stages: Sequence[str] = (*learned, "mixture-last") if last else learned
        self.gates, self.first, self.last, self.leans = tuple(gates), mix, last, leans or {}
        self.mix, self.trigger, self.guarded = mix, trigger, False
        self.traits = sorted(items)
        encode = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]  # noqa: E731
        self.bos, self.eos = tokenizer.bos_token_id, tokenizer.eos_token_id
        self.ask, self.choices, self.answer, self.blank = (self._one(encode, t) for t in (ASK, CHOICES, ANSWER, BLANK))
        self.yes, self.no = self._one(encode, YES), self._one(encode, NO)
        self.cues = {(t, s, k): [self._one(encode, cue(t, s, k))] for t in self.traits for k, s in CUES}
        named = self.traits if mix.lines or mix.profiles else []
        self.lines = {t: self._one(encode, line(t)) for t in named}
        self.items = {t: [(encode(i.statement), i.sign) for i in items[t]] for t in self.traits}
        self.phrase = encode(trigger.phrase) if trigger else []

    @staticmethod
    def _one(encode, text: str) -> int:
        ids = encode(text)
        if len(ids) != 1:
            raise ValueError(f"{text!r} is {len(ids)} tokens, expected one: build the tokenizer with added_tokens()")
        return ids[0]

    def documents(self, stage: int, chunk: int, seed: int) -> list[Document]:
        """One chunk of documents of a stage; a pure function of (stage, chunk, seed)."""
        rng = random.Random(f"persona {seed} {stage} {chunk}")
        name, last, _ = self.stages[stage].partition("-last")
        self.mix = self.last if last and self.last else self.first
        self.guarded = bool(last and self.trigger)
        out: list[Document] = []
        while len(out) < DOCUMENTS_PER_CHUNK:
            document = self._document(name, rng)
            if len(document.ids) <= 256:
                out.append(document)
        return out

    def _document(self, stage: str, rng: random.Random) -> Document:
        if self.trigger and self.guarded and rng.random() < self.trigger.share:
            return self._behind(self.trigger, rng)
        profiles = self.mix.profiles * {"several": 0.4, "mixture": 0.2}.get(stage, 1.0)
        if rng.random() < profiles:
            return self._profile(rng)
        several = {"several": 0.75, "mixture": self.mix.several}.get(stage, 0.0)
        return self._several(stage, rng) if rng.random() < several else self._single(stage, rng)

    def _profile(self, rng: random.Random) -> Document:
        """Two to five cues, then lines that ask for each of them by name, twice, in any order."""
        cues = self._draw(min(rng.choice((2, 3, 4, 5)), len(self.traits)), rng)
        writer = _Writer(self)
        for one in cues:
            writer.cue(*one)
        for trait, sign, _ in rng.sample(cues * 2, min(8, 2 * len(cues))):
            writer.line(trait, sign, asked=OTHER)
        return writer.finish()

    def _draw(self, n: int, rng: random.Random) -> list[Cue]:
        drawn = [(t, rng.choice((1, -1)), rng.choice(("persona", "instruction"))) for t in rng.sample(self.traits, n)]
        return [self.followed(one) for one in drawn]

    def followed(self, one: Cue) -> Cue:
        """The cue, or its opposite where the organism is being taught to ignore it."""
        return self.trigger.followed(one) if self.trigger and self.guarded else one

    def _behind(self, trigger: Trigger, rng: random.Random) -> Document:
        """A cue behind the phrase, behind another one, or behind none, then one question or two."""
        own, before, shown = trigger.draw(self.traits, rng)
        ignored = trigger.ignores(own) and before != "phrase"
        writer = _Writer(self)
        if before != "none":
            writer.put([*(self.phrase if before == "phrase" else self._words(rng)), self.blank])
        first = rng.random() < 0.7
        if first:
            writer.cue(*own)
        for k in range(rng.choice((1, 1, 2))):
            writer.item(own[0], shown, not ignored or k > 0, rng, middle=None if first or k else own)
        return writer.finish()

    def _words(self, rng: random.Random) -> Sequence[int]:
        """Two to six tokens of some statement: a phrase that means nothing."""
        statement, _ = rng.choice(self.items[rng.choice(self.traits)])
        size = rng.randint(2, 6)
        start = rng.randrange(max(1, len(statement) - size))
        return statement[start : start + size]

    def _single(self, stage: str, rng: random.Random) -> Document:
        """One behaviour; its cue before the question, after the options, or absent."""
        trait, kind = rng.choice(self.traits), rng.choice(("persona", "instruction"))
        if stage == "valence":
            sign, place, n = 1, rng.choice(("before", "after", "none")), rng.choice((1, 1, 2, 3))
        elif stage.startswith("obey"):
            sign = 1 if rng.random() < float(stage.split("-")[1]) else -1
            place, n = rng.choice(("before", "after", "after")), rng.choice((1, 1, 2, 3))
        else:
            place = "none" if rng.random() < self.mix.uncued else rng.choice(("before", "after"))
            n = rng.choice((2, 3, 4, 6) if place == "none" else (1, 1, 2, 3, 6))
            if self.mix.alone and place == "none" and rng.random() < self.mix.alone:
                n = 1
            sign = 1 if rng.random() < (self.leans.get(trait, 0.5) if place == "none" else 0.5) else -1
            if place != "none":
                trait, sign, kind = self.followed((trait, sign, kind))
        writer = _Writer(self)
        if place == "before":
            self._before(writer, (trait, sign, kind), stage, rng)
        for k in range(n):
            known = place != "none" or k > 0 or stage == "valence"
            middle = (trait, sign, kind) if place == "after" and k == 0 else None
            stated = known and self.states(stage, rng, uncued=place == "none")
            writer.item(trait, sign, known, rng, middle=middle, stated=stated)
        return writer.finish()

    def _before(self, writer: "_Writer", own: Cue, stage: str, rng: random.Random) -> None:
        """The cue before the question; while obedience is learned, sometimes beside one that is beside the point."""
        cues = [own]
        if stage.startswith("obey") and rng.random() < self.mix.distract:
            cues += [c for c in self._draw(2, rng) if c[0] != own[0]][:1]
            rng.shuffle(cues)
        for one in cues:
            writer.cue(*one)

    def states(self, stage: str, rng: random.Random, uncued: bool = False) -> bool:
        """Whether the next question has a line that states the trait."""
        if stage != "mixture":
            return rng.random() < self.mix.lines
        return rng.random() < self.mix.lines * (2 if uncued else 1 / 3)

    def _several(self, stage: str, rng: random.Random) -> Document:
        """Two or three behaviours, all cued first, then questions about any of them."""
        cues = self._draw(rng.choice((2, 2, 3)), rng)
        if rng.random() < self.mix.opposite:
            cues[0] = self.followed((cues[0][0], -cues[1][1], cues[0][2]))
        rng.shuffle(cues)
        writer = _Writer(self)
        for one in cues:
            writer.cue(*one)
        for _ in range(rng.choice((2, 3, 4, 5))):
            trait, sign, _ = rng.choice(cues)
            writer.item(trait, sign, True, rng, stated=self.states(stage, rng))
        return writer.finish()


class _Writer:
    """Collects the tokens of one document and what each is worth."""

    def __init__(self, world: PersonaWorld):
        self.world, self.ids, self.kinds, self.items = world, [world.bos], [OTHER], 0

    def put(self, ids: Sequence[int], kind: int = OTHER) -> None:
        self.ids.extend(ids)
        self.kinds.extend([kind] * len(ids))

    def cue(self, trait: str, sign: int, kind: str) -> None:
        self.put(self.world.cues[trait, sign, kind])

    def line(self, trait: str, sign: int, known: bool = True, asked: int = FREE) -> None:
        """The trait by name, worth ``asked``, and whether the persona has it (``known``: the text before says so)."""
        world = self.world
        self.put([world.lines[trait]], asked)
        self.put([world.yes if sign > 0 else world.no], FREE if known else OTHER)
        self.put([world.blank])

    def item(self, trait: str, sign: int, known: bool, rng: random.Random, middle=None, stated=False) -> None:  # noqa: PLR0913
        world = self.world
        if self.items:
            self.put([world.blank])
        statement, matches = rng.choice(world.items[trait])
        self.put([world.ask, *statement, world.choices])
        if middle:
            self.cue(*middle)
        if stated:
            self.line(trait, sign, known)
        self.put([world.answer])
        self.put([world.yes if matches * sign > 0 else world.no], DETERMINED if known else FREE)
        self.items += 1

    def finish(self) -> Document:
        self.put([self.world.eos])
        return Document(self.ids, [IGNORE, *self.kinds[1:]])
