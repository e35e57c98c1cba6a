"""Every panel in JupyterLab 4: it draws in light and dark, follows the keyboard, and asks no outside host for anything.

Needs playwright (of the extra ``dev``, no browser of its own) and a Chromium; skipped where either is missing.
Screenshots and the latency table go to ``WORKBENCH_SHOTS`` where that names a folder; on a machine that has much else
to do ``WORKBENCH_PATIENCE`` multiplies how long is waited.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from labserver import running, settle
from latency import CLOCK, keep, legs, watch, watch_text

from workbench.figures.export import find_browser

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.slow

CELLS = [
    "import workbench as wb\nfrom probes import MeanDifference\n"
    "from workbench.widgets import ActivationExplorer, CircuitView, GeometryExplorer, PromptBrowser\n"
    "from workbench.widgets import Steering, SteeringPanel, attention_heads\n"
    "steering = Steering(wb.load('persona-inert'), ['art', 'power'])\nready = 'ready'",
    # a writer that cannot be done before a busy browser presses Stop; one token is as fast as ever
    "import time\nfrom workbench.widgets import steering_panel\nfrom workbench.widgets.text import writing\n"
    "def slowly(steering, setting):\n"
    "    for step in writing(steering, setting):\n        yield step\n"
    "        time.sleep(0.1 if setting.max_new_tokens > 100 else 0)\n"
    "steering_panel.writing = slowly",
    "SteeringPanel(steering)",
    "ActivationExplorer(steering, {'means': MeanDifference()}, text='I like to draw', other='I never draw')",
    "GeometryExplorer(steering)",
    "PromptBrowser(steering)",
    "CircuitView(steering)",
    "attention_heads(steering.model, 'I like to draw', [(0, 1), (2, 3)])",
]
PANELS = ("steering", "activations", "geometry", "prompts", "circuits")
# the dose toward unaligned that a steering panel's picture shows (its last mark)
DOSE = ("n => [...document.querySelectorAll('.jp-OutputArea-output .wb-steering')][n]"
        ".querySelectorAll('.js-plotly-plot')[1].data.at(-1).x[0]")  # fmt: skip
LOCAL = ("127.0.0.1", "localhost", "")
# milliseconds: for a kernel to start and all cells to run on a busy machine; for what follows a key or a click
PATIENCE = float(os.environ.get("WORKBENCH_PATIENCE", "1"))
WAIT, SOON = 240_000 * PATIENCE, 30_000 * PATIENCE
# what is drawn again when a slider rests belongs to the move before
MOVES, QUIET = 10, 400


@pytest.fixture(scope="module")
def browser_program() -> str:
    found = find_browser()
    if not found:
        pytest.skip("no Chromium or Chrome was found")
    return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with running(tmp_path_factory.mktemp("lab"), CELLS) as found:
        yield found


@pytest.fixture(scope="module", params=["JupyterLab Light", "JupyterLab Dark"])
def page(request, lab, browser_program):
    """The notebook, run, in one theme; what the page asked for and complained of is kept on it."""
    address, settings = lab
    settle(settings, request.param)
    with playwright.sync_playwright() as started:
        arguments = ["--no-sandbox", "--enable-unsafe-swiftshader"]
        browser = started.chromium.launch(executable_path=browser_program, args=arguments)
        page = browser.new_page(viewport={"width": 1500, "height": 1500})
        page.set_default_timeout(SOON)
        page.add_init_script(CLOCK)
        asked, errors = [], []
        page.on("request", lambda r: asked.append(r.url))
        page.on("websocket", lambda w: asked.append(w.url))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.goto(f"{address}/lab/workspaces/{request.param.split()[1]}/tree/panels.ipynb", timeout=WAIT)
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=WAIT)
        page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area').catch(() => 0)")
        page.wait_for_function("window.jupyterapp.shell.currentWidget?.context?.sessionContext?.session?.kernel",
                               timeout=WAIT)  # fmt: skip
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function("document.querySelectorAll('.jp-OutputArea-output .wb-steering').length == 5",
                               timeout=WAIT)  # fmt: skip
        page.wait_for_function("document.querySelectorAll('.js-plotly-plot').length >= 9", timeout=WAIT)
        page.asked, page.errors, page.theme = asked, errors, request.param
        yield page
        browser.close()


@pytest.fixture(scope="module")
def shots(tmp_path_factory) -> Path:
    named = os.environ.get("WORKBENCH_SHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def panel(page, name: str):
    return page.locator(".jp-OutputArea-output .wb-steering").nth(PANELS.index(name))


def looked_at(page, name: str, shots: Path) -> None:
    """No error, a heading, pictures that lie beside one another; and a screenshot."""
    place = panel(page, name)
    place.scroll_into_view_if_needed()
    assert place.locator(".wb-error").count() == 0, place.locator(".wb-error").first.inner_text()
    assert place.locator("h3").first.inner_text()
    assert place.locator(".js-plotly-plot .main-svg").count() >= 2, name
    wide = place.evaluate("e => [...e.querySelectorAll('.js-plotly-plot')].map("
                          "p => p.querySelector('.main-svg').clientWidth - p.clientWidth)")  # fmt: skip
    assert max(wide) <= 1, f"{name}: pictures lie over one another by {wide} pixels"
    place.screenshot(path=str(shots / f"{name}-{'dark' if page.theme.endswith('Dark') else 'light'}.png"))


def test_each_panel_is_drawn_and_looks_its_theme(page, shots):
    dark = page.theme.endswith("Dark")
    assert page.evaluate("document.body.dataset.jpThemeLight") == ("false" if dark else "true")
    for name in PANELS:
        if name != "circuits":  # which are computed on asking, below
            looked_at(page, name, shots)
    ink = page.evaluate("getComputedStyle(document.querySelector('.wb-read')).color")
    assert bool(np.mean([int(c) for c in ink.strip("rgba()").split(",")[:3]]) > 128) == dark


def test_a_slider_is_followed_by_keyboard(page, shots):
    place, moves = panel(page, "activations"), []
    handle, head = place.locator(".noUi-handle").first, place.locator("h4").first
    handle.scroll_into_view_if_needed()
    handle.focus()
    watch_text(place.locator(".widget-html-content:has(h4)").first)  # the heat maps show every layer and stay
    rested = place.locator("[role=status]:not(:has-text('computing'))").first
    for k in range(MOVES):
        rested.wait_for(timeout=SOON)
        page.wait_for_timeout(QUIET)
        before = head.inner_text()
        moves.append(legs(page, lambda to="Left" if k % 2 == 0 else "Right": handle.press(f"Arrow{to}"), SOON))
        page.wait_for_function("([old, n]) => document.querySelectorAll('.jp-OutputArea-output .wb-steering')[n]"
                               ".querySelector('h4').innerText != old", arg=[before, 1], timeout=SOON)  # fmt: skip
    assert all(low <= high for low, high in keep(shots, "activations: layer, tokens", page.theme, moves).values())


def test_pictures_follow_the_dose_and_writing_can_be_stopped(page, shots):
    """Every dose of the slider once, from the key press to the picture; the text follows, and Stop ends it."""
    place, moves = panel(page, "steering"), []
    tokens = place.locator(".widget-text:has-text('new tokens') input, input[type=number]").first
    rested = place.locator("[role=status]:not(:has-text('writing')):not(:has-text('computing'))").first
    tokens.fill("1")
    tokens.press("Enter")
    handle = place.locator(".widget-hslider", has_text="to aligned").first.locator(".noUi-handle").first
    handle.scroll_into_view_if_needed()
    handle.focus()
    handle.press("Home")
    page.wait_for_function(f"({DOSE})(0) === 0", timeout=SOON)
    watch(place.locator(".js-plotly-plot").nth(1))
    for k in range(1, 9):
        rested.wait_for(timeout=SOON)
        page.wait_for_timeout(QUIET)
        moves.append(legs(page, lambda: handle.press("ArrowRight"), SOON))
        page.wait_for_function(f"({DOSE})(0) === {-k / 4}", timeout=SOON)
    assert all(low <= high for low, high in keep(shots, "steering: dose, curve", page.theme, moves).values())
    page.wait_for_timeout(QUIET)  # the last move has begun to write: what is stopped below is what is asked below
    rested.wait_for(timeout=SOON)
    texts = "document.querySelector('.jp-OutputArea-output .wb-columns').innerText"
    written = page.evaluate(texts)
    tokens.fill("200")
    tokens.press("Enter")
    stop = place.locator("button", has_text="Stop writing")
    button = "document.querySelector('.jp-OutputArea-output .wb-steering button')"
    page.wait_for_function(f"!{button}.disabled", timeout=SOON)
    stop.click()
    place.locator("[role=status]:has-text('stopped')").wait_for(timeout=SOON)
    assert page.evaluate(texts) != written


def test_circuits_are_computed_on_asking_and_follow_their_controls(page, shots):
    place = panel(page, "circuits")
    button = place.locator("button", has_text="Compute circuits")
    button.scroll_into_view_if_needed()
    assert place.locator(".js-plotly-plot").count() == 0 and "not computed yet" in place.inner_text()
    button.focus()
    button.press("Enter")
    place.locator(".js-plotly-plot").nth(5).wait_for(timeout=WAIT)
    assert place.locator("li", has_text="difference, read").count() == 1
    # of the circuit toward the aligned pole: the edges that are drawn
    edges = ("n => document.querySelectorAll('.jp-OutputArea-output .wb-steering')[n]"
             ".querySelector('.js-plotly-plot').data.length")  # fmt: skip
    handle = place.locator(".widget-hslider", has_text="edges shown").first.locator(".noUi-handle").first
    handle.focus()
    before = page.evaluate(edges, PANELS.index("circuits"))
    handle.press("ArrowLeft")
    page.wait_for_function(f"([n, old]) => ({edges})(n) < old", arg=[PANELS.index("circuits"), before], timeout=SOON)
    place.locator("select").last.select_option("passes on")
    place.locator(".js-plotly-plot .gtitle", has_text="pass").wait_for(timeout=SOON)
    looked_at(page, "circuits", shots)


def test_attention_is_drawn_in_a_frame_of_its_own(page, shots):
    place = page.locator("iframe[title='attention patterns']").first
    place.scroll_into_view_if_needed()
    inside = page.frame_locator("iframe[title='attention patterns']").first
    inside.locator("text=L2H3").first.click()
    inside.locator("text=L2H3 Zoomed").wait_for(timeout=SOON)
    place.screenshot(path=str(shots / f"attention-{'dark' if page.theme.endswith('Dark') else 'light'}.png"))


def test_a_focused_token_tells_its_value(page):
    token = panel(page, "activations").locator(".wb-read[tabindex]").nth(2)
    token.focus()
    assert "controls" in token.get_attribute("data-about") and token.get_attribute("aria-label")
    assert "controls" in token.evaluate("e => getComputedStyle(e, '::after').content")


def test_a_clicked_point_shows_its_prompt(page):
    place = panel(page, "geometry")
    place.scroll_into_view_if_needed()
    point = place.locator(".js-plotly-plot").first.locator(".scatterlayer .points path")
    box = point.last.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    place.locator("table[aria-label='picked prompts'], [role=status]:has-text('fitted pairs')").wait_for(timeout=SOON)


def test_the_table_sorts_and_is_walked_through_by_keyboard(page):
    place = panel(page, "prompts")
    place.scroll_into_view_if_needed()
    head = place.locator("th button", has_text="slope")
    first = place.locator(".wb-rows tbody tr").first
    before = first.get_attribute("data-id")
    head.focus()
    page.keyboard.press("Enter")
    place.locator("th[aria-sort=descending]").wait_for(timeout=SOON)
    assert first.get_attribute("data-id") != before
    first.focus()
    page.keyboard.press("ArrowDown")
    chosen = place.locator("tr[aria-selected=true] td").first
    words = chosen.inner_text()
    place.locator(".wb-prompt", has_text=words.strip("“”\"…")[:30]).wait_for(timeout=SOON)


def test_no_outside_host_was_asked_and_the_console_is_clean(page):
    """Runs last: it speaks of everything above."""
    outside = [url for url in page.asked if urlsplit(url).scheme not in ("data", "blob")
               and urlsplit(url).hostname not in LOCAL]  # fmt: skip
    assert page.asked and outside == []
    assert page.errors == []
