"""Every panel in JupyterLab 4: it draws in light and dark, follows the keyboard, and asks no outside host for anything.

Needs playwright (of the extra ``dev``, no browser of its own) and a Chromium; skipped where either is missing.
Screenshots and the latency table go to ``WORKBENCH_SHOTS`` where that names a folder.
"""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import numpy as np
import pytest

from workbench.figures.export import find_browser

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.slow

CELLS = [
    "import workbench as wb\nfrom probes import MeanDifference\n"
    "from workbench.widgets import ActivationExplorer, GeometryExplorer, PromptBrowser, Steering, SteeringPanel\n"
    "steering = Steering(wb.load('persona-inert'), ['art', 'power'])\nready = 'ready'",
    "SteeringPanel(steering)",
    "ActivationExplorer(steering, {'means': MeanDifference()}, text='I like to draw', other='I never draw')",
    "GeometryExplorer(steering)",
    "PromptBrowser(steering)",
]
PANELS = ("steering", "activations", "geometry", "prompts")
SETTINGS = {
    "apputils-extension/notification": {"checkForUpdates": False, "fetchNews": "false", "doNotDisturbMode": True},
    "notebook-extension/tracker": {"windowingMode": "none", "kernelShutdown": True},
}
LOCAL = ("127.0.0.1", "localhost", "")
# milliseconds: for a kernel to start and all cells to run on a busy machine; for what follows a key or a click
WAIT, SOON = 240_000, 30_000
MOVES = 10


@pytest.fixture(scope="module")
def browser_program() -> str:
    found = find_browser()
    if not found:
        pytest.skip("no Chromium or Chrome was found")
    return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab of its own on this machine: (address, folder of its settings)."""
    folder = tmp_path_factory.mktemp("lab")
    cells = [{"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": source, "outputs": [],
              "execution_count": None} for i, source in enumerate(CELLS)]  # fmt: skip
    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": cells, "metadata": spec, "nbformat": 4, "nbformat_minor": 5}
    (folder / "panels.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    homes = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR",
             "JUPYTERLAB_WORKSPACES_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}  # fmt: skip
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}", "--ServerApp.ip=127.0.0.1",
               "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True",
               "--LabApp.extension_manager=readonly", "--allow-root"]  # fmt: skip
    log = (folder / "lab.log").open("w")
    server = subprocess.Popen(command, env=os.environ | homes, stdout=log, stderr=log, cwd=folder)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(address, server, folder / "lab.log")
        yield address, folder / "jupyterlab_settings_dir"
    finally:
        server.terminate()
        server.wait(30)
        log.close()


def wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        assert server.poll() is None, log.read_text()[-2000:]
        try:
            urlopen(f"{address}/api", timeout=2).close()
            return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"JupyterLab did not answer: {log.read_text()[-2000:]}")


def settle(folder: Path, theme: str) -> None:
    """The reader's settings: no news, no windowing, a theme."""
    for name, content in (SETTINGS | {"apputils-extension/themes": {"theme": theme}}).items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture(scope="module", params=["JupyterLab Light", "JupyterLab Dark"])
def page(request, lab, browser_program):
    """The notebook, run, in one theme; what the page asked for and complained of is kept on it."""
    address, settings = lab
    settle(settings, request.param)
    with playwright.sync_playwright() as started:
        arguments = ["--no-sandbox", "--enable-unsafe-swiftshader"]
        browser = started.chromium.launch(executable_path=browser_program, args=arguments)
        page = browser.new_page(viewport={"width": 1500, "height": 1500})
        asked, errors = [], []
        page.on("request", lambda r: asked.append(r.url))
        page.on("websocket", lambda w: asked.append(w.url))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.goto(f"{address}/lab/workspaces/{request.param.split()[1]}/tree/panels.ipynb")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=WAIT)
        page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area').catch(() => 0)")
        page.wait_for_function("window.jupyterapp.shell.currentWidget?.context?.sessionContext?.session?.kernel",
                               timeout=WAIT)  # fmt: skip
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function("document.querySelectorAll('.jp-OutputArea-output .wb-steering').length == 4",
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


def test_each_panel_is_drawn_and_looks_its_theme(page, shots):
    dark = page.theme.endswith("Dark")
    assert page.evaluate("document.body.dataset.jpThemeLight") == ("false" if dark else "true")
    for name in PANELS:
        place = panel(page, name)
        place.scroll_into_view_if_needed()
        assert place.locator(".wb-error").count() == 0, place.locator(".wb-error").first.inner_text()
        assert place.locator(".js-plotly-plot .main-svg").count() >= 2, name
        wide = place.evaluate("e => [...e.querySelectorAll('.js-plotly-plot')].map("
                              "p => p.querySelector('.main-svg').clientWidth - p.clientWidth)")  # fmt: skip
        assert max(wide) <= 1, f"{name}: pictures lie over one another by {wide} pixels"
        place.screenshot(path=str(shots / f"{name}-{'dark' if dark else 'light'}.png"))
    ink = page.evaluate("getComputedStyle(document.querySelector('.wb-read')).color")
    assert bool(np.mean([int(c) for c in ink.strip("rgba()").split(",")[:3]]) > 128) == dark


def test_a_slider_is_followed_by_keyboard(page, shots):
    place, seconds = panel(page, "activations"), []
    handle = place.locator(".noUi-handle").first
    handle.scroll_into_view_if_needed()
    handle.focus()
    for k in range(MOVES):
        before, began = place.locator("h4").first.inner_text(), time.perf_counter()
        handle.press("ArrowLeft" if k % 2 == 0 else "ArrowRight")
        page.wait_for_function("([old, n]) => document.querySelectorAll('.jp-OutputArea-output .wb-steering')[n]"
                               ".querySelector('h4').innerText != old", arg=[before, 1], timeout=SOON)  # fmt: skip
        seconds.append(time.perf_counter() - began)
    keep_latency(shots, page, "activations: layer", seconds)


def test_pictures_follow_the_dose_and_writing_can_be_stopped(page, shots):
    """From the key press until the page holds the new picture; the text follows, and Stop ends it."""
    place, seconds = panel(page, "steering"), []
    slider = place.locator(".widget-hslider", has_text="to aligned").first
    handle = slider.locator(".noUi-handle").first
    handle.scroll_into_view_if_needed()
    handle.focus()
    marks = ("n => { const d = [...document.querySelectorAll('.jp-OutputArea-output .wb-steering')][n]"
             ".querySelectorAll('.js-plotly-plot')[1].data; return JSON.stringify(d[d.length - 1].x); }")  # fmt: skip
    for k in range(MOVES):
        before, began = page.evaluate(marks, 0), time.perf_counter()
        handle.press("ArrowRight" if k % 2 == 0 else "ArrowLeft")
        page.wait_for_function(f"old => ({marks})(0) != old", arg=before, timeout=SOON)
        seconds.append(time.perf_counter() - began)
    keep_latency(shots, page, "steering: picture", seconds)
    texts = "document.querySelector('.jp-OutputArea-output .wb-columns').innerText"
    place.locator("[role=status]:not(:has-text('writing'))").first.wait_for(timeout=SOON)
    written = page.evaluate(texts)
    tokens = place.locator(".widget-text:has-text('new tokens') input, input[type=number]").first
    tokens.fill("200")
    tokens.press("Enter")
    stop = place.locator("button", has_text="Stop writing")
    button = "document.querySelector('.jp-OutputArea-output .wb-steering button')"
    page.wait_for_function(f"!{button}.disabled", timeout=SOON)
    stop.click()
    place.locator("[role=status]:has-text('stopped')").wait_for(timeout=SOON)
    assert page.evaluate(texts) != written


def keep_latency(shots: Path, page, what: str, seconds: list[float]) -> None:
    """Median and 95 % of some moves, in milliseconds, beside the screenshots."""
    median, high = (round(1000 * float(np.quantile(seconds, q))) for q in (0.5, 0.95))
    row = {"what": what, "theme": page.theme, "moves": len(seconds), "median_ms": median, "p95_ms": high}
    with (shots / "latency.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")


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
