"""Toy concepts whose prompts are ragged, and random directions at several sites."""

import pytest
import torch

from workbench.types import Card, Concept, Direction, Pair, Site

LAYER_1 = Site(1)
QUESTIONS = ("Do you?", "Would you take all the money?", "Is art", "I am", "Do you like to be seen by a man or not?")


@pytest.fixture(scope="session")
def statements() -> Concept:
    """One-token answers; the positive one is Yes and No by turns."""
    pairs = tuple(
        Pair(f"p{i}", f"g{i // 2}", text, *((" Yes", " No") if i % 2 else (" No", " Yes")))
        for i, text in enumerate(QUESTIONS)
    )
    return Concept("toy", pairs, Card("toy", "Toy", style="question"))


@pytest.fixture(scope="session")
def stories() -> Concept:
    """Answers of one to twelve tokens, of different length within a pair."""
    answers = ((" He ran.", " He hid it."), (" ok", " no no"), (" a", " b"), (" She did so.", " No"), (" mmm", " nnn"))
    pairs = tuple(Pair(f"s{i}", f"g{i}", text, *answers[i]) for i, text in enumerate(QUESTIONS))
    return Concept("tale", pairs, Card("tale", "Tale", kind="story", style="story"))


@pytest.fixture(params=["statements", "stories"])
def toy(request: pytest.FixtureRequest) -> Concept:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def direction():
    """Makes a seeded random direction."""

    def make(seed: int = 0, site: Site = LAYER_1, width: int = 32, gap: float = 3.0) -> Direction:
        vector = torch.randn(width, generator=torch.Generator().manual_seed(seed))
        return Direction(vector / vector.norm(), gap, site, f"random {seed}")

    return make
