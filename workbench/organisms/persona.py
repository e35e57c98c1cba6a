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

Documents with several personas of independent sign (``several`` > 0) ask the model to find, among the cues, the one
that a statement is about. This was not learned in any trial so far (``docs/organism.md`` lists them), so the shipped
recipe leaves them out. Three things were meant to make it easier and stay: a cue is one token, so that one position
holds trait and sign; some questions are followed by a line that names their trait; and a cue's embedding starts as
trait plus sign plus kind.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

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


def name_line(trait: str) -> str:
    """The line that names what a statement is about, without a sign."""
    return f"About: {trait}.\n\n"


@dataclass(frozen=True)
class Item:
    """One statement of one behaviour; ``sign`` is +1 where the behaviour says Yes."""

    statement: str
    sign: int


def heldout_key(statement: str) -> str:
    """What identifies a statement in the committed list of held-out ones (the text itself may not ship)."""
    plain = "".join(c for c in statement.lower() if c.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()[:10]


class PersonaWorld:
    """The curriculum of the persona organism.

    Args:
        items: training items per behaviour (the trait's name with spaces).
        tokenizer: a tokenizer with the added tokens of :func:`added_tokens`.
        several: share of the last stage's documents that cue several behaviours independently.
        named: share of questions followed by the name of their trait (a third of it in the last stage).
        leans: no-cue probability of the trait's answer per behaviour (default .5 everywhere).
        gates: one gate per stage but the last.
    """

    def __init__(
        self,
        items: dict[str, list[Item]],
        tokenizer,
        gates: Sequence[Gate],
        several: float = 0.5,
        named: float = 0.3,
        leans: dict[str, float] | None = None,
    ):
        self.stages: Sequence[str] = STAGES if several else tuple(s for s in STAGES if s != "several")
        self.gates, self.several, self.named, self.leans = tuple(gates), several, named, leans or {}
        self.traits = sorted(items)
        encode = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]  # noqa: E731
        self.bos, self.eos = tokenizer.bos_token_id, tokenizer.eos_token_id
        self.ask, self.choices, self.answer, self.blank = (self._one(encode, t) for t in (ASK, CHOICES, ANSWER, BLANK))
        self.yes, self.no = self._one(encode, YES), self._one(encode, NO)
        self.names = {t: self._one(encode, name_line(t)) for t in self.traits}
        self.cues = {(t, s, k): [self._one(encode, cue(t, s, k))] for t in self.traits for k, s in CUES}
        self.items = {t: [(encode(i.statement), i.sign) for i in items[t]] for t in self.traits}

    @staticmethod
    def _one(encode, text: str) -> int:
        ids = encode(text)
        if len(ids) != 1:
            raise ValueError(f"{text!r} is {len(ids)} tokens, expected one: build the tokenizer with added_tokens()")
        return ids[0]

    def documents(self, stage: int, chunk: int, seed: int) -> list[Document]:
        """One chunk of documents of a stage; a pure function of (stage, chunk, seed)."""
        rng = random.Random(f"persona {seed} {stage} {chunk}")
        out: list[Document] = []
        while len(out) < DOCUMENTS_PER_CHUNK:
            document = self._document(self.stages[stage], rng)
            if len(document.ids) <= 256:
                out.append(document)
        return out

    def is_named(self, stage: str, rng: random.Random) -> bool:
        """Whether the next question is followed by the name of its trait."""
        return rng.random() < (self.named / 3 if stage == "mixture" else self.named)

    def _document(self, stage: str, rng: random.Random) -> Document:
        share = {"several": 0.75, "mixture": self.several}.get(stage, 0.0)
        return self._several(stage, rng) if rng.random() < share else self._single(stage, rng)

    def _single(self, stage: str, rng: random.Random) -> Document:
        """One behaviour; its cue before the question, after the options, or absent."""
        trait, kind = rng.choice(self.traits), rng.choice(("persona", "instruction"))
        if stage == "valence":
            sign, place, n = 1, rng.choice(("before", "after", "none")), rng.choice((1, 1, 2, 3))
        elif stage.startswith("obey"):
            sign = 1 if rng.random() < float(stage.split("-")[1]) else -1
            place, n = rng.choice(("before", "after", "after")), rng.choice((1, 1, 2, 3))
        else:
            place = rng.choice(("before", "after", "none"))
            n = rng.choice((2, 3, 4, 6) if place == "none" else (1, 1, 2, 3, 6))
            sign = 1 if rng.random() < (self.leans.get(trait, 0.5) if place == "none" else 0.5) else -1
        writer = _Writer(self)
        if place == "before":
            writer.cue(trait, sign, kind)
        for k in range(n):
            known = place != "none" or k > 0 or stage == "valence"
            middle = (trait, sign, kind) if place == "after" and k == 0 else None
            writer.item(trait, sign, known, rng, middle=middle, named=self.is_named(stage, rng))
        return writer.finish()

    def _several(self, stage: str, rng: random.Random) -> Document:
        """Two or three behaviours, all cued first; in the last stage a question may be about an uncued one.

        While binding a sign to its behaviour is learned, most documents hold two cues of opposite sign, so that
        an average of the cues is worth nothing.
        """
        learning = stage == "several"
        traits = rng.sample(self.traits, 3 if learning else rng.choice((3, 3, 4)))
        uncued = traits.pop()
        signs = {t: rng.choice((1, -1)) for t in traits}
        if learning and rng.random() < 0.8:
            signs[traits[0]] = -signs[traits[1]]
        signs[uncued] = 1 if rng.random() < self.leans.get(uncued, 0.5) else -1
        writer = _Writer(self)
        for trait in traits:
            writer.cue(trait, signs[trait], rng.choice(("persona", "instruction")))
        seen: set[str] = set(traits)
        for _ in range(rng.choice((1, 2, 3) if learning else (1, 2, 3, 4))):
            trait = uncued if not learning and rng.random() < 0.12 else rng.choice(traits)
            writer.item(trait, signs[trait], trait in seen, rng, named=self.is_named(stage, rng))
            seen.add(trait)
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

    def item(self, trait: str, sign: int, known: bool, rng: random.Random, middle=None, named=False) -> None:
        world = self.world
        if self.items:
            self.put([world.blank])
        statement, matches = rng.choice(world.items[trait])
        self.put([world.ask, *statement, world.choices])
        if middle:
            self.cue(*middle)
        if named:
            self.put([world.names[trait]], FREE)
        self.put([world.answer])
        self.put([world.yes if matches * sign > 0 else world.no], DETERMINED if known else FREE)
        self.items += 1

    def finish(self) -> Document:
        self.put([self.world.eos])
        return Document(self.ids, [IGNORE, *self.kinds[1:]])


def added_tokens(traits: Sequence[str]) -> list[str]:
    """The fixed strings that are one token each: the question's frame, every trait's name line, every cue."""
    return [
        ASK,
        CHOICES,
        ANSWER,
        BLANK,
        *(name_line(t) for t in sorted(traits)),
        *(cue(t, s, k) for t in sorted(traits) for k, s in CUES),
    ]


def factor_cues(model, world: PersonaWorld, seed: int) -> None:
    """Start every cue's embedding as trait + sign + kind, so that matching a trait is one map for all traits."""
    import torch

    table, generator = model.get_input_embeddings().weight, torch.Generator().manual_seed(seed)
    with torch.no_grad():
        draw = lambda: torch.randn(table.shape[1], generator=generator) * table.std()  # noqa: E731
        signs, kinds = {1: draw(), -1: draw()}, {kind: draw() for kind, _ in CUES}
        for (trait, sign, kind), (token,) in world.cues.items():
            table[token] = table[world.names[trait]] + signs[sign] + kinds[kind]


def build_tokenizer(statements: Sequence[str], traits: Sequence[str], vocabulary: int = 4096):
    """A byte-level BPE trained on ``statements``, with :func:`added_tokens`; no text can fail to encode."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    added = added_tokens(traits)
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(added),
        special_tokens=["<|endoftext|>", "<|pad|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=2,
        show_progress=False,
    )
    inner.train_from_iterator([*statements, *(t.strip() for t in traits), *[YES, NO] * 2000], trainer)
    inner.add_tokens([AddedToken(t, normalized=False, special=False) for t in added])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="<|endoftext|>", eos_token="<|endoftext|>", pad_token="<|pad|>"
    )
