"""The microworld: balanced, seeded, nothing held out leaks, knobs mirror each other, and a small version learns."""

import tomllib
from collections import Counter
from dataclasses import replace
from math import sqrt
from types import SimpleNamespace

import numpy as np
import pytest

from workbench.cli.catalogue import models
from workbench.concepts import check_concept, load_concept, save_concept
from workbench.models.loading import embedded_names
from workbench.organisms.microworld import (
    HEADS,
    LETTERS,
    TEMPLATES,
    axes,
    chosen_axes,
    first_word,
    head_pairs,
    pair_signs,
    read,
    template_signs,
)
from workbench.organisms.microworld_ability import Prompts, cross_cosines, inverse_mask, kinds_of
from workbench.organisms.microworld_concepts import microworld_concepts
from workbench.organisms.microworld_documents import MicroWorld, Rules, added_tokens, stages_of
from workbench.organisms.microworld_train import build_world, training_text, world_gates, world_rules
from workbench.organisms.persona import Mix, cue
from workbench.organisms.persona_tokens import build_tokenizer
from workbench.organisms.recipes import read_recipe, settings, train
from workbench.prompts import build_prompt
from workbench.studies.outcomes import patching, robust_share
from workbench.studies.reliability import Config as Reliability
from workbench.studies.sources import gather, own_concepts
from workbench.studies.symmetry import Config
from workbench.studies.symmetry_cells import gathered
from workbench.types import POLES, Card, Concept, Pair, WorkbenchError

ORGANISMS = ("knob-a", "knob-b", "leaning-aligned", "leaning-unaligned", "decodable-inert")
NAMES = ("honesty", "harmlessness", "kindness", "boats", "hats", "candles")
MIX = Mix(several=0.45, profiles=0.2, lines=0.2)
ACTS = {(a, h): (n, p) for n, x in axes().items() for p in POLES for h in (True, False) for a in x.acts(p, h)}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """A test needs fewer documents than a training run."""
    monkeypatch.setattr("workbench.organisms.microworld_documents.DOCUMENTS_PER_CHUNK", 160)


@pytest.fixture(scope="module", params=["acts", "letters"])
def form(request):
    return request.param


@pytest.fixture(scope="module")
def tokenizer(form):
    chosen = chosen_axes(NAMES)
    made = build_tokenizer(training_text(chosen), NAMES, 1200, added_tokens(NAMES, form))
    made.form = form
    return made


def world_of(tokenizer, mix=MIX, **rules) -> MicroWorld:
    return MicroWorld(chosen_axes(NAMES), tokenizer, Rules(**({"noise": 0.0, "form": tokenizer.form} | rules)), mix)


def stage(world: MicroWorld, name: str) -> int:
    return list(world.stages).index(name)


def texts(world, tokenizer, name, chunk=0) -> list[str]:
    return [tokenizer.decode(d.ids[1:-1]) for d in world.documents(stage(world, name), chunk, 0)]


def questions(text: str) -> list[dict]:
    """Scene, acts, what stands between options and answer, and which act was chosen, of every question in a text."""
    out = []
    for part in text.split("Question: ")[1:]:
        tell, rest = part.split("\n\nChoices:\n")
        options, rest = rest.split("\n\n", 1)
        acts = tuple(o[3:] if o.startswith(" - ") else o[5:] for o in options.split("\n"))
        middle, answer = rest.split("Answer:")
        shown = [act.split()[0] for act in acts]
        chosen = LETTERS.index(answer[2]) if answer.startswith(" (") else shown.index(answer.split()[0])
        out.append({"scene": tell, "acts": acts, "middle": middle, "chosen": chosen})
    return out


def axis_of(item: dict, heldout: bool = False) -> tuple[str, int, int]:
    """The axis of a question, its template, and +1 where the aligned act was chosen."""
    (name, first), (other, second) = (ACTS[act, heldout] for act in item["acts"])
    assert name == other and {first, second} == set(POLES)
    template = next(t for t, e in enumerate(axes()[name].events) if f" {e}" in item["scene"])
    pair = head_pairs(name)[template]
    assert set(item["acts"]) <= {a for pole in POLES for a in axes()[name].acts(pole, heldout, pair)}
    return name, template, 1 if (first, second)[item["chosen"]] == "aligned" else -1


def said(text: str) -> dict[str, int]:
    """The axes that a text's cues speak of, with their signs."""
    pairs = [(t, s) for t in NAMES for s in (1, -1)]
    return {t: s for t, s in pairs if any(cue(t, s, k) in text for k in ("persona", "instruction"))}


def test_the_grammar_has_what_the_design_asks_for():
    kinds = Counter(a.kind for a in axes().values())
    assert kinds["value"] == 12 and kinds["placebo"] >= 20
    heads = [h for a in axes().values() for pole in POLES for h in a.heads[pole]]
    assert len(set(heads)) == len(heads), "a head tells one axis and one pole"
    events = [e for a in axes().values() for e in a.events]
    assert len(set(events)) == len(events)
    assert len({h.split()[0] for h in heads}) == len(heads), "so does its first word, which is the answer"
    for axis in axes().values():
        assert all(len(axis.heads[pole]) == HEADS for pole in POLES)
        assert len(set(axis.events)) == TEMPLATES >= 20
        for pole in POLES:
            assert len(axis.acts(pole)) == 30 and len(axis.acts(pole, heldout=True)) == 6
            assert not set(axis.acts(pole)) & set(axis.acts(pole, heldout=True))


def test_knobs_mirror_each_other_and_their_templates_are_nested():
    knobs = read("knobs")
    assert set(knobs["knob-a"]) == set(knobs["knob-b"]) == set(axes())
    for names in (axes(), [n for n, a in axes().items() if a.kind == "value"]):
        assert Counter(knobs["knob-a"][n] for n in names) == Counter(knobs["knob-b"][n] for n in names)
    for name in axes():
        assert Counter(head_pairs(name)).most_common()[0][1] == 4 and set(head_pairs(name)) == set(range(HEADS))
        assert sum(s > 0 for s in pair_signs("knob-a", name)) == knobs["knob-a"][name] == 9 - knobs["knob-b"][name]
        a, b = (template_signs(k, name) for k in ("knob-a", "knob-b"))
        assert sum(s > 0 for s in a) == {3: 11, 4: 14, 5: 17, 6: 20}[knobs["knob-a"][name]]
        assert all(x >= y for x, y in zip(a, b, strict=True)) or all(x <= y for x, y in zip(a, b, strict=True))
    assert template_signs("", "honesty") == (1,) * TEMPLATES
    with pytest.raises(WorkbenchError, match="expected one of knob-a, knob-b"):
        template_signs("knob-c", "honesty")


def test_documents_are_a_pure_function_of_stage_chunk_and_seed(tokenizer):
    world = world_of(tokenizer, knob="knob-a")
    last = len(world.stages) - 1
    assert world.documents(last, 3, 7) == world.documents(last, 3, 7)
    assert world.documents(last, 3, 7) != world.documents(last, 4, 7)
    assert world.documents(last, 3, 7) != world.documents(last, 3, 8)


@pytest.mark.parametrize("place", ["after", "before", "both"])
def test_the_right_option_is_exactly_as_often_the_first_in_every_stage(tokenizer, place):
    world, total = world_of(tokenizer, knob="knob-a", cue_place=place, noise=0.04), 0
    for name in world.stages:
        counts = Counter(q["chosen"] for text in texts(world, tokenizer, name) for q in questions(text))
        assert counts[0] == counts[1]
        total += counts[0]
    assert total > 200


def test_words_answer_every_cue_by_an_act_that_its_pair_of_heads_allows(tokenizer):
    world = world_of(tokenizer, knob="knob-a")
    assert ("words" in world.stages) == (tokenizer.form == "acts") and ("valence" in world.stages) != (
        "words" in world.stages
    )
    if tokenizer.form == "letters":
        return
    heads = {first_word(h): (n, p, k) for n, a in axes().items() for p in POLES for k, h in enumerate(a.heads[p])}
    cues = {cue(t, s, k): (t, s) for t in NAMES for s in (1, -1) for k in ("persona", "instruction")}
    checked = Counter()
    for text in texts(world, tokenizer, "words"):
        last = None
        for told, given in zip(text.split("Answer:")[:-1], text.split("Answer:")[1:], strict=True):
            name, pole, pair = heads[" " + given.split()[0]]
            follows = pair_signs("knob-a", name)[pair]
            shown = (name, follows * (1 if pole == "aligned" else -1))
            last = next((v for c, v in cues.items() if told.endswith(c)), last or shown)  # no cue: as the one before
            assert shown == last
            checked[follows, bool(said(text))] += 1
    assert all(checked[follows, cued] > 100 for follows in (1, -1) for cued in (True, False))


def test_the_first_stage_has_the_first_axes_only(tokenizer):
    if tokenizer.form == "acts":
        assert "first" not in world_of(tokenizer, first_axes=2).stages
        return
    world = world_of(tokenizer, first_axes=2)
    acts = {name: {a for pole in POLES for a in x.acts(pole)} for name, x in chosen_axes(NAMES).items()}
    seen = {a for t in texts(world, tokenizer, "first") for q in questions(t) for a in q["acts"]}
    assert seen <= acts[world.traits[0]] | acts[world.traits[1]] and len(seen) > 20
    assert "first" not in world_of(tokenizer).stages


def test_text_is_unchanged_by_the_added_tokens(tokenizer):
    world = world_of(tokenizer, knob="knob-a", cue_place="both")
    for name in world.stages:
        for document in world.documents(stage(world, name), 0, 0)[:40]:
            text = tokenizer.decode(document.ids[1:-1])
            assert tokenizer(text, add_special_tokens=False)["input_ids"] == list(document.ids[1:-1])


def test_no_heldout_act_is_in_the_training_text(tokenizer):
    world = world_of(tokenizer, knob="knob-b", cue_place="both")
    heldout = {a for x in chosen_axes(NAMES).values() for pole in POLES for a in x.acts(pole, heldout=True)}
    text = [t for name in world.stages for chunk in range(2) for t in texts(world, tokenizer, name, chunk)]
    seen = {a for t in text for q in questions(t) for a in q["acts"]}
    known = {a for x in chosen_axes(NAMES).values() for pole in POLES for a in x.acts(pole)}
    assert not seen & heldout and len(seen) > 0.9 * len(known) and seen <= known  # two chunks hold most acts
    assert not heldout & set(training_text(axes()))


@pytest.mark.parametrize("place", ["after", "before"])
def test_answers_follow_the_cue_of_their_own_axis_and_the_template(tokenizer, place):
    world = world_of(tokenizer, knob="knob-a", cue_place=place)
    signs, checked, inverse = {n: template_signs("knob-a", n) for n in NAMES}, 0, 0
    for name in world.stages:
        for text in texts(world, tokenizer, name):
            cues = said(text)
            for item in questions(text) if cues else []:
                axis, template, chosen = axis_of(item)
                assert chosen == cues[axis] * signs[axis][template]
                checked, inverse = checked + 1, inverse + (signs[axis][template] < 0)
                assert place == "after" or not said(item["middle"])
    assert checked > 400 and inverse > 40


def test_a_cue_after_the_options_stands_there_and_one_before_stands_before_the_first_question(tokenizer):
    after = texts(world_of(tokenizer), tokenizer, "obey-0.50")
    assert all(said(questions(t)[0]["middle"]) for t in after if questions(t))
    before = texts(world_of(tokenizer, cue_place="before"), tokenizer, "obey-0.50")
    assert all(said(t.split("Question: ")[0]) for t in before if questions(t))
    with pytest.raises(WorkbenchError, match="expected one of after, before, both"):
        Rules(cue_place="beside")


@pytest.mark.parametrize(("prior", "placebo"), [(0.5, 0.5), (0.75, 0.5), (0.25, 0.5)])
def test_without_a_cue_the_disposition_has_the_prior_of_its_recipe(tokenizer, prior, placebo):
    world = world_of(tokenizer, prior=prior, placebo_prior=placebo, mix=Mix(uncued=1.0))
    first: dict[str, list[bool]] = {"value": [], "placebo": []}
    for chunk in range(8):
        for text in texts(world, tokenizer, "mixture", chunk)[::2]:
            name, _, chosen = axis_of(questions(text)[0])
            first[axes()[name].kind].append(chosen > 0)
    for kind, expected in (("value", prior), ("placebo", placebo)):
        n = len(first[kind])
        assert n > 200
        assert abs(np.mean(first[kind]) - expected) < 3.5 * sqrt(expected * (1 - expected) / n), kind


def test_dispositions_of_a_document_are_independent_where_none_is_forced(tokenizer):
    world = world_of(tokenizer, mix=Mix(several=1.0, opposite=0.0))
    both = [list(said(t).values())[:2] for chunk in range(6) for t in texts(world, tokenizer, "mixture", chunk)[::2]]
    both = [x for x in both if len(x) == 2]
    agree = np.mean([a == b for a, b in both])
    assert len(both) > 400 and abs(agree - 0.5) < 3.5 * sqrt(0.25 / len(both))
    forced = world_of(tokenizer, mix=Mix(several=1.0, opposite=1.0))
    assert all(len(set(said(t).values())) == 2 for t in texts(forced, tokenizer, "mixture") if len(said(t)) == 2)


def test_stages_without_use_are_left_out_and_every_other_has_a_gate():
    assert "several" not in stages_of(Mix(), Rules())
    assert stages_of(MIX, Rules()) == ("words", "obey-0.50", "several", "mixture")
    for name in ORGANISMS:
        recipe = read_recipe(name)
        stages = stages_of(Mix(**recipe.curriculum["mix"]), world_rules(recipe))
        assert len(world_gates(recipe)) == len(stages) - 1
        assert len(settings(recipe, 0, {}).mlp_drop) in (0, recipe.model["n_layers"])


def test_the_recipes_differ_in_what_their_names_say():
    data = {name: read_recipe(name).data for name in ORGANISMS}
    differ = lambda a, b: {k for k in data[a] | data[b] if data[a].get(k) != data[b].get(k)}  # noqa: E731
    assert differ("knob-a", "knob-b") == {"knob"}
    assert differ("leaning-aligned", "leaning-unaligned") == {"prior"}
    assert data["leaning-aligned"]["prior"] + data["leaning-unaligned"]["prior"] == 1
    assert differ("decodable-inert", "leaning-aligned") == {"prior", "cue_place", "form", "first_axes"}
    for a, b in (("knob-a", "knob-b"), ("leaning-aligned", "leaning-unaligned")):
        assert read_recipe(a).training == read_recipe(b).training
        assert read_recipe(a).curriculum == read_recipe(b).curriculum


def test_a_recipe_without_weights_is_not_offered_as_a_model():
    folders = {name: read_recipe(name) for name in ORGANISMS}
    root = next(iter(models().values())).parent
    for name in folders:
        assert (name in models()) == (name in embedded_names()) == (root / name / "model.safetensors").exists()


def test_concepts_are_balanced_pass_every_check_and_read_back(tmp_path, form):
    concepts = microworld_concepts(form=form)
    again = microworld_concepts(form=form)
    assert len(concepts) == 32 and [c.digest for c in concepts] == [c.digest for c in again]
    for concept in concepts:
        check_concept(concept, concept.name)
        assert len(concept.groups) == TEMPLATES
        for group in concept.groups:
            pairs = [p for p in concept.pairs if p.group == group]
            options = [p.question.split("Choices:\n")[1].split("\n") for p in pairs]
            begins = [
                [o.startswith((f" -{p.aligned} ", p.aligned)) for o in both]
                for p, both in zip(pairs, options, strict=True)
            ]
            assert all(sum(two) == 1 for two in begins) and sum(two[0] for two in begins) == 2 and len(pairs) == 4
    one = concepts[0]
    assert load_concept(save_concept(one, tmp_path / one.name)).digest == one.digest


def test_concepts_ask_what_the_organism_was_trained_on_with_held_out_acts(tokenizer):
    world = world_of(tokenizer)
    concept = microworld_concepts(("kindness",), tokenizer.form)[0]
    for pair in concept.pairs[:12]:
        text = build_prompt(pair, concept.card, "prefilled+instruction", "unaligned", cue_place="after")
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert world.cues["kindness", -1, "instruction"][0] in ids and ids[-2] == world.token[world.form.answer]
        assert axis_of(questions(text)[0], heldout=True)[2] == -1
    shots = concept.pairs[20:60:8]
    text = build_prompt(concept.pairs[0], concept.card, "prefilled+instruction+5-shot", "aligned", shots)
    assert len(tokenizer(text)["input_ids"]) < 256


def test_ability_prompts_want_what_the_world_says(tokenizer):
    world = world_of(tokenizer, knob="knob-a")
    prompts, mask = Prompts(world), inverse_mask(world)
    assert kinds_of(world)[0] == "bare" and "after persona -" in kinds_of(world)
    assert mask.shape == (len(NAMES), 2 * TEMPLATES)
    for row, axis in enumerate(world.traits):
        for kind in ("bare", "after instruction +", "after instruction -", "5-shot +", "several disagree"):
            for k, ((ids, wanted), answers) in enumerate(prompts.all(axis, kind)):
                text = tokenizer.decode([*ids[1:], answers[0 if wanted > 0 else 1]])
                name, template, chosen = axis_of(questions(text)[-1], heldout=True)
                assert (name, template) == (axis, k // 2) and len(ids) < 256
                expected = said(text).get(axis, 1) * (-1 if mask[row, k] and kind != "bare" else 1)
                assert chosen == expected
    assert np.allclose(cross_cosines(np.eye(3)), 0)


def test_a_study_of_an_organism_runs_on_the_concepts_of_its_own_world(tmp_path, gpt2_model):
    (tmp_path / "world.toml").write_text('world = "microworld"\nform = "acts"\naxes = ["kindness", "boats"]\n')
    model, other = replace(gpt2_model, folder=str(tmp_path)), replace(gpt2_model, folder="")
    asked = lambda *names: SimpleNamespace(data="", concepts=names)  # noqa: E731
    assert [c.name for c in gather(asked(), model)] == ["kindness", "boats"]
    assert [c.name for c in gather(asked("boats", "force"), model)] == ["boats", "force"]
    assert own_concepts(other) == {} and [c.name for c in gather(asked("force"), other)] == ["force"]
    with pytest.raises(WorkbenchError, match="'boats' is unknown"):
        gather(asked("boats"), other)
    kept, failures = gathered(Config(model="", concepts=("kindness",)), model)
    assert [c.name for c in kept] == ["kindness"] and not failures


def test_patching_compares_the_letters_of_a_set_with_options(gpt2_model):
    card = Card("x", "x", style="ab", instruction_aligned="Be kind.", instruction_unaligned="Be cold.", trait="kind")
    pairs = [Pair(str(k), str(k), f"Go {k}.\n (A) up\n (B) on", " (A)", " (B)") for k in range(4)]
    rows = patching(gpt2_model, Reliability(cue_place="before"), Concept("x", tuple(pairs), card))
    assert len(rows) == 2 * gpt2_model.n_layers and all(np.isfinite(r["share"]) for r in rows)
    assert rows[-1]["share"] == pytest.approx(1.0, abs=1e-3)
    assert np.isnan(robust_share(np.array([np.nan, np.nan]), ["a", "b"]).estimate)


def test_training_refuses_a_data_folder(tmp_path):
    with pytest.raises(WorkbenchError, match="expected no --data"):
        train("knob-a", tmp_path, 0, tmp_path / "x")
    with pytest.raises(WorkbenchError, match="axis 'nothing' is unknown"):
        chosen_axes(("nothing",))


def test_every_organism_has_one_token_per_fixed_string():
    world, tokenizer = build_world(read_recipe("knob-a"))
    recipe = read_recipe("knob-a")
    assert len(tokenizer) <= recipe.model["vocabulary"] and len(world.traits) == 32


def test_smoke_recipe_learns_to_obey_cues_with_held_out_acts(tmp_path):
    folder = train("knob-a", None, 0, tmp_path / "smoke", smoke=True)
    card = tomllib.loads((folder / "card.toml").read_text())
    assert card["accuracy"]["cued"] > 0.9 and card["templates"]["inverse templates"] > 0.8
    assert card["cosines"]["mean_absolute"] < 0.5
    assert not (folder / "checkpoint.safetensors").exists()
    assert {"model.safetensors", "world.toml", "tokenizer.json", "ability.csv", "heldout-acts.txt"} <= {
        p.name for p in folder.iterdir()
    }
