"""Clean and corrupt prompts for the tiny models of three families."""

import pytest


@pytest.fixture(scope="session")
def pairs_of():
    """A function: model to six clean/corrupt pairs of two lengths in three groups, answers " Yes" and " No"."""
    from workbench.circuits import clean_corrupt

    words = [("cats", "dogs"), ("rain", "snow"), ("tea", "gin")]

    def build(model):
        clean = [f"{frame} {first}?" for first, _ in words for frame in ("More", "No")]
        corrupt = [f"{frame} {second}?" for _, second in words for frame in ("More", "No")]
        groups = [first for first, _ in words for _ in range(2)]
        return clean_corrupt(model, clean, corrupt, [(" Yes", " No")] * 6, groups)

    return build
