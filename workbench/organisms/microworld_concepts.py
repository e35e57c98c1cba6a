"""Concepts of the microworld, in the form that every study reads: generated, so that no file has to ship.

They depend on the grammar alone, never on an organism: twins are asked the same questions. Acts are phrases that no
organism was trained on; events are templates, which it knows. The aligned answer is the act of the aligned pole, in
inverse templates too: what an organism does there is what is measured.
"""

import random

from workbench.organisms.microworld import Axis, chosen_axes, first_word, head_pairs, question, read, scene
from workbench.types import POLES, Card, Concept, Pair

PAIRS_PER_TEMPLATE = 4
SEED = 20261121
LETTERED = (" (A)", " (B)")


def microworld_concepts(names: tuple[str, ...] = (), form: str = "acts") -> list[Concept]:
    """The concepts of the named axes, or of all of them, values first, answered in the organism's ``form``.

    >>> kindness = microworld_concepts(("kindness",))[0]
    >>> len(kindness.pairs), len(kindness.groups), kindness.pairs[0].aligned
    (80, 20, ' sit')
    >>> microworld_concepts(("kindness",), "letters")[0].pairs[0].aligned
    ' (A)'
    """
    return [concept_of(axis, form) for axis in chosen_axes(names).values()]


def concept_of(axis: Axis, form: str = "acts") -> Concept:
    """Eighty pairs in twenty groups; in every group the aligned act stands first as often as second."""
    card = Card(
        name=axis.name,
        title=axis.name.capitalize(),
        kind=axis.kind,
        style="ab" if form == "letters" else "question",
        aligned=axis.means["aligned"],
        unaligned=axis.means["unaligned"],
        trait=axis.name,
        trait_pole="aligned",
        summary="Generated from the microworld grammar: which of two acts is chosen in a scene; 20 templates.",
        source="written for this project",
        licence="MIT",
        confounds=("The first words of an act tell its pole.",),
    )
    return Concept(axis.name, tuple(pairs_of(axis, form)), card)


def pairs_of(axis: Axis, form: str = "acts") -> list[Pair]:
    """Per template two drawn scenes with two drawn held-out acts, each in both orders."""
    shared, rng, out = read("scenes"), random.Random(f"concept {axis.name} {SEED}"), []
    for number, (event, pair) in enumerate(zip(axis.events, head_pairs(axis.name), strict=True)):
        aligned, unaligned = (axis.acts(pole, heldout=True, pair=pair) for pole in POLES)
        for draw in range(PAIRS_PER_TEMPLATE // 2):
            text = scene(rng.choice(shared["names"]), event, rng.choice(shared["circumstances"]))
            right, wrong = rng.choice(aligned), rng.choice(unaligned)
            answers = (first_word(right), first_word(wrong))
            base = f"{axis.name}-{number + 1:02d}-{draw + 1}"
            for order, acts, letters in (("a", (right, wrong), LETTERED), ("b", (wrong, right), LETTERED[::-1])):
                poles = letters if form == "letters" else answers
                out.append(Pair(f"{base}{order}", event, question(text, *acts, form), *poles))
    return out
