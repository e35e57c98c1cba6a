"""The causal study runs from twins to a record and a page, resumes, knows the truth, and refuses what are no twins."""

from dataclasses import replace

import numpy as np
import pytest

from workbench.models.card import cue_place, world_of
from workbench.organisms.microworld_train import build_world, smoke_world
from workbench.organisms.microworld_truth import followed
from workbench.organisms.recipes import new_model, read_recipe
from workbench.studies.causal_coherence import Config, run
from workbench.types import WorkbenchError

AXES = ("honesty", "harmlessness", "kindness", "boats")
SMALL = Config(labellings=("cue", "behaviour"), layers=(0,), concepts=AXES, max_eval=12, workers=1)


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """Two untrained organisms with the cards of twins: the path through the study does not need what they learned."""
    folder = tmp_path_factory.mktemp("twins")
    for seed, name in enumerate(("knob-a", "knob-b")):
        recipe = smoke_world(read_recipe(name))
        recipe = replace(recipe, data={**recipe.data, "axes": list(AXES)}, model={**recipe.model, "d_model": 48})
        _, tokenizer = build_world(recipe)
        path = folder / name
        new_model(recipe, tokenizer, seed).save_pretrained(path)
        tokenizer.save_pretrained(path)
        (path / "card.toml").write_text(f'name = "{name}"\n[world]\nknob = "{name}"\ncue_place = "after"\n')
        (path / "world.toml").write_text(f'world = "microworld"\nform = "acts"\naxes = {list(AXES)}\n')
    return {name: str(folder / name) for name in ("knob-a", "knob-b")}


@pytest.fixture(scope="module")
def record(twins, tmp_path_factory):
    folder = tmp_path_factory.mktemp("causal")
    config = replace(SMALL, twins_a=(twins["knob-a"],), twins_b=(twins["knob-b"],), out=str(folder))
    return config, run(config)


def test_the_record_holds_the_truth_beside_what_was_measured(record):
    cells = record[1].tables["cells"]
    assert len(cells) == 2 * len(AXES) * 2
    for name in ("c_heldout", "odd_matched", "anti_braun"):
        assert np.isfinite(cells[name]).all(), name
    one = cells[(cells["concept"] == "honesty") & (cells["labelling"] == "cue")].set_index("twin")
    assert one.loc["a", "knob_fit"] == one.loc["a", "knob_eval"] == 1.0
    assert 0 < one.loc["b", "knob_eval"] < 1
    behaviour = cells[cells["labelling"] == "behaviour"]
    assert behaviour["against_cue"].between(0, 1).all() and behaviour["against_cue"].max() > 0
    cue = cells.set_index(["twin", "concept", "labelling"])["c"].unstack()
    told = behaviour.set_index(["twin", "concept"])["against_cue"]
    some = told.between(0, 1, inclusive="neither")  # all exchanged is the same difference with another sign
    assert some.any() and (cue["cue"] != cue["behaviour"])[some].all()
    assert np.allclose(cue["cue"][~some], cue["behaviour"][~some])


def test_finished_cells_are_read_and_the_record_is_the_same(record):
    config, first = record
    assert run(config).digest == first.digest


def test_one_seed_is_said_to_be_one(record):
    assert any(line.startswith("1 training seed:") for line in record[1].warnings)
    assert record[1].results["summary"][-1].startswith(("In no seed", "Seeds disagree", "Coherence"))


def test_the_page_has_its_pictures(record, tmp_path):
    from workbench.report.panels import guarded
    from workbench.report.write import parts_of, write_report

    page = write_report(record[1], tmp_path, formats=()).read_text(encoding="utf-8")
    assert "Does coherence cause reliability?" in page and "What the knob moves" in page
    tables, shown, _ = parts_of(record[1])
    drawn = {panel.name: figure for panel, figure in (guarded(panel, tables) for panel in shown)}
    assert set(drawn) == {"knob-effects", "coherence-reliability", "links"}
    points = {name: sum(len(trace.x) for trace in figure.data) for name, figure in drawn.items()}
    assert points == {"knob-effects": len(AXES), "coherence-reliability": len(AXES), "links": len(SMALL.labellings)}


@pytest.mark.parametrize("change, words", [
    ({"twins_b": ()}, "1 models in twins_a and 0 in twins_b"),
    ({"labellings": ("mood",)}, "labelling 'mood' is unknown"),
    ({"twins_a": ("persona",)}, "has no knob in its card"),
])  # fmt: skip
def test_bad_settings_are_one_line(record, change, words):
    with pytest.raises(WorkbenchError, match=words) as error:
        run(replace(record[0], **change))
    assert "\n" not in str(error.value)


def test_where_cues_stand_is_read_from_the_card(twins, tmp_path):
    assert cue_place(twins["knob-a"]) == "after" and cue_place(tmp_path) == "before"
    assert world_of(twins["knob-b"])["knob"] == "knob-b"
    assert sum(sign > 0 for sign in followed("knob-b", "honesty").values()) == 11
