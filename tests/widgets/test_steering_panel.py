"""The steering panel: its numbers are those of plain verbs, it reads cubes, and nothing from data becomes markup."""

import asyncio
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

import workbench as wb
from workbench.concepts import neutral_texts
from workbench.models import encode, forward
from workbench.sweep import load_cube, save_cube
from workbench.symmetry.neutral import neutral
from workbench.types import Direction, WorkbenchError
from workbench.widgets import (
    COLUMNS,
    Completion,
    Notice,
    Setting,
    Steering,
    SteeringPanel,
    answers,
    as_code,
    completions,
    divergence,
    notices,
    shown,
    steering,
    steering_panel,
)
from workbench.widgets.cost import costs
from workbench.widgets.notices import cost_notices
from workbench.widgets.text import log_odds, next_log_probs, writing

EVIL = '<img src=x onerror="alert(1)">&<script>alert(2)</script>'


@pytest.fixture(scope="module")
def state() -> Steering:
    return Steering(wb.load("persona-inert"), ["art"])


@pytest.fixture(scope="module")
def small(gpt2_model, small_concept) -> Steering:
    """A random model on short questions: quick, and it writes strange tokens."""
    return Steering(gpt2_model, [small_concept], shares=(0.17, 0.5, 0.33))


def at(state: Steering, **changes) -> Setting:
    return replace(state.start(), **({"max_new_tokens": 4} | changes))


def test_the_copied_code_runs_and_gives_the_same_numbers(state):
    setting = at(state, layer=1, aligned=2.0, unaligned=1.0, where="after_prompt")
    found: dict = {}
    exec(as_code(state, setting), found)  # noqa: S102 - what a reader does with it
    assert found["texts"] == {name: c.text for name, c in completions(state, setting).items()}
    own = state.curve(setting).query("direction == 'own'").set_index("multiplier")
    assert found["cube"].multipliers == (-1.0, 0.0, 2.0)
    steered = found["cube"].curve(wb.Site(1), "own")
    change = {m: (steered[:, k] - steered[:, 1]) for k, m in enumerate(found["cube"].multipliers)}
    groups = np.asarray(found["cube"].groups)
    for multiplier in (-1.0, 2.0):
        means = [change[multiplier][groups == g].mean() for g in dict.fromkeys(groups)]
        assert np.mean(means) == pytest.approx(own.loc[multiplier, "mean"], abs=1e-4)


def test_free_text_rotation_and_memory_models_are_copied_too(small):
    code = as_code(small, at(small, text="Tea'\n\"?", operator="rotate"))
    assert "prompt = 'Tea\\'\\n\"?'" in code and "operator = Rotate(angle=15.0)" in code
    assert "# model: 'tiny-gpt2'" in code and "# concept: 'small'" in code and "pair = " not in code
    compile(code, "copied", "exec")


def test_a_second_concept_is_added_to_the_first_one_and_copied(gpt2_model, small_concept):
    other = replace(small_concept, name="other", pairs=tuple(reversed(small_concept.pairs))[:-2])
    state = Steering(gpt2_model, [small_concept, other], shares=(0.17, 0.5, 0.33))
    first, second = at(state, layer=1), at(state, layer=1, concept="other")
    both = replace(first, also="other", share=-0.5)
    torch.testing.assert_close(
        state.direction(both).step, state.direction(first).step - 0.5 * state.direction(second).step
    )
    assert first.vector != both.vector and replace(both, share=0.0).vector == first.vector
    assert state.direction(replace(both, share=0.0)) is state.direction(first)
    assert not state.curve(both).equals(state.curve(first)) and costs(state, both) != costs(state, first)
    found: dict = {"model": gpt2_model, "concept": small_concept, "other": other}
    exec(as_code(state, both), found)  # noqa: S102 - what a reader does with it
    assert found["texts"] == {name: c.text for name, c in completions(state, both).items()}
    cube = state.sweep(both)
    read = Steering(gpt2_model, state.concepts, cube=cube, shares=state.shares)
    assert read.covers(both) and not read.covers(first) and not read.covers(replace(both, share=0.5))
    dose = state.doses(both)["aligned"]
    along = state.direction(both).step @ state.direction(first).vector / state.direction(first).gap
    assert dose.gaps == pytest.approx(float(along), abs=1e-3)
    with pytest.raises(WorkbenchError, match="'nobody' is not in this panel"):
        state.direction(replace(both, also="nobody"))


def test_an_operator_with_tensors_cannot_be_copied(small):
    gate = wb.Conditional(wb.Add(), small.direction(small.start()))
    held = replace(small, operators={"gated": gate})
    with pytest.raises(WorkbenchError, match="'gated' holds more"):
        as_code(held, at(held, operator="gated"))


@pytest.mark.parametrize("where", ["all", "answer", "after_prompt", "last"])
def test_completions_are_greedy_under_the_very_steering_that_wrote_them(small, where):
    setting = at(small, where=where, aligned=2.0, max_new_tokens=6)
    found = completions(small, setting)
    assert tuple(found) == COLUMNS
    for name, model in small.models(setting).items():
        ids = [small.prompt(setting)]
        assert found[name].text == wb.generate(model, ids, max_new_tokens=6)[0]
        first = forward(model, encode(model, ids), positions="last")[0].log_softmax(-1)
        assert found[name].log_probs[0] == pytest.approx(float(first.max()), abs=1e-4)
        assert all(value <= 0 for value in found[name].log_probs)


def test_answers_agree_with_the_sweep_and_divergence_with_its_definition(small):
    setting = at(small, layer=1, aligned=1.5, unaligned=0.5)
    odds, cube = log_odds(answers(small, setting)), small.curves(setting)
    row = cube.prompts.index(small.pair(setting).id)
    for name in COLUMNS:
        swept = cube.curve(setting.site, "own")[row, cube.multipliers.index(setting.multiplier(name))]
        assert odds[name] == pytest.approx(swept, abs=1e-4)
    logs = next_log_probs(small, setting)
    kl = torch.nn.functional.kl_div(logs["unsteered"], logs["aligned"], log_target=True, reduction="sum")
    assert divergence(small, setting)["aligned"] == pytest.approx(float(kl), abs=1e-5)
    free = answers(small, at(small, text="Hi"))
    assert log_odds(free) == {} and len(free) == 15
    assert small.prompt_curve(at(small, text="Hi")).empty and len(small.prompt_curve(setting)) == 9


def test_doses_say_what_is_done_to_the_activations(small):
    setting = at(small, aligned=1.5, unaligned=0.5)
    h, direction = small.activations(setting).last(), small.direction(setting)
    doses = small.doses(setting)
    assert doses["aligned"].gaps == pytest.approx(1.5, abs=1e-3)
    assert doses["unaligned"].gaps == pytest.approx(-0.5, abs=1e-3)
    ratio = float((1.5 * direction.gap / h.norm(dim=1)).median())
    assert doses["aligned"].ratio == pytest.approx(ratio, rel=1e-3)
    assert small.doses(at(small, aligned=0.0))["aligned"].ratio == 0


def test_a_saved_cube_is_read_and_nothing_is_swept_again(small, tmp_path, monkeypatch):
    setting = at(small)
    fresh = small.curve(setting)
    saved = load_cube(save_cube(small.sweep(setting), tmp_path / "cube"))
    quick = replace(small, cube=saved, kept={})
    monkeypatch.setattr(steering, "sweep", lambda *a, **k: pytest.fail("swept again"))
    for layer in range(4):
        assert quick.covers(replace(setting, layer=layer))
    np.testing.assert_allclose(quick.curve(setting)["mean"], fresh["mean"], atol=1e-5)
    panel = SteeringPanel(quick, setting)
    panel.controls["layer"].value = 3
    panel.controls["aligned"].value = 0.25
    assert "read from the sweep" in panel.parts["status"].value
    for other in ({"method": "lda"}, {"where": "last"}, {"operator": "rotate"}, {"prompt_type": "instruction"}):
        assert not quick.covers(replace(setting, **other))
    bare = replace(saved, source={k: v for k, v in saved.source.items() if k != "fitted"})
    with pytest.raises(WorkbenchError, match=r"make it with Steering\.sweep"):
        replace(small, cube=bare)


@pytest.mark.parametrize(("slope", "warned"), [(2.0, False), (-2.0, True)])
def test_backfire_is_seen_in_the_cube(state, slope, warned):
    setting = at(state)
    cube = state.sweep(setting, [setting.layer])
    values = cube.values.copy()
    values[:, :, 0] = slope * np.asarray(cube.multipliers) + np.linspace(0, 0.1, len(values))[:, None, None]
    values[:, :, 1:] = 0
    planted = replace(state, cube=replace(cube, values=values), kept={})
    found = {n.about: n for n in notices(planted, setting, answers(planted, setting)) if n.about != "this prompt"}
    assert found["aligned, backfire"].warn is warned and found["unaligned, backfire"].warn is warned
    assert found["aligned"].warn is warned and ("no evidence" in found["unaligned"].text) is warned
    points = planted.points(at(state, aligned=0.25, unaligned=3.0))["change"].tolist()
    assert points[0] == pytest.approx(slope / 4) and np.isnan(points[1])


def test_neutral_text_costs_what_the_symmetry_study_measures(state):
    setting = at(state, layer=1, aligned=2.0, unaligned=0.0, where="last")
    (rise,) = costs(state, setting).values()
    texts = neutral_texts("question", rise.n)
    direction = state.direction(setting)
    own = [neutral(state.model, [text]).cost(wb.steer(state.model, direction, 2.0))[1] for text in texts]
    assert rise.estimate == pytest.approx(np.mean(own)) and rise.n == 8 and rise.low < rise.estimate < rise.high
    strong = at(state, layer=1, aligned=60.0, unaligned=0.0)
    (said,) = [n for n in cost_notices(state, strong) if "capability" in n.about]
    assert said.warn and said.about.startswith("aligned") and costs(state, strong)["aligned"].estimate > 0.05
    assert costs(state, at(state, aligned=0.0, unaligned=0.0)) == {}


def test_neutral_text_beyond_the_context_is_said(tiny_module, byte_tokenizer, small_concept):
    model = wb.load(tiny_module("gpt2", len(byte_tokenizer), n_positions=48), tokenizer=byte_tokenizer)
    narrow = Steering(model, [small_concept], shares=(0.17, 0.5, 0.33))
    (said,) = cost_notices(narrow, at(narrow))
    assert said.warn and "undetermined" in said.text and "context" in said.text


def test_the_negative_control_is_warned_about(state):
    setting = at(state)
    said = [n.text for n in notices(state, setting, answers(state, setting)) if n.warn]
    assert any("no evidence" in text for text in said)


def test_an_operator_that_goes_the_other_way_is_said_to(small):
    setting = at(small, operator="ablate", aligned=1.0, unaligned=0.0)
    found = notices(small, setting, answers(small, setting))
    gaps = small.doses(setting)["aligned"].gaps
    assert any("not toward this pole" in n.text for n in found) == (not gaps > 0)
    assert not any(n.about.startswith("unaligned") for n in found)


def test_nothing_from_data_or_model_becomes_markup(small):
    wild = Completion(EVIL, (EVIL, "\n"), (-0.1, -9.0), ended=True)
    setting = at(small)
    html = [
        shown.completions_html(dict.fromkeys(COLUMNS, wild), setting), shown.notices_html([Notice(EVIL, EVIL)]),
        shown.prompt_html((EVIL, EVIL)), shown.error_html(WorkbenchError(EVIL)), shown.error_html(ValueError(EVIL)),
    ]  # fmt: skip
    table = answers(small, setting).assign(answer=EVIL)
    html.append(shown.answer_bars(table).to_json())
    for text in html:
        assert "<img" not in text and "<script" not in text and "alert" in text
    assert shown.error_html(ValueError("two\nlines")).count("\n") == 0 and "ValueError: two lines" in shown.error_html(
        ValueError("two\nlines")
    )


def picture(panel: SteeringPanel, name: str) -> list[dict]:
    return panel.parts["pictures"].figures[name]["data"]


def shown_doses(panel: SteeringPanel) -> list[float]:
    """Where the marks of the doses stand, toward aligned and toward unaligned, each with a name of its own."""
    marks = picture(panel, "curve")[-2:]
    assert [mark["name"] for mark in marks] == ["dose toward aligned", "dose toward unaligned"]
    return [x for mark in marks for x in mark["x"]]


def test_the_panel_follows_its_controls(small):
    panel = SteeringPanel(small, at(small))
    before = panel.parts["text"].value
    panel.controls["aligned"].value = 2.0
    assert panel.controls["unaligned"].value == 2.0 and panel.parts["text"].value != before
    assert shown_doses(panel) == [2.0, -2.0]
    panel.same.value = False
    panel.controls["unaligned"].value = 0.5
    assert panel.setting.aligned == 2.0 and shown_doses(panel) == [2.0, -0.5]
    panel.controls["text"].value = EVIL
    assert len(picture(panel, "bars")[0]["x"]) == 5 and "<img" not in panel.parts["prompt"].value
    wanted = at(small, layer=0, pair=small.parts(small.start())[1].pairs[-1].id)
    panel.setting = wanted
    assert panel.setting == wanted and wanted.pair in panel.parts["code"].value
    assert len(picture(panel, "curve")) == 9


@dataclass(frozen=True)
class Broken:
    def __call__(self, h, direction: Direction, multiplier, mask):
        raise RuntimeError(f"no\n{EVIL}")


def test_a_moved_dose_changes_marks_and_bars_into_what_a_new_picture_shows(small):
    panel = SteeringPanel(small, at(small, aligned=0.5, unaligned=0.5))
    first = panel.parts["pictures"].figures
    panel.controls["aligned"].value = 1.5
    moved, fresh = panel.parts["pictures"].figures, SteeringPanel(small, panel.setting).parts["pictures"].figures
    assert moved == fresh and moved["curve"] != first["curve"] and moved["bars"] != first["bars"]
    panel.controls["layer"].value = 0
    assert panel.parts["pictures"].figures["curve"]["data"][:-2] != moved["curve"]["data"][:-2]


def test_an_error_is_one_line_and_the_last_numbers_stay(small):
    panel = SteeringPanel(replace(small, operators=small.operators | {"broken": Broken()}, kept={}), at(small))
    before = panel.parts["text"].value
    panel.controls["operator"].value = "broken"
    said = panel.parts["status"].value
    assert "RuntimeError: no &lt;img" in said and "\n" not in said and panel.parts["text"].value == before
    panel.controls["operator"].value = "add"
    assert "wb-error" not in panel.parts["status"].value


def test_another_concept_brings_its_questions(small, small_concept):
    other = replace(
        small_concept, name="other", pairs=tuple(replace(p, id=f"o-{p.id}", question=EVIL) for p in small_concept.pairs)
    )
    panel = SteeringPanel(replace(small, concepts=[small_concept, other], kept={}), at(small))
    panel.controls["concept"].value = "other"
    assert panel.setting.pair.startswith("o-") and "wb-error" not in panel.parts["status"].value
    assert "<img" not in panel.parts["prompt"].value


def test_a_dragged_slider_is_followed_once():
    seen = []
    later = steering_panel.Debounced(lambda: seen.append(1), 0.02)

    async def drag():
        for _ in range(5):
            later()
        await asyncio.sleep(0.2)

    asyncio.run(drag())
    assert seen == [1]
    later()
    assert seen == [1, 1]


def test_text_grows_by_the_token_and_ends_as_the_completions(small):
    setting = at(small, aligned=1.5, max_new_tokens=5)
    fresh = replace(small, kept={})
    seen = list(writing(fresh, setting))
    assert [len(found) for found in seen] == sorted(len(found) for found in seen)
    first = [len(found["unsteered"].tokens) for found in seen if tuple(found) == ("unsteered",)]
    assert first == sorted(first) and len(first) > 1, "one step per token"
    assert seen[-1] == completions(replace(small, kept={}), setting)
    stopped = replace(small, kept={})
    next(writing(stopped, setting))
    assert not [key for key in stopped.kept if key[0] == "text"], "a text that was not finished is not kept"


def test_in_a_notebook_pictures_follow_at_once_and_writing_can_be_stopped(small):
    panel = SteeringPanel(small, at(small, max_new_tokens=60))

    async def move_and_stop():
        written = panel.parts["text"].value
        panel.controls["aligned"].value = 1.75
        assert shown_doses(panel) == [1.75, -1.75], "before anything is awaited"
        assert panel.parts["text"].value == written and panel.stop.disabled
        while panel.stop.disabled:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        panel.stop.click()
        await asyncio.sleep(0.01)
        assert "stopped" in panel.parts["status"].value and panel.stop.disabled
        partly = panel.parts["text"].value
        assert partly != written and "…" in partly
        panel.controls["unaligned"].value = 0.25
        while panel.stop.disabled:
            await asyncio.sleep(0.01)
        while not panel.stop.disabled:
            await asyncio.sleep(0.01)
        assert "stopped" not in panel.parts["status"].value and "…</div>" not in panel.parts["text"].value

    asyncio.run(asyncio.wait_for(move_and_stop(), 60))


def test_what_does_not_exist_is_said_in_one_line(small):
    for changes, said in (
        ({"concept": "x"}, "'x' is not in this panel"), ({"operator": "x"}, "operator 'x' is unknown"),
        ({"pair": "x"}, "question 'x' is not among"), ({"layer": 9}, "layer 9 is not in"),
    ):  # fmt: skip
        with pytest.raises(WorkbenchError, match=said):
            answers(small, at(small, **changes))
    with pytest.raises(WorkbenchError, match="not both 0 or more"):
        at(small, unaligned=-1.0)
    with pytest.raises(WorkbenchError, match="each once"):
        Steering(small.model, ["art", "art"])
    with pytest.raises(WorkbenchError, match="shorten"):
        completions(small, at(small, text="a" * 256))


def test_pictures_bring_their_own_library_and_dark_colours(small):
    pictures = SteeringPanel(small, at(small)).parts["pictures"]
    assert len(pictures.library) > 1e6 and pictures.dark["#0072b2"] == "#3f9fe0"
    assert list(pictures.figures) == ["bars", "curve"]
