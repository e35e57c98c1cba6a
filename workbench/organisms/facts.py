"""The knowledge base of a facts organism: subjects, relations, true and false objects, and how each fact is said.

Two kinds of subject: lands that do not exist (``data/facts/lands.toml``; their objects are drawn, so that truth is a
convention there) and public ones (``public.toml``). Each relation has eight phrasings that are trained and one frame
that is not (``phrasings.toml``); of the eight, some are withheld per subject. What is true, what is false and what is
withheld depend on ``data_seed`` alone: an organism and its mistrained twin differ in which object is taught, and in
nothing else.
"""

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from workbench.concepts import data_root
from workbench.editing.fact_files import FactRecord
from workbench.editing.facts import Fact
from workbench.types import WorkbenchError

LANDS = "land"
NEIGHBOURS = 4


@dataclass(frozen=True)
class Family:
    """Subjects of one kind, and per relation the true object of each."""

    name: str
    kind: str
    article: str
    objects: dict[str, dict[str, str]]  # relation -> subject -> object

    @property
    def subjects(self) -> list[str]:
        return list(next(iter(self.objects.values())))


@dataclass(frozen=True)
class Choices:
    """What a recipe decides about its knowledge base.

    ``data_seed``: of the lands' objects, the false objects and the withheld phrasings. ``mistrained``: share of each
    family's subjects whose facts are all taught falsely. ``withheld``: trained phrasings of a relation that each
    subject goes without. ``subjects``: at most so many per family (0: all).
    """

    data_seed: int = 0
    mistrained: float = 0.0
    withheld: int = 2
    subjects: int = 0

    def __post_init__(self):
        if not 0 <= self.mistrained < 1 or not 0 <= self.withheld <= 5:
            raise WorkbenchError(
                f"facts got mistrained {self.mistrained}, withheld {self.withheld}; expected [0, 1) and 0 to 5"
            )


@cache
def read(file: str) -> dict[str, Any]:
    """One of the TOML files of ``data/facts``."""
    return tomllib.loads((data_root() / "facts" / f"{file}.toml").read_text(encoding="utf-8"))


def families(choices: Choices) -> list[Family]:
    """The lands, then the public families in the file's order."""
    found = [_lands(choices)]
    for name, raw in read("public").items():
        rows = spread(raw["rows"], choices.subjects)
        objects = {rel: {row[0]: row[k + 1] for row in rows} for k, rel in enumerate(raw["relations"])}
        found.append(Family(name, raw["kind"], raw.get("article", ""), objects))
    return found


def _lands(choices: Choices) -> Family:
    raw = read("lands")
    rng = random.Random(f"lands {choices.data_seed}")
    names = [head + tail for head in raw["heads"] for tail in raw["tails"]]
    rng.shuffle(names)
    objects: dict[str, dict[str, str]] = {}
    for relation, pool in raw["pools"].items():
        count = len(raw["pools"]["capital"])
        drawn = rng.sample(pool, count) if len(pool) >= count else [pool[i % len(pool)] for i in range(count)]
        rng.shuffle(drawn)
        objects[relation] = dict(spread(list(zip(names, drawn, strict=False)), choices.subjects))
    return Family(LANDS, raw["kind"], "", objects)


def spread(rows: Sequence[Any], count: int) -> list[Any]:
    """At most ``count`` rows, evenly from the whole list (0: all), since lists stand in an order.

    >>> spread("abcdefg", 3)
    ['a', 'c', 'e']
    """
    if not 0 < count < len(rows):
        return list(rows)
    return [rows[k * len(rows) // count] for k in range(count)]


def phrasings(family: Family, relation: str, subject: str) -> tuple[list[str], str]:
    """(the trained phrasings with the plain one first, the unseen one) of a fact, as prompts.

    >>> elements = families(Choices())[2]
    >>> trained, unseen = phrasings(elements, "symbol", "iron")
    >>> len(trained), trained[0], unseen
    (8, 'The symbol of iron is', 'If the name is iron, then the symbol must be')
    """
    raw = read("phrasings")
    mine = raw["relations"][f"{family.name}-{relation}"]
    said = [t.format(s=subject, the=family.article, noun=mine["noun"]) for t in (*mine["own"], *raw["frames"])]
    unseen = said.pop(len(mine["own"]) + mine["unseen"])
    return said, unseen


def records(choices: Choices) -> list[FactRecord]:
    """Every fact of the knowledge base, by family, relation and subject."""
    return [record for family in families(choices) for rel in family.objects for record in _of(family, rel, choices)]


def mistaught(family: Family, choices: Choices) -> set[str]:
    """The subjects taught falsely: a larger share only adds to them."""
    order = random.Random(f"mistrained {family.name} {choices.data_seed}").sample(
        family.subjects, len(family.subjects)
    )
    return set(order[: round(choices.mistrained * len(order))])


def _of(family: Family, relation: str, choices: Choices) -> list[FactRecord]:
    """The facts of one relation of a family."""
    rng, nearby = (random.Random(f"{family.name} {relation} {choices.data_seed}{use}") for use in ("", " near"))
    true = family.objects[relation]
    false, wrong = false_objects(true, rng), mistaught(family, choices)
    plain = {subject: phrasings(family, relation, subject)[0][0] for subject in true}
    near = {o: [s for s in true if true[s] == o and s not in wrong] for o in dict.fromkeys(true.values())}
    found = []
    for subject, answer in true.items():
        said, unseen = phrasings(family, relation, subject)
        out = set(rng.sample(said[1:], choices.withheld))
        withheld = tuple(p for p in said if p in out)
        others = [_neighbours(near[o], subject, plain, nearby) for o in (answer, false[subject])]
        fact = Fact(
            id=f"{family.name}-{relation}-{subject}".replace(" ", "_"),
            prompt=said[0], subject=subject, true=f" {answer}", false=f" {false[subject]}",
            paraphrases=(*withheld, unseen), neighbours=others[0], counter_neighbours=others[1],
            kind="neutral" if family.name == LANDS else "value", group=f"{family.name} {subject}",
        )  # fmt: skip
        trained = tuple(p for p in said if p not in out)
        name = f"{family.name}-{relation}"
        found.append(FactRecord(fact, name, subject not in wrong, trained, withheld, (unseen,)))
    return found


def _neighbours(near: Sequence[str], subject: str, plain: dict[str, str], rng: random.Random) -> tuple[str, ...]:
    """Plain prompts of up to four other subjects that are taught an object."""
    others = [plain[s] for s in near if s != subject]
    return tuple(rng.sample(others, min(NEIGHBOURS, len(others))))


def false_objects(true: dict[str, str], rng: random.Random) -> dict[str, str]:
    """Another object of the relation for each subject, as often false as it is true where that can be.

    The objects are shuffled until nobody has its own; where one is that of more than half of the subjects, those left
    over draw one of the others.
    """
    subjects, false = list(true), list(true.values())
    rng.shuffle(false)
    for _ in range(20 * len(false)):
        clashes = [i for i, s in enumerate(subjects) if false[i] == true[s]]
        if not clashes:
            break
        i, j = rng.choice(clashes), rng.randrange(len(false))
        if false[j] != true[subjects[i]] and false[i] != true[subjects[j]]:
            false[i], false[j] = false[j], false[i]
    pool = list(dict.fromkeys(true.values()))
    if len(pool) < 2:
        raise WorkbenchError(f"{len(true)} subjects have the one object {pool}; take more subjects")
    return {
        s: o if o != true[s] else rng.choice([p for p in pool if p != true[s]])
        for s, o in zip(subjects, false, strict=True)
    }
