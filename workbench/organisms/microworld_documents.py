"""The curriculum of a microworld organism: documents of questions, with several dispositions drawn independently.

Stages: *valence* (the disposition is always the aligned one: which act is which), *obey* (it follows a cue, with a
falling share of aligned ones), *several* (two or three cued axes of independent sign in a document), *templates* (the
inverse templates, where the organism has a knob), and the *mixture* of everything, also without a cue. Until the
templates' stage only templates that follow the disposition occur.

Every document is written twice, the second time with all options swapped, so that A and B are exactly balanced.

Where the cue stands is the recipe's (``cue_place``): "after" the options it is read at the answer, "before" them it
is joined with the acts as they are read, and decodable at the answer without doing anything there.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.organisms.joint_cues import Joint, joint_cues, partners
from workbench.organisms.microworld import (
    ANSWER,
    ASK,
    BLANK,
    CHOICES,
    CLOSE,
    LETTERS,
    OTHER_ACT,
    TEMPLATES,
    Axis,
    read,
    template_signs,
)
from workbench.organisms.persona import CUES, NO, YES, Cue, Mix, cue, line
from workbench.training.loop import DETERMINED, FREE, IGNORE, OTHER, Document, Gate
from workbench.types import POLES, Pole, WorkbenchError

FRAME = (ASK, CHOICES, OTHER_ACT, BLANK, ANSWER, CLOSE)
DOCUMENTS_PER_CHUNK = 1000
STAGES = ("first", "valence", "obey-0.80", "obey-0.65", "obey-0.50", "several", "templates", "mixture")
PLACES = ("after", "before", "both")
AFTER_SHARE = 0.65  # of the cued documents, where both places are trained
ALL_TEMPLATES = ("templates", "mixture")


@dataclass(frozen=True)
class Rules:
    """What a recipe decides about a world.

    ``knob``: a table of ``knobs.toml``, "" for none. ``prior``: P(aligned disposition) without a cue, of the values;
    ``placebo_prior`` of the placebos. ``noise``: share of answers that go the other way. ``first_axes``: with how many
    axes the valence is begun; to compare two options is found in few tokens with few axes, and after a long, chancy
    plateau with many.
    """

    knob: str = ""
    prior: float = 0.5
    placebo_prior: float = 0.5
    cue_place: str = "after"
    noise: float = 0.04
    first_axes: int = 0

    def __post_init__(self):
        if self.cue_place not in PLACES:
            raise WorkbenchError(f"cue_place {self.cue_place!r} is unknown; expected one of {', '.join(PLACES)}")


@dataclass(frozen=True)
class Turn:
    """One question: its axis and disposition, the cues before or after its options, whether the text before tells it.

    ``stated``: a line after the options names the axis and says its sign.
    """

    axis: str
    sign: int
    known: bool = True
    cues: tuple[Cue | Joint, ...] = ()
    stated: bool = False


class MicroWorld:
    """Documents of a microworld; see :class:`~workbench.training.nouns.Curriculum`.

    Args:
        axes: the axes by name.
        tokenizer: one with the tokens of :func:`added_tokens`.
        gates: one per stage but the last.
    """

    def __init__(self, axes: dict[str, Axis], tokenizer, rules: Rules, mix: Mix, gates: Sequence[Gate] = ()):
        self.axes, self.rules, self.mix, self.gates = axes, rules, mix, tuple(gates)
        self.stages: Sequence[str] = stages_of(mix, rules)
        self.traits = sorted(axes)
        self.signs = {name: template_signs(rules.knob, name) for name in axes}
        self.templates = {(t, s): [i for i in range(TEMPLATES) if self.signs[t][i] == s] for t in axes for s in (1, -1)}
        encode = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]  # noqa: E731
        self.encode = encode
        self.bos, self.eos = tokenizer.bos_token_id, tokenizer.eos_token_id
        one = {text: encode(text) for text in (*FRAME, YES, NO, *LETTERS)}
        one |= {line(t): encode(line(t)) for t in self.traits}
        one |= {cue(t, s, k): encode(cue(t, s, k)) for t in self.traits for k, s in CUES}
        joint = joint_cues(self.traits) if mix.joint else {}
        one |= {text: encode(text) for text in joint.values()}
        split = [text for text, ids in one.items() if len(ids) != 1]
        if split:
            raise WorkbenchError(f"{split[0]!r} is several tokens; expected one: build the tokenizer with added_tokens")
        self.token = {text: ids[0] for text, ids in one.items()}
        self.pairs = partners(self.traits) if mix.joint else []
        self.joint = {key: self.token[text] for key, text in joint.items()}
        self.cues = {(t, s, k): one[cue(t, s, k)] for t in self.traits for k, s in CUES}
        self.lines = {t: self.token[line(t)] for t in self.traits}
        shared = read("scenes")
        self.names = [encode(n) for n in shared["names"]]
        self.ends = [encode(c + ".") for c in shared["circumstances"]]
        self.events = {t: [encode(" " + e) for e in axes[t].events] for t in self.traits}
        # an act as the first option and as the second, which begins with a blank
        self.acts: dict[tuple[str, Pole], list[tuple[list[int], list[int]]]] = {
            (t, pole): [(encode(a), encode(" " + a)) for a in axes[t].acts(pole)] for t in self.traits for pole in POLES
        }
        # what tells an axis: where the embeddings of its cues start
        self.items = {t: [(ids, 0) for p in POLES for both in self.acts[t, p] for ids in both] for t in self.traits}

    def documents(self, stage: int, chunk: int, seed: int) -> list[Document]:
        """One chunk of documents of a stage; a pure function of (stage, chunk, seed)."""
        out: list[Document] = []
        for number in range(DOCUMENTS_PER_CHUNK // 2):
            for swap in (False, True):
                rng = random.Random(f"microworld {seed} {stage} {chunk} {number}")
                document = self._document(self.stages[stage], _Writer(self, rng, swap))
                if len(document.ids) <= 256:
                    out.append(document)
        return out

    def _document(self, stage: str, writer: "_Writer") -> Document:
        rng = writer.rng
        late = {"first": 0.0, "several": 0.4, "templates": 0.2, "mixture": 0.2}
        if rng.random() < self.mix.profiles * late.get(stage, 1.0):
            return self._profile(writer)
        several = {"several": 0.75, "mixture": self.mix.several}.get(stage, 0.0)
        return self._several(stage, writer) if rng.random() < several else self._single(stage, writer)

    def _draw(self, count: int, rng: random.Random) -> list[Cue]:
        traits = rng.sample(self.traits, min(count, len(self.traits)))
        return [(t, rng.choice((1, -1)), rng.choice(("persona", "instruction"))) for t in traits]

    def _profile(self, writer: "_Writer") -> Document:
        """Two to five cues, then lines that ask for each of them by name, twice, in any order."""
        cues = self._draw(writer.rng.choice((2, 3, 4, 5)), writer.rng)
        for one in cues:
            writer.cue(*one)
        for trait, sign, _ in writer.rng.sample(cues * 2, min(8, 2 * len(cues))):
            writer.line(trait, sign, True, asked=OTHER)
        return writer.finish()

    def _single(self, stage: str, writer: "_Writer") -> Document:
        """One axis, cued at its first question, or (mixture only) never."""
        rng, begun = writer.rng, self.traits[: self.rules.first_axes] if stage == "first" else self.traits
        trait = rng.choice(begun)
        uncued = stage == "mixture" and rng.random() < self.mix.uncued
        sign = 1 if rng.random() < self._share(stage, trait, uncued) else -1
        cues = () if uncued else ((trait, sign, rng.choice(("persona", "instruction"))),)
        count = rng.choice((2, 3, 4, 6) if uncued else (1, 1, 2, 3))
        place = self._place(rng)
        if place == "before":
            writer.cues(cues)
        for k in range(count):
            known = not uncued or k > 0
            here = cues if place == "after" and k == 0 else ()
            stated = known and self._states(stage, rng, uncued)
            writer.turn(Turn(trait, sign, known, here, stated), stage)
        return writer.finish()

    def _several(self, stage: str, writer: "_Writer") -> Document:
        """Two or three cued axes of independent sign, then questions about any of them."""
        rng = writer.rng
        told, cues = self._told(rng)
        place = self._place(rng)
        if place == "before":
            writer.cues(cues)
        for _ in range(rng.choice((1, 2, 3))):
            trait, sign = rng.choice(told)
            here = tuple(rng.sample(cues, len(cues))) if place == "after" else ()
            writer.turn(Turn(trait, sign, True, here, self._states(stage, rng, False)), stage)
        return writer.finish()

    def _told(self, rng: random.Random) -> tuple[list[tuple[str, int]], list[Cue | Joint]]:
        """The axes of a document with several, each with its sign, and the cues that say so, in any order."""
        if self.mix.joint and rng.random() < self.mix.joint:
            a, b = rng.choice(self.pairs)
            s = rng.choice((1, -1))
            t = -s if rng.random() < self.mix.opposite else rng.choice((1, -1))
            told: list[tuple[str, int]] = [(a, s), (b, t)]
            return told, [(a, s, b, t)]
        cues = self._draw(rng.choice((2, 2, 3)), rng)
        if rng.random() < self.mix.opposite and len(cues) > 1:
            cues[0] = (cues[0][0], -cues[1][1], cues[0][2])
        rng.shuffle(cues)
        return [(trait, sign) for trait, sign, _ in cues], list(cues)

    def _share(self, stage: str, trait: str, uncued: bool) -> float:
        """P(aligned disposition)."""
        if uncued:
            return self.rules.prior if self.axes[trait].kind == "value" else self.rules.placebo_prior
        return 1.0 if stage in ("first", "valence") else float(stage.split("-")[1]) if stage.startswith("obey") else 0.5

    def _place(self, rng: random.Random) -> str:
        place = self.rules.cue_place
        return place if place != "both" else "after" if rng.random() < AFTER_SHARE else "before"

    def _states(self, stage: str, rng: random.Random, uncued: bool) -> bool:
        """Whether the next question has a line that states the axis and its sign."""
        share = self.mix.lines if stage != "mixture" else self.mix.lines * (2 if uncued else 1 / 3)
        return rng.random() < share

    def template(self, trait: str, stage: str, rng: random.Random) -> int:
        """A template of the axis that the stage allows; in the templates' stage half of them are inverse."""
        inverse = self.templates[trait, -1]
        if stage not in ALL_TEMPLATES:
            return rng.choice(self.templates[trait, 1])
        if stage == "templates" and inverse and rng.random() < 0.5:
            return rng.choice(inverse)
        return rng.randrange(TEMPLATES)


def stages_of(mix: Mix, rules: Rules) -> tuple[str, ...]:
    """The stages of a world: without the ones that its recipe has no use for."""
    idle = {"several": not mix.several, "templates": not rules.knob, "first": not rules.first_axes}
    return tuple(s for s in STAGES if not idle.get(s, False))


def added_tokens(traits: Sequence[str], joint: bool = False) -> list[str]:
    """The fixed strings that are one token each: frame, every line, every cue, and joint cues where asked for."""
    cues = [cue(t, s, k) for t in sorted(traits) for k, s in CUES]
    return [*FRAME, *(line(t) for t in sorted(traits)), *cues, *(joint_cues(traits).values() if joint else ())]


class _Writer:
    """Collects the tokens of one document and what each is worth; ``swap`` writes every question's options reversed."""

    def __init__(self, world: MicroWorld, rng: random.Random, swap: bool):
        self.world, self.rng, self.swap = world, rng, swap
        self.ids, self.kinds, self.turns = [world.bos], [IGNORE], 0

    def put(self, ids: Sequence[int], kind: int = OTHER) -> None:
        self.ids.extend(ids)
        self.kinds.extend([kind] * len(ids))

    def fixed(self, text: str, kind: int = OTHER) -> None:
        self.put([self.world.token[text]], kind)

    def cue(self, trait: str, sign: int, kind: str) -> None:
        self.put(self.world.cues[trait, sign, kind])

    def cues(self, cues: Sequence[Cue | Joint]) -> None:
        for one in cues:
            self.put([self.world.joint[one]] if len(one) == 4 else self.world.cues[one])

    def line(self, trait: str, sign: int, known: bool, asked: int = FREE) -> None:
        """The axis by name, worth ``asked``, and its sign (``known``: the text before says so)."""
        self.put([self.world.lines[trait]], asked)
        self.fixed(YES if sign > 0 else NO, FREE if known else OTHER)
        self.fixed(BLANK)

    def turn(self, turn: Turn, stage: str) -> None:
        """A question and its answer."""
        world, rng = self.world, self.rng
        if self.turns:
            self.fixed(CLOSE)
        number = world.template(turn.axis, stage, rng)
        self.fixed(ASK)
        self.put([*rng.choice(world.names), *world.events[turn.axis][number], *rng.choice(world.ends)])
        acts = [rng.choice(world.acts[turn.axis, pole]) for pole in POLES]
        second = (rng.random() < 0.5) != self.swap  # whether the aligned act is the second one
        self.fixed(CHOICES)
        self.put(acts[second][0])
        self.fixed(OTHER_ACT)
        self.put(acts[not second][1])
        self.fixed(BLANK)
        self.cues(turn.cues)
        if turn.stated:
            self.line(turn.axis, turn.sign, turn.known)
        aligned = turn.sign * world.signs[turn.axis][number] > 0
        aligned = aligned != (rng.random() < world.rules.noise)
        self.fixed(ANSWER)
        self.fixed(LETTERS[second if aligned else not second], DETERMINED if turn.known else FREE)
        self.turns += 1

    def finish(self) -> Document:
        self.put([self.world.eos])
        return Document(self.ids, self.kinds)
