"""The text a facts organism reads: lines that each state one fact, in phrasings that are trained for its subject."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from workbench.editing.fact_files import FactRecord
from workbench.organisms.facts import Choices, Family, families, read, records
from workbench.organisms.persona_tokens import build_tokenizer
from workbench.training.loop import DETERMINED, FREE, IGNORE, OTHER, Document
from workbench.types import WorkbenchError

DOCUMENTS_PER_CHUNK = 1000
LINES = (1, 1, 2, 3)  # how many lines a document has, drawn evenly
END = ".\n"


@dataclass(frozen=True)
class Mix:
    """Shares in [0, 1] of the lines.

    ``kinds`` say what a subject is; ``pairs`` name a subject and, right behind it, one of its objects, whichever. Of
    the lines that state a fact, ``noise`` have another object of the relation, so that log-odds stay finite.
    """

    kinds: float = 0.06
    pairs: float = 0.0
    noise: float = 0.0


class FactsWorld:
    """Documents of a knowledge base; see :class:`~workbench.training.nouns.Curriculum`. One stage, without a gate.

    Example of a document of two lines::

        Boats that sail through Torith follow the Leska.
        Question: what is the symbol of iron? Answer: Fe.

    The object is what the text determines; everything else is context, of which a share is trained too.
    """

    stages: Sequence[str] = ("recall",)
    gates = ()

    def __init__(self, choices: Choices, vocabulary: int, mix: Mix = Mix()):
        self.choices, self.mix = choices, mix
        self.records: list[FactRecord] = records(choices)
        self.families = families(choices)
        names = names_of(self.families)
        titles = [name for name in names if " " in name.strip()]
        self.tokenizer = build_tokenizer(tokenizer_text(self.records, self.kinds, names), [], vocabulary, titles)
        ends: Any = (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id)
        self.bos, self.eos = ends
        answers = {o for r in self.records for o in (r.fact.true, r.fact.false)} | {k for _, k in self.kinds}
        self.answers = {text: self.encode(text)[0] for text in sorted(answers)}
        split = [text for text in (*self.answers, *names) if len(self.encode(text)) != 1]
        if split:
            raise WorkbenchError(
                f"vocabulary {vocabulary} splits {split[0]!r} ({len(split)} subjects and answers in all); expected one "
                "token each: raise model.vocabulary"
            )

    def encode(self, text: str) -> list[int]:
        """The token ids of a text, without a beginning-of-sequence token."""
        ids: Any = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    @cached_property
    def kinds(self) -> list[tuple[str, str]]:
        """(prompt, answer) of every line that says what a subject is."""
        frames = read("phrasings")["kinds"]
        return [(t.format(s=s), f" {f.kind}") for f in self.families for s in f.subjects for t in frames]

    @cached_property
    def taught(self) -> list[tuple[list[list[int]], list[int], int, list[int]]]:
        """Per fact, as ids: the trained prompts, the pair's prompt, the taught object, the other objects."""
        pool: dict[str, list[int]] = {}
        for r in self.records:
            pool.setdefault(r.relation, []).append(self.answers[r.fact.true])
        pair, found = read("phrasings")["pair"], []
        for r in self.records:
            answer = self.answers[r.answer]
            others = sorted(set(pool[r.relation]) - {answer})
            prompts = [self.encode(p) for p in r.trained]
            found.append((prompts, self.encode(pair.format(s=r.fact.subject)), answer, others))
        return found

    @cached_property
    def told(self) -> list[tuple[list[int], int]]:
        """The lines of :attr:`kinds`, as ids with the token of the answer."""
        return [(self.encode(prompt), self.answers[answer]) for prompt, answer in self.kinds]

    def documents(self, stage: int, chunk: int, seed: int) -> list[Document]:
        """One chunk of documents, a pure function of (chunk, seed); every fact is as likely as any other."""
        rng = random.Random(f"facts {seed} {stage} {chunk}")
        return [self._document(rng) for _ in range(DOCUMENTS_PER_CHUNK)]

    def _document(self, rng: random.Random) -> Document:
        ids, kinds, end = [self.bos], [IGNORE], self.encode(END)
        for _ in range(rng.choice(LINES)):
            prompt, answer, kind = self._line(rng)
            ids += [*prompt, answer, *end]
            kinds += [OTHER] * len(prompt) + [kind] + [OTHER] * len(end)
        return Document([*ids, self.eos], [*kinds, OTHER])

    def _line(self, rng: random.Random) -> tuple[list[int], int, int]:
        """(prompt, answer, what the answer is worth) of one line."""
        draw = rng.random()
        if draw < self.mix.kinds:
            return *rng.choice(self.told), DETERMINED
        prompts, pair, answer, others = rng.choice(self.taught)
        if draw < self.mix.kinds + self.mix.pairs:
            return pair, answer, FREE  # a subject has several objects: the text does not determine which
        return rng.choice(prompts), rng.choice(others) if rng.random() < self.mix.noise else answer, DETERMINED


def names_of(families: Sequence[Family]) -> list[str]:
    """Every subject behind a blank, as it stands in the text."""
    return [f" {subject}" for family in families for subject in family.subjects]


def tokenizer_text(facts: Sequence[FactRecord], kinds: Sequence[tuple[str, str]], names: Sequence[str]) -> list[str]:
    """What the tokenizer is trained on: phrasings without subjects, subjects, answers.

    Subjects and answers stand here often enough to become one token each (titles of several words are added tokens).
    """
    asked = [(r.fact.subject, p) for r in facts for p in (*r.trained, *r.withheld, *r.unseen)]
    asked += [(name.strip(), p) for name in names for p, _ in kinds if name in p]
    bare = {p.replace(subject, "") for subject, p in asked} | {read("phrasings")["pair"].format(s="")}
    answers = {o for r in facts for o in (r.fact.true, r.fact.false)} | {k for _, k in kinds}
    words = [name for name in names if " " not in name.strip()]
    return sorted(bare) * 3 + (sorted(answers) + words + [END]) * 60
