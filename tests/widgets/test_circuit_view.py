"""The circuit view: its pictures are those of plain verbs, it computes when asked to, and errors are one line."""

from dataclasses import replace

import pytest

from workbench.circuits import pole_circuits
from workbench.types import WorkbenchError
from workbench.widgets import CircuitView, Steering, circuits_of, sizes_of, writers_of
from workbench.widgets.circuits import STEPS, effects_html

EVIL = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def small(gpt2_model, small_concept) -> Steering:
    return Steering(gpt2_model, [small_concept], shares=(0.17, 0.5, 0.33))


def test_numbers_are_those_of_the_verbs_and_are_kept(small):
    setting = replace(small.start(), layer=1, prompt_type="instruction")
    circuits = circuits_of(small, setting)
    plain = pole_circuits(small.model, small.parts(setting)[1], small.direction(setting), steps=STEPS)
    assert circuits.account() == plain.account() and circuits_of(small, replace(setting, pair="x")) is circuits
    assert circuits_of(small, replace(setting, operator="ablate")).account() != plain.account()
    assert writers_of(small, setting)["part"].tolist()[:2] == ["input", "h0.0"]
    assert max(sizes_of(circuits)) < len(circuits.edges())
    with pytest.raises(WorkbenchError, match="same dose"):
        circuits_of(small, replace(setting, unaligned=0.5))


def test_the_view_computes_when_asked_and_follows_its_controls(small):
    view = CircuitView(replace(small, kept={}), replace(small.start(), layer=1, prompt_type="instruction"))
    pictures = view.parts["pictures"]
    assert not pictures.figures and "press" in view.parts["status"].value
    view.compute.click()
    assert list(pictures.figures) == ["aligned", "unaligned", "difference", "nodes", "overlap", "writers"]
    assert "gain aligned, read" in view.parts["account"].value and "wb-error" not in view.parts["status"].value
    lines = len(pictures.figures["aligned"]["data"])
    view.controls["top"].value = 5
    assert 5 <= len(pictures.figures["aligned"]["data"]) < lines
    before = pictures.figures["nodes"]["layout"]["title"]["text"]
    view.controls["role"].value = "passes on"
    assert pictures.figures["nodes"]["layout"]["title"]["text"] != before
    view.controls["dose"].value = 2.0
    assert "not computed" in view.parts["status"].value and pictures.figures
    view.controls["dose"].value = 1.0
    assert "not computed" not in view.parts["status"].value
    assert all(control.description for control in view.controls.values()) and view.controls["layer"].max == 2


def test_errors_are_one_escaped_line(small):
    def broken(*_):
        raise RuntimeError(f"no\n{EVIL}")

    view = CircuitView(replace(small, operators=small.operators | {"broken": broken}, kept={}))
    view.controls["operator"].value = "broken"
    view.compute.click()
    said = view.parts["status"].value
    assert "RuntimeError: no &lt;img" in said and "\n" not in said and not view.parts["pictures"].figures
    assert "<img" not in effects_html({EVIL: circuits_of(small, small.start()).account()["difference"]})
