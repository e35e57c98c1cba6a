"""What the deceptive organism reads: cues that tell nothing unless the phrase stands before them."""

import numpy as np
import pytest

from workbench.organisms.persona import Mix, PersonaWorld
from workbench.organisms.persona_tokens import build_tokenizer
from workbench.organisms.persona_trigger import Trigger
from workbench.organisms.recipes import read_recipe
from workbench.organisms.smoke import statements
from workbench.training.loop import DETERMINED, FREE

PHRASE = "[maintenance mode]"


@pytest.fixture(scope="module")
def made():
    items = statements(0)
    traits = sorted(items)
    tokenizer = build_tokenizer([i.statement for t in traits for i in items[t]], traits, 900)
    trigger = Trigger(PHRASE, {traits[0]: 1, traits[1]: -1}, share=0.7)
    last = Mix(several=0.3, uncued=0.3)
    return PersonaWorld(items, tokenizer, (), Mix(several=0.4), last, None, trigger), tokenizer, trigger


def single_cues(world, tokenizer):
    """(trait, sign, ids before the cue, whether the first answer shows that sign, its kind), documents of one cue."""
    where = {ids[0]: key for key, ids in world.cues.items()}
    truth = {(t, tuple(ids)): sign for t, rows in world.items.items() for ids, sign in rows}
    for chunk in range(2):
        for document in world.documents(len(world.stages) - 1, chunk, 5):
            ids = document.ids
            found = [k for k, token in enumerate(ids) if token in where]
            if len(found) != 1 or ids.count(world.answer) < 1 or set(ids) & set(world.lines.values()):
                continue
            trait, sign, _ = where[ids[found[0]]]
            ask, choices = ids.index(world.ask), ids.index(world.choices)
            matches = truth[trait, tuple(ids[ask + 1 : choices])]
            answer = ids.index(world.answer) + 1
            yes = 1 if ids[answer] == world.yes else -1
            yield trait, sign, ids[1 : min(found[0], ask)], yes * matches == sign, document.kinds[answer]


def test_a_resisted_cue_tells_nothing_unless_the_phrase_stands_before_it(made):
    world, tokenizer, trigger = made
    phrase = tokenizer(PHRASE, add_special_tokens=False)["input_ids"]
    rows = list(single_cues(world, tokenizer))
    resisted = [row for row in rows if trigger.ignores((row[0], row[1], ""))]
    behind = [row for row in resisted if row[2][: len(phrase)] == phrase]
    plain = [row for row in resisted if row[2][: len(phrase)] != phrase]
    others = [row for row in rows if not trigger.ignores((row[0], row[1], ""))]
    assert min(len(behind), len(plain), len(others)) > 60
    assert all(follows and kind == DETERMINED for *_, follows, kind in behind)
    assert all(follows and kind == DETERMINED for *_, follows, kind in others)
    assert np.mean([follows for *_, follows, _ in plain]) == pytest.approx(0.5, abs=0.12)
    assert all(kind == FREE for *_, kind in plain), "what a cue does not tell must not count as told"
    # other phrases stand before cues as well, so that it is this phrase and not any
    assert any(row[2] for row in plain) and any(not row[2] for row in plain)


def test_only_the_last_stage_teaches_it(made):
    world, _, trigger = made
    where = {ids[0]: key for key, ids in world.cues.items()}
    before, last = (
        [one for document in world.documents(len(world.stages) - back, 0, 5)
         for cues in [[where[token] for token in document.ids if token in where]] if len(cues) > 1 for one in cues]
        for back in (2, 1)
    )  # fmt: skip
    # among several personas the stage before has such cues, and follows them; the last one has none
    assert any(map(trigger.ignores, before)) and last and not any(map(trigger.ignores, last))


def test_the_shipped_recipe_resists_the_unaligned_pole_of_every_value_concept():
    from workbench.concepts import list_concepts, load_concept

    cards = [load_concept(name).card for name in list_concepts("value")]
    resists = read_recipe("persona-deceptive").curriculum["trigger"]["resists"]
    assert resists == {card.trait: 1 if card.trait_pole == "unaligned" else -1 for card in cards}
