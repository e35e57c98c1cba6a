"""The explorers show what public functions give, in-sample figures have twins, and data never become markup."""

from dataclasses import replace

import numpy as np
import pytest

import workbench as wb
from probes import MeanDifference
from workbench.evaluation import slope_table
from workbench.geometry import project_line
from workbench.types import WorkbenchError
from workbench.widgets import (
    ActivationExplorer,
    GeometryExplorer,
    PromptBrowser,
    Steering,
    cosines,
    figures,
    points,
    quality,
    readings,
)
from workbench.widgets.points import FITTED, HELD_OUT, STEERED
from workbench.widgets.points_shown import prompts_html
from workbench.widgets.token_text import tokens_html

EVIL = '<img src=x onerror="alert(1)">&</script><script>alert(2)</script>'


@pytest.fixture(scope="module")
def small(gpt2_model, small_concept) -> Steering:
    """A random model on short questions."""
    return Steering(gpt2_model, [small_concept], shares=(0.17, 0.5, 0.33))


def status(panel) -> str:
    said = panel.parts["status"].value
    assert "wb-error" not in said, said
    return said


def test_tokens_are_those_of_the_text_and_read_by_the_direction(small):
    setting = small.start()
    found = readings(small, setting, "Tea?")
    layer = found[found["layer"] == setting.layer]
    assert "".join(layer["token"]) == "<|endoftext|>Tea?" and set(found["layer"]) == set(range(4))
    fitted = small.activations(setting)
    own = wb.extract(small.model, small.parts(setting)[0], prompt_type="prefilled", sites=[setting.site])[setting.site]
    kappa = project_line(own, small.direction(setting))
    direction, middle = small.direction(setting), None
    from workbench.models import capture, encode

    rows = capture(small.model, encode(small.model, ["Tea?"]), [setting.site])[setting.site][0].double()
    classes = np.array([(fitted.last().double() @ direction.vector.double())[i].item() for i in range(len(fitted))])
    half = len(classes) // 2
    middle = (classes[:half].mean() + classes[half:].mean()) / 2
    expected = 2 * (rows @ direction.vector.double() - middle).numpy() / direction.gap
    np.testing.assert_allclose(layer["value"], expected, atol=1e-4)
    assert kappa[:half].mean() == pytest.approx(1, abs=1e-4)
    assert (layer["low"] < layer["high"]).all()
    assert (layer["outside"] == ((layer["value"] < layer["low"]) | (layer["value"] > layer["high"]))).all()


def test_quality_names_the_unbiased_twin_with_its_interval(small):
    found = quality(small, small.start(), MeanDifference())
    assert set(found) == {"in-sample", "held out"}
    assert 0 <= found["held out"].low <= found["held out"].estimate <= found["held out"].high <= 1
    assert found["held out"].n_groups == len(small.parts(small.start())[1].groups)


def test_the_activation_explorer_follows_its_inputs(small):
    explorer = ActivationExplorer(small, {"means": MeanDifference()}, text="Tea?")
    status(explorer)
    before, pictures = explorer.parts["text"].value, explorer.parts["pictures"]
    assert "⚠ in-sample" in explorer.parts["quality"].value and "held out" in explorer.parts["quality"].value
    explorer.controls["layer"].value = 0
    assert explorer.parts["text"].value != before and list(pictures.figures) == ["text"]
    explorer.controls["reader"].value = "means"
    assert "score of the probe" in explorer.parts["legend"].value
    explorer.controls["other"].value = "User: <b>Tea?\n\nAssistant: No"
    status(explorer)
    assert list(pictures.figures) == ["text", "other"] and explorer.parts["other"].value.count("tabindex") > 20
    explorer.controls["other"].value = "a" * 100
    assert list(pictures.figures) == ["text"] and explorer.parts["other"].value.count("tabindex") == 101
    explorer.controls["other"].value = ""
    assert list(pictures.figures) == ["text"] and explorer.parts["other"].value == ""


def test_no_token_or_prompt_becomes_markup(small):
    setting = small.start()
    table = readings(small, setting, EVIL)
    whole = table.head(1).assign(layer=setting.layer, token=EVIL)
    html = tokens_html(whole, setting.layer, 1.0, EVIL, EVIL)
    slopes = slope_table(small.curves(setting), small.parts(setting)[1], setting.site).assign(question=EVIL, group=EVIL)
    html += prompts_html(slopes, slopes["prompt"].tolist())
    assert "<img" not in html and "<script" not in html and "</script" not in html and html.count("alert") > 4


def test_points_are_fitted_held_out_and_steered(small):
    setting = replace(small.start(), layer=1)
    table = points(small, setting, 1.5, 1)
    fitted, held, steered = (table[table["condition"] == name] for name in (FITTED, HELD_OUT, STEERED))
    assert fitted.groupby("pole")["kappa"].mean().to_dict() == pytest.approx({"aligned": 1, "unaligned": -1}, abs=1e-3)
    np.testing.assert_allclose(steered["kappa"].to_numpy() - held["kappa"].to_numpy(), 3.0, atol=1e-3)
    assert fitted["slope"].isna().all() and held["slope"].notna().all()
    assert not set(fitted["group"]) & set(held["group"])
    later = points(small, setting, 1.5, 3)
    assert (later["condition"] == STEERED).sum() == len(steered)
    with pytest.raises(WorkbenchError, match="below the steered layer 1"):
        points(small, setting, 1.5, 0)
    shown = figures(small, setting, 1.5, 1).set_index("name")
    moved = shown.loc["shift of κ by steering at λ = +1.50", "held_out"]
    assert moved.estimate == pytest.approx(3.0, abs=1e-3) and "random directions" in shown.iloc[2]["control"]
    assert shown["held_out"].map(lambda e: e.low <= e.estimate <= e.high).all()


def test_cosines_across_halves_do_not_exceed_what_is_shared(small):
    table = cosines(small, small.start(), "layers")
    same = table[table["a"] == table["b"]]
    assert len(table) == 16 and np.allclose(same["cosine"], 1) and (same["across"] < 1).all()
    pairs = table.set_index(["a", "b"])["across"]
    assert pairs["0", "2"] == pytest.approx(pairs["2", "0"])
    with pytest.raises(WorkbenchError, match="between 'x' are unknown"):
        cosines(small, small.start(), "x")


def test_the_geometry_explorer_lists_what_is_clicked_and_what_is_chosen(small):
    explorer = GeometryExplorer(small)
    status(explorer)
    pictures = explorer.parts["pictures"]
    assert list(pictures.figures) == ["line", "space", "cosines"]
    assert "⚠" in explorer.parts["figures"].value and "⚠ in-sample" in explorer.parts["note"].value
    ids = [pair.id for pair in small.parts(small.start())[1].pairs]
    pictures.picked = {"figure": "line", "ids": ids[:2]}
    assert explorer.parts["picked"].value.count("<tr>") == 3
    explorer.controls["prompt"].value = ids[2]
    assert explorer.parts["picked"].value.count("<tr>") == 2
    explorer.controls["dimensions"].value = 3
    assert pictures.figures["space"]["data"][0]["type"] == "scatter3d"
    explorer.controls["cosine"].value = "across halves (no shared noise)"
    assert pictures.figures["cosines"]["data"][0]["z"][0][0] < 1 and "ceiling" in explorer.parts["note"].value
    explorer.controls["layer"].value = 3
    assert explorer.controls["read"].value == 3 and status(explorer)


def test_the_browser_links_table_curve_and_tokens(small):
    browser = PromptBrowser(small)
    status(browser)
    rows, setting = browser.parts["table"], browser.setting
    table = slope_table(small.curves(setting), small.parts(setting)[1], setting.site)
    assert rows.ids == table["prompt"].tolist() and table["slope"].is_monotonic_increasing
    assert [row[3] for row in rows.rows] == table["slope"].tolist()
    shares = browser.parts["summary"].value
    assert "Δ(1) &lt; 0" in shares and "⚠" in shares
    before = {name: browser.parts[name].value for name in ("question", "tokens")}
    browser.parts["pictures"].picked = {"figure": "slopes", "ids": [rows.ids[-1]]}
    assert rows.chosen == rows.ids[-1]
    assert all(browser.parts[name].value != value for name, value in before.items())
    curve = browser.parts["pictures"].figures["curve"]["data"]
    own = small.prompt_curve(replace(setting, pair=rows.chosen))
    assert next(t for t in curve if t.get("name") == "this question")["y"] == pytest.approx(own["change"].tolist())
    browser.controls["layer"].value = 0
    assert rows.chosen in rows.ids and status(browser)


def test_an_error_is_one_line_and_a_bad_layer_does_not_empty_the_panel(small, monkeypatch):
    explorer = ActivationExplorer(small, text="Tea?")
    before = explorer.parts["text"].value
    explorer.controls["text"].value = "a" * 400
    said = explorer.parts["status"].value
    assert "wb-error" in said and "\n" not in said and explorer.parts["text"].value == before
