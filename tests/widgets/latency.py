"""From a key press to the picture, by the page's own clock: the kernel is asked, it answers, the picture is drawn.

Nothing is polled, so that what is measured is not the test itself.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

# runs in the page before anything else does
CLOCK = """
window.wbTimes = [];
const mark = (what, size) => window.wbTimes.push([what, performance.now(), size ?? 0]);
document.addEventListener("keydown", () => mark("key"), true);
window.WebSocket = class extends window.WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => mark("came", data.byteLength ?? data.length));
  }
  send(data) { mark("sent"); super.send(data); }
};
"""
# a picture was drawn after the kernel was asked, after the key was pressed
DRAWN = """() => {
  const times = window.wbTimes, key = times.findIndex(([what]) => what === "key");
  const sent = times.findIndex(([what], i) => key >= 0 && i > key && what === "sent");
  return sent > 0 && times.slice(sent).some(([what]) => what === "drawn");
}"""
LEGS = ("slider to kernel", "kernel", "kernel to picture", "together")


def watch(plot) -> None:
    """Marks every time that a plotly picture (a locator of its element) is drawn."""
    plot.evaluate("p => p.on('plotly_afterplot', () => window.wbTimes.push(['drawn', performance.now(), 0]))")


def watch_text(place) -> None:
    """Marks every time that the HTML inside an element (a locator) is replaced."""
    place.evaluate("e => new MutationObserver(() => window.wbTimes.push(['drawn', performance.now(), 0]))"
                   ".observe(e, { childList: true, subtree: true })")  # fmt: skip


def legs(page, press: Callable[[], None], timeout: float) -> list[float]:
    """Milliseconds of :data:`LEGS` for one key press; what brought the picture is the largest message before it."""
    page.evaluate("window.wbTimes = []")
    press()
    page.wait_for_function(DRAWN, timeout=timeout)
    times = page.evaluate("window.wbTimes")
    key = next(at for what, at, _ in times if what == "key")
    sent = next(at for what, at, _ in times if what == "sent" and at >= key)
    drawn = next(at for what, at, _ in times if what == "drawn" and at >= sent)
    came = max((size, at) for what, at, size in times if what == "came" and sent <= at <= drawn)[1]
    return [sent - key, came - sent, drawn - came, drawn - key]


def keep(folder: Path, what: str, theme: str, moves: list[list[float]]) -> dict[str, list[int]]:
    """[median, 95 %] of every leg, in milliseconds; also a line of ``latency.jsonl`` beside the screenshots."""
    found = {name: [round(float(np.quantile(column, q))) for q in (0.5, 0.95)]
             for name, column in zip(LEGS, np.array(moves).T, strict=True)}  # fmt: skip
    with (folder / "latency.jsonl").open("a") as file:
        file.write(json.dumps({"what": what, "theme": theme, "moves": len(moves), **found}) + "\n")
    return found
