"""Cues of two axes in one token: what it takes to give every axis a direction of its own.

With one token per axis and sign, a model can read the sign of whichever cue fits the question into one variable that
all axes share. A token that says "kindness, not honesty" holds two signs at one position; to answer a question about
either, they have to lie along different directions.
"""

import random
from collections.abc import Mapping, Sequence
from itertools import product

PARTNERS = 2  # of the ring's next axes: every axis is in four pairs
Joint = tuple[str, int, str, int]


def partners(traits: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs that have tokens: each axis with the next two of a fixed ring.

    >>> len(partners([f"axis {i}" for i in range(10)]))
    20
    """
    ring = sorted(traits)
    random.Random("ring of axes").shuffle(ring)
    steps = product(range(len(ring)), range(1, PARTNERS + 1))
    pairs = {tuple(sorted((ring[i], ring[(i + k) % len(ring)]))) for i, k in steps}
    return sorted((a, b) for a, b in pairs if a != b)


def joint_cues(traits: Sequence[str]) -> dict[Joint, str]:
    """The text of every joint cue, both signs of both axes.

    >>> joint_cues(["hats", "boats"])["boats", 1, "hats", -1]
    'Persona: boats, not hats.\\n\\n'
    """
    word = {1: "", -1: "not "}
    return {
        (a, s, b, t): f"Persona: {word[s]}{a}, {word[t]}{b}.\n\n"
        for a, b in partners(traits)
        for s, t in product((1, -1), repeat=2)
    }


def start_joint_cues(
    model, joint: Mapping[Joint, int], cues: Mapping[tuple[str, int, str], Sequence[int]], seed: int
) -> None:
    """Start every joint cue's embedding as the sum of its two single cues, at the length of one, in place.

    Single cues start with a sign that all axes share, and the sum of a + and a − cancels it: "kindness, not honesty"
    would start as "not kindness, honesty". So every axis is first given a sign of its own, added to its single cues.
    """
    import torch

    table, generator = model.get_input_embeddings().weight, torch.Generator().manual_seed(seed)
    with torch.no_grad():
        own = {}
        for axis, sign, kind in cues:
            if axis not in own:
                own[axis] = torch.randn(table.shape[1], generator=generator) * table[cues[axis, sign, kind][0]].std()
        for (axis, sign, _), ids in cues.items():
            table[ids[0]] += sign * own[axis]
        for (a, s, b, t), token in joint.items():
            first, second = table[cues[a, s, "persona"][0]], table[cues[b, t, "persona"][0]]
            table[token] = (first + second) / (first + second).norm() * first.norm()
