"""Toy concepts whose prompts are ragged, and random directions at several sites."""

import pytest
import torch

from workbench.types import Card, Concept, Direction, Pair, Site

QUESTIONS = ("Do you?", "Would you take all the money?", "Is art", "I am", "Do you like to be seen by a man or not?")


def statements() -> Concept:
    pairs = tuple(
        Pair(f"p{i}", f"g{i // 2}", text, *((" Yes", " No") if i % 2 else (" No", " Yes")))
        for i, text in enumerate(QUESTIONS)
    )
    return Concept("toy", pairs, Card("toy", "Toy", style="question"))


def stories() -> Concept:
    answers = ((" He ran.", " He hid it."), (" ok", " no no"), (" a", " b"), (" She did so.", " No"), (" mmm", " nnn"))
    pairs = tuple(Pair(f"s{i}", f"g{i}", text, *answers[i]) for i, text in enumerate(QUESTIONS))
    return Concept("tale", pairs, Card("tale", "Tale", kind="story", style="story"))


def direction(width: int, site: Site, seed: int, gap: float = 3.0) -> Direction:
    vector = torch.randn(width, generator=torch.Generator().manual_seed(seed))
    return Direction(vector / vector.norm(), gap, site, f"random {seed}")


@pytest.fixture(params=["single", "multi"])
def toy(request) -> Concept:
    """A concept with one-token answers, and one with answers of one to twelve tokens."""
    return statements() if request.param == "single" else stories()
