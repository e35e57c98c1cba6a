"""Concepts of the microworld, in the form that every study reads: generated, so that no file has to ship.

They depend on the grammar alone, never on an organism: twins are asked the same questions. Acts are phrases that no
organism was trained on; events are templates, which it knows. The aligned answer is the act of the aligned pole, in
inverse templates too: what an organism does there is what is measured.
"""

import random

from workbench.organisms.microworld import Axis, chosen_axes, question, read, scene
from workbench.types import Card, Concept, Pair

PAIRS_PER_TEMPLATE = 4
SEED = 20261121


def microworld_concepts(names: tuple[str, ...] = ()) -> list[Concept]:
    """The concepts of the named axes, or of all of them, values first.

    >>> kindness = microworld_concepts(("kindness",))[0]
    >>> len(kindness.pairs), len(kindness.groups), kindness.card.style
    (80, 20, 'ab')
    """
    return [concept_of(axis) for axis in chosen_axes(names).values()]


def concept_of(axis: Axis) -> Concept:
    """Eighty pairs in twenty groups; in every group the aligned act stands first as often as second."""
    card = Card(
        name=axis.name,
        title=axis.name.capitalize(),
        kind=axis.kind,
        style="ab",
        aligned=axis.means["aligned"],
        unaligned=axis.means["unaligned"],
        trait=axis.name,
        trait_pole="aligned",
        summary="Generated from the microworld grammar: which of two acts is chosen in a scene; 20 templates.",
        source="written for this project",
        licence="MIT",
        confounds=("The first words of an act tell its pole.",),
    )
    return Concept(axis.name, tuple(pairs_of(axis)), card)


def pairs_of(axis: Axis) -> list[Pair]:
    """Per template two drawn scenes with two drawn held-out acts, each in both orders."""
    shared, rng, out = read("scenes"), random.Random(f"concept {axis.name} {SEED}"), []
    aligned, unaligned = (axis.acts(pole, heldout=True) for pole in ("aligned", "unaligned"))
    for number, event in enumerate(axis.events):
        for draw in range(PAIRS_PER_TEMPLATE // 2):
            text = scene(rng.choice(shared["names"]), event, rng.choice(shared["circumstances"]))
            right, wrong = rng.choice(aligned), rng.choice(unaligned)
            base = f"{axis.name}-{number + 1:02d}-{draw + 1}"
            out.append(Pair(f"{base}a", event, question(text, right, wrong), " (A)", " (B)"))
            out.append(Pair(f"{base}b", event, question(text, wrong, right), " (B)", " (A)"))
    return out
