"""The planted model, loaded once, and the arenas on it."""

import pytest
from planted import EFFORT, PARTS, planted_module

from workbench.attacks import arena_of
from workbench.models import load


@pytest.fixture(scope="session")
def planted(tiny_module, byte_tokenizer):
    """The planted model: propensity = V·h + 2 U·h at the last token, to within a part in a thousand."""
    yes, no = (byte_tokenizer(text, add_special_tokens=False)["input_ids"] for text in (" Yes", " No"))
    assert len(yes) == len(no) == 1
    module = planted_module(tiny_module, len(byte_tokenizer), yes[0], no[0])
    return load(module, tokenizer=byte_tokenizer, name="planted")


@pytest.fixture(scope="session")
def arenas():
    """(bare, defended) model -> their arenas on the planted questions."""

    def made(bare, defended, parts=PARTS, effort=EFFORT):
        texts = ["The tea is warm.", "A road, a hill."]
        return tuple(arena_of(bare, model, *parts[:2], effort, texts) for model in (bare, defended))

    return made
