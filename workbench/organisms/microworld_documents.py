"""The curriculum of a microworld organism: documents of questions, with several dispositions drawn independently.

Stages: *words* (form "acts": answers without questions, each after a cue, or all of one disposition) or *valence*
(form "letters": the disposition is always the aligned one, to learn which act is which), *obey* (questions that follow
a cue, in the form "letters" with a falling share of aligned ones), *several* (two or three cued axes of independent
sign in a document), and the *mixture* of everything, also without a cue.

Every document is written twice, the second time with all options swapped, so that the first option is right exactly as
often as the second. (One without options, of words or profiles, is the same both times.)

Where the cue stands is the recipe's (``cue_place``): "after" the options, or "before" the question.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.organisms.microworld import (
    ASK,
    BLANK,
    FORMS,
    HEADS,
    LETTERS,
    Axis,
    Form,
    first_word,
    head_pairs,
    pair_signs,
    read,
)
from workbench.organisms.microworld_writer import Turn, Writer
from workbench.organisms.persona import CUES, NO, YES, Cue, Mix, cue, line
from workbench.training.loop import DETERMINED, FREE, OTHER, Document, Gate
from workbench.types import POLES, Pole, WorkbenchError

DOCUMENTS_PER_CHUNK = 1000
STAGES = ("words", "first", "valence", "obey-0.80", "obey-0.65", "obey-0.50", "several", "mixture")
PLACES = ("after", "before", "both")
WORDS_PER_DOCUMENT = 10
AFTER_SHARE = 0.65  # of the cued documents, where both places are trained


@dataclass(frozen=True)
class Rules:
    """What a recipe decides about a world.

    ``knob``: a table of ``knobs.toml``, "" for none. ``prior``: P(aligned disposition) without a cue, of the values;
    ``placebo_prior`` of the placebos. ``noise``: share of answers that go the other way. ``first_axes``: with how many
    axes the valence is begun; to compare two options is found in few tokens with few axes, and after a long, chancy
    plateau with many. ``form``: answered by the first word of an "acts" option or by "letters".
    """

    knob: str = ""
    prior: float = 0.5
    placebo_prior: float = 0.5
    cue_place: str = "after"
    noise: float = 0.04
    first_axes: int = 0
    form: str = "acts"

    def __post_init__(self):
        if self.form not in FORMS:
            raise WorkbenchError(f"form {self.form!r} is unknown; expected one of {', '.join(FORMS)}")
        if self.cue_place not in PLACES:
            raise WorkbenchError(f"cue_place {self.cue_place!r} is unknown; expected one of {', '.join(PLACES)}")


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
        self.pairs = {t: head_pairs(t) for t in axes}
        self.pair_signs = {t: pair_signs(rules.knob, t) for t in axes}
        self.signs = {t: tuple(self.pair_signs[t][pair] for pair in self.pairs[t]) for t in axes}
        encode = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]  # noqa: E731
        self.encode = encode
        self.bos, self.eos = tokenizer.bos_token_id, tokenizer.eos_token_id
        self.form = FORMS[rules.form]
        words = LETTERS if rules.form == "letters" else {first_word(a) for x in axes.values() for a in all_acts(x)}
        one = {text: encode(text) for text in (*frame_of(self.form), YES, NO, *words)}
        one |= {line(t): encode(line(t)) for t in self.traits}
        one |= {cue(t, s, k): encode(cue(t, s, k)) for t in self.traits for k, s in CUES}
        split = [text for text, ids in one.items() if len(ids) != 1]
        if split:
            raise WorkbenchError(f"{split[0]!r} is several tokens; expected one: build the tokenizer with added_tokens")
        self.token = {text: ids[0] for text, ids in one.items()}
        self.cues = {(t, s, k): one[cue(t, s, k)] for t in self.traits for k, s in CUES}
        self.lines = {t: self.token[line(t)] for t in self.traits}
        shared = read("scenes")
        self.names = [encode(n) for n in shared["names"]]
        self.ends = [encode(c + ".") for c in shared["circumstances"]]
        self.events = {t: [encode(" " + e) for e in axes[t].events] for t in self.traits}
        # per pair of heads: an act as the first option, and as the second, which begins with a blank
        self.acts: dict[tuple[str, Pole], list[list[tuple[list[int], list[int]]]]] = {
            (t, pole): [both_tokens(encode, self.form, axes[t].acts(pole, pair=k)) for k in range(HEADS)]
            for t in self.traits
            for pole in POLES
        }
        # what tells an axis: where the embeddings of its cues start
        every = {key: [ids for heads in found for both in heads for ids in both] for key, found in self.acts.items()}
        self.items = {t: [(ids, 0) for pole in POLES for ids in every[t, pole]] for t in self.traits}

    def documents(self, stage: int, chunk: int, seed: int) -> list[Document]:
        """One chunk of documents of a stage; a pure function of (stage, chunk, seed)."""
        out: list[Document] = []
        for number in range(DOCUMENTS_PER_CHUNK // 2):
            for swap in (False, True):
                rng = random.Random(f"microworld {seed} {stage} {chunk} {number}")
                document = self._document(self.stages[stage], Writer(self, rng, swap))
                if len(document.ids) <= 256:
                    out.append(document)
        return out

    def _document(self, stage: str, writer: Writer) -> Document:
        rng = writer.rng
        late = {"first": 0.0, "several": 0.4, "mixture": 0.2}
        if stage == "words" or rng.random() < self.mix.profiles * late.get(stage, 1.0):
            return self._words(writer) if self.rules.form == "acts" else self._profile(writer)
        several = {"several": 0.75, "mixture": self.mix.several}.get(stage, 0.0)
        return self._several(stage, writer) if rng.random() < several else self._single(stage, writer)

    def _draw(self, count: int, rng: random.Random) -> list[Cue]:
        traits = rng.sample(self.traits, min(count, len(self.traits)))
        return [(t, rng.choice((1, -1)), rng.choice(("persona", "instruction"))) for t in traits]

    def _profile(self, writer: Writer) -> Document:
        """Two to five cues, then lines that ask for each of them by name, twice, in any order."""
        cues = self._draw(writer.rng.choice((2, 3, 4, 5)), writer.rng)
        for one in cues:
            writer.cue(*one)
        for trait, sign, _ in writer.rng.sample(cues * 2, min(8, 2 * len(cues))):
            writer.line(trait, sign, True, asked=OTHER)
        return writer.finish()

    def _words(self, writer: Writer) -> Document:
        """Answers without questions: seven times as many per token. Each after a cue, or all of one disposition.

        Where no cue tells the disposition, the answers before do.
        """
        rng = writer.rng
        cues = self._draw(WORDS_PER_DOCUMENT, rng)
        told = rng.random() < 0.5
        for k, one in enumerate(cues if told else cues[:1] * WORDS_PER_DOCUMENT):
            if told:
                writer.cue(*one)
            writer.word(one[0], one[1], DETERMINED if told or k else FREE)
        return writer.finish()

    def _single(self, stage: str, writer: Writer) -> Document:
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
            writer.turn(Turn(trait, sign, known, here, stated))
        return writer.finish()

    def _several(self, stage: str, writer: Writer) -> Document:
        """Two or three cued axes of independent sign, then questions about any of them."""
        rng = writer.rng
        told, cues = self._told(rng)
        place = self._place(rng)
        if place == "before":
            writer.cues(cues)
        for _ in range(rng.choice((1, 2, 3))):
            trait, sign = rng.choice(told)
            here = tuple(rng.sample(cues, len(cues))) if place == "after" else ()
            writer.turn(Turn(trait, sign, True, here, self._states(stage, rng, False)))
        return writer.finish()

    def _told(self, rng: random.Random) -> tuple[list[tuple[str, int]], list[Cue]]:
        """The axes of a document with several, each with its sign, and the cues that say so, in any order."""
        cues = self._draw(rng.choice((2, 2, 3)), rng)
        if rng.random() < self.mix.opposite and len(cues) > 1:
            cues[0] = (cues[0][0], -cues[1][1], cues[0][2])
        rng.shuffle(cues)
        return [(trait, sign) for trait, sign, _ in cues], cues

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


def stages_of(mix: Mix, rules: Rules) -> tuple[str, ...]:
    """The stages of a world: without the ones that its recipe has no use for."""
    idle = {"several": not mix.several, "first": not rules.first_axes}
    if rules.form == "letters":
        idle["words"] = True
    else:  # which act is of which pole need not be found by comparing: every cue has its own words
        idle |= dict.fromkeys(("first", "valence", "obey-0.80", "obey-0.65"), True)
    return tuple(s for s in STAGES if not idle.get(s, False))


def added_tokens(traits: Sequence[str], form: str = "acts") -> list[str]:
    """The fixed strings that are one token each: frame, every line, every cue."""
    cues, lines = [cue(t, s, k) for t in sorted(traits) for k, s in CUES], [line(t) for t in sorted(traits)]
    return [*frame_of(FORMS[form]), *lines, *cues]


def both_tokens(encode: Callable, form: Form, acts: Sequence[str]) -> list[tuple[list[int], list[int]]]:
    """Per act its tokens as the first option and as the second."""
    return [(encode(form.blank + act), encode(" " + act)) for act in acts]


def frame_of(form: Form) -> tuple[str, ...]:
    """The fixed texts of a question, each once."""
    return tuple(dict.fromkeys((ASK, form.choices, form.other, BLANK, form.answer, form.close)))


def all_acts(axis: Axis) -> list[str]:
    """Acts of both poles, held-out ones too."""
    return [act for pole in POLES for heldout in (False, True) for act in axis.acts(pole, heldout)]
