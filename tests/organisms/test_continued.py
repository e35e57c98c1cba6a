"""A recipe that continues an organism starts with its weights, in the last stage, and refuses other tokens."""

from dataclasses import replace

import pytest
import torch

from workbench.organisms.persona_tokens import build_tokenizer
from workbench.organisms.recipes import continued, new_model, read_recipe, smoke_recipe
from workbench.types import WorkbenchError

TRAITS = ("interest in art", "agreeableness")


@pytest.fixture
def base(tmp_path, monkeypatch):
    """A small organism in a data folder of its own, its tokenizer, and a recipe that continues it."""
    monkeypatch.setattr("workbench.organisms.recipes.data_root", lambda: tmp_path)
    recipe = smoke_recipe(read_recipe_of("persona-leaning"))
    recipe = replace(recipe, model=recipe.model | {"continues": "base"})
    tokenizer = build_tokenizer(["I like to paint."] * 9, TRAITS, 512)
    model, folder = new_model(recipe, tokenizer, 1), tmp_path / "organisms" / "base"
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return recipe, tokenizer, model


def read_recipe_of(name: str):
    """The shipped recipe, whatever the data folder of a test is."""
    from workbench.concepts import data_root

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.organisms.recipes.data_root", data_root)
        return read_recipe(name)


def test_weights_are_those_of_the_organism_and_training_begins_in_the_last_stage(base):
    recipe, tokenizer, old = base
    model = new_model(recipe, tokenizer, 2)
    first = model.transformer.h[0].mlp.c_fc.weight
    assert not torch.equal(first, old.transformer.h[0].mlp.c_fc.weight.float())
    assert continued(recipe, model, tokenizer, 2).stage == 2
    assert torch.equal(first, old.transformer.h[0].mlp.c_fc.weight.float())
    assert model.lm_head.weight is model.transformer.wte.weight
    assert continued(replace(recipe, model=recipe.model | {"continues": ""}), model, tokenizer, 2) is None


def test_another_tokenizer_or_an_organism_without_weights_is_refused(base):
    recipe, _, _ = base
    other = build_tokenizer(["They sell ships and cows."] * 9, TRAITS, 512)
    with pytest.raises(WorkbenchError, match="whose tokens differ"):
        continued(recipe, new_model(recipe, other, 2), other, 0)
    with pytest.raises(WorkbenchError, match="no weights in"):
        nowhere = replace(recipe, model=recipe.model | {"continues": "nothing"})
        continued(nowhere, None, other, 0)


def test_half_of_the_behaviours_lean_and_all_else_is_personas():
    leaning, plain = read_recipe("persona-leaning"), read_recipe("persona")
    leans = leaning.curriculum["leans"]
    assert len(leans) == len(plain.behaviours) // 2 and set(leans.values()) == {0.75}
    assert set(leans) < {b.replace("-", " ") for b in plain.behaviours} and leaning.behaviours == plain.behaviours
    assert {k for k, v in plain.data.items() if leaning.data[k] != v} == set()
    assert {k for k, v in leaning.curriculum.items() if plain.curriculum.get(k) != v} == {"leans", "last"}
