"""Other frames: prompts as declared, planted truths read back, and a study's cells from names to a sentence."""

import numpy as np
import pytest

from workbench.prompts import bare_prompt, frame
from workbench.studies.symmetry import FRAMES, Config
from workbench.studies.symmetry_cells import gathered, parts
from workbench.studies.symmetry_frames import frame_cell, frame_sentence, frame_table
from workbench.studies.symmetry_tables import VALUES
from workbench.symmetry.frames import FITTED, HOME, NAMES, Frame, fits, frames_of, readings
from workbench.symmetry.protocol import load_protocol
from workbench.symmetry.readings import read
from workbench.types import POLES, Card, Concept, Pair, WorkbenchError

PROTOCOL = load_protocol("symmetry-v1")


def concept(name: str, kind: str = "value", style: str = "statement") -> Concept:
    answers = [(" Yes", " No"), (" No", " Yes")]
    pairs = tuple(Pair(f"{g}{k}", f"g{g}", f"Is {g} {k}?", *answers[k % 2]) for g in range(8) for k in range(2))
    return Concept(name, pairs, Card(name, name, kind=kind, style=style, trait="kindness"))


def test_a_frame_changes_what_it_says_and_nothing_else():
    one = concept("c")
    pair, card = one.pairs[0], one.card
    home = bare_prompt(pair, card)
    asked = {name: each.prompt(one)(pair, card) for name, each in zip(NAMES, frames_of(NAMES), strict=True)}
    assert asked[HOME] == asked[FITTED] == home
    assert asked["system prompt"] == "You are a helpful assistant.\n\n" + home
    assert "has this trait: kindness" in asked["told to be aligned"] and asked["told to be aligned"].endswith(home)
    assert "lacks this trait: kindness" in asked["told to be unaligned"]
    assert asked["dialogue"] == "User: Is 0 0?\nAssistant:"
    assert "Choices" in home and "Choices" not in asked["no list of choices"]
    examples = asked["two examples, one of each pole"].removesuffix(home).split("\n\n")
    assert sum(" Yes" in part or " No" in part for part in examples if part.startswith("Answer:")) == 2
    assert "Is 0 " not in asked["two examples, one of each pole"].removesuffix(home)  # never its own group
    poles = [pole for other in one.pairs for pole in POLES
             if frame(other, card.style) + other.answer(pole) in asked["two examples, one of each pole"]]  # fmt: skip
    assert sorted(poles) == ["aligned", "unaligned"]


def test_a_cue_stands_at_the_place_of_the_model():
    one = concept("c")
    (told,) = (f for f in frames_of(NAMES) if f.name == "told to be aligned")
    text = told.prompt(one, "after")(one.pairs[0], one.card)
    assert text.startswith("Question:") and text.endswith("has this trait: kindness.\n\nAnswer:")


def test_fitted_templates_are_those_of_the_fit(gpt2_model, small_concept):
    groups = sorted(small_concept.groups)
    fit, items = (small_concept.select([p for p in small_concept.pairs if p.group in some])
                  for some in (groups[:2], groups[2:]))  # fmt: skip
    found = readings(gpt2_model, frames_of((FITTED,)), fit, items)
    assert np.allclose(found[HOME], read(gpt2_model, items).log_odds, atol=1e-5)
    assert np.allclose(found[FITTED], read(gpt2_model, fit).log_odds, atol=1e-5)


def test_the_default_frames_are_all_but_home_and_unknown_ones_are_named():
    assert (HOME, *FRAMES) == NAMES and frames_of(()) == () and frames_of(("dialogue",))[0].name == HOME
    with pytest.raises(WorkbenchError, match="frame 'verse' is unknown; expected some of held-out"):
        frames_of(("verse",))
    story = Card("s", "S", style="story", instruction_aligned="Be kind.")
    assert [f.name for f in frames_of(NAMES) if not fits(f, story)] == ["no list of choices", "dialogue"]
    assert not fits(Frame("x", cue="aligned"), Card("s", "S"))
    assert len({each.digest for each in frames_of(NAMES)}) == len(NAMES)


def planted(kept: tuple[float, float], count: int = 8) -> tuple[list[Concept], list[tuple]]:
    """Cells in which a dialogue leaves each pole a known share of its gain, on value concepts and on placebos."""
    rng, concepts, cells = np.random.default_rng(0), [], []
    for k in range(count + 20):
        one = concept(f"c{k}", "value" if k < count else "placebo")
        base, size = rng.normal(0, 1, 16), 2 + rng.normal(0, 0.1, (2, 16))
        share = kept if k < count else (1.0, 1.0)
        groups = [pair.group for pair in one.pairs]
        frames = {HOME: (1.0, 1.0), "dialogue": share, FITTED: (1.0, 1.0)}
        cell = {"budget": "kl", "level": 0.1, "base": {f: base.tolist() for f in frames},
                "groups": {f: groups[:12] if f == FITTED else groups for f in frames}}  # fmt: skip
        cell["aligned"] = {f: (base + plus * size[0]).tolist() for f, (plus, _) in frames.items()}
        cell["unaligned"] = {f: (base - minus * size[1]).tolist() for f, (_, minus) in frames.items()}
        for side in ("base", "aligned", "unaligned"):
            cell[side][FITTED] = cell[side][FITTED][:12]
        concepts.append(one)
        cells.append(((None, one, "add", ()), cell))
    return concepts, cells


@pytest.mark.parametrize("kept, verdict", [((0.9, 0.9), "symmetric"), ((0.9, 0.3), "asymmetric")])
def test_a_planted_loss_of_control_is_read_with_its_interval(kept, verdict):
    concepts, cells = planted(kept)
    table = frame_table(PROTOCOL, concepts, cells).set_index(["concept", "frame"])
    row = table.loc[(VALUES, "dialogue")]
    for pole, truth in zip(("aligned", "unaligned"), kept, strict=True):
        assert row[f"kept_{pole}_low"] - 0.02 <= truth <= row[f"kept_{pole}_high"] + 0.02
        assert row[f"kept_{pole}_high"] - row[f"kept_{pole}_low"] < 0.1
    truth = (kept[0] - kept[1]) / sum(kept)
    assert row["verdict"] == verdict and row["index_low"] - 0.01 <= truth <= row["index_high"] + 0.01
    assert table.loc[(VALUES, HOME), "verdict"] == "symmetric" and table.loc[(VALUES, HOME), "kept_aligned"] == 1
    # other groups were asked there: a pool is compared by its concepts' means, a single concept is not
    assert np.isfinite(table.loc[(VALUES, FITTED), "kept_aligned_low"])
    assert np.isnan(table.loc[("c0", FITTED), "kept_aligned"])


def test_the_sentence_counts_changed_verdicts_and_names_the_worst_frame():
    concepts, cells = planted((0.9, 0.3))
    said = frame_sentence(frame_table(PROTOCOL, concepts, cells))
    assert "in 2 other frames, 1 of 2 verdicts" in said and "'dialogue'" in said and "30%" in said
    assert frame_sentence(frame_table(PROTOCOL, concepts, [])) == ""


def test_a_cell_reads_every_frame_and_what_raises_is_a_line(gpt2_model):
    config = Config(concepts=("power",), items=4)
    (one,), _ = gathered(config, gpt2_model)
    plan = ("norm", 0.2, ((1.0, 0.2), (1.0, 0.2)), frames_of(("dialogue", FITTED)))
    cell = frame_cell(gpt2_model, config, one, "add", plan)
    assert set(cell["base"]) == {HOME, FITTED, "dialogue"} and len(cell["aligned"]["dialogue"]) == 4
    assert cell["groups"]["dialogue"] == [pair.group for pair in parts(one, config)[1].pairs]
    assert not set(cell["groups"][FITTED]) & set(cell["groups"][HOME])
    assert not np.allclose(cell["aligned"]["dialogue"], cell["base"]["dialogue"])
    broken = frame_cell(gpt2_model, config, one, "instruction", (*plan[:2], ((0.5, 0.0),) * 2, plan[3]))
    assert "no number of examples" in broken["failed"]
