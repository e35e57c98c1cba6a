"""The input widgets that panels share: one per field of a :class:`Setting`, and waiting until a slider rests."""

import asyncio
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import ipywidgets as ip

from workbench.directions import METHODS
from workbench.prompts import PROMPT_TYPES
from workbench.widgets.steering import Setting, Steering

RULES = ("all", "after_prompt", "answer", "last")
# a slider being dragged is followed only when it rests so long (seconds)
REST = 0.15
TITLE = 70


class Debounced:
    """Calls ``act`` once things have rested for ``seconds``; at once where no event loop is running (a script)."""

    def __init__(self, act: Callable[[], None], seconds: float = REST):
        self.act, self.seconds = act, seconds
        self.waiting: asyncio.TimerHandle | None = None

    def __call__(self, *_: Any) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.act()
            return
        if self.waiting:
            self.waiting.cancel()
        self.waiting = loop.call_later(self.seconds, self.act)


def inputs(steering: Steering, begin: Setting) -> dict[str, Any]:
    """An input per field of the setting, in the order of its fields."""
    look = {"style": {"description_width": "110px"}, "layout": ip.Layout(width="98%")}
    dose = {"min": 0.0, "max": 2.0, "step": 0.25, "readout_format": ".2f", **look}
    others = [("no second concept", ""), *((name, name) for name in steering.names)]
    made = {
        "concept": ip.Dropdown(options=steering.names, description="concept", **look),
        "layer": ip.IntSlider(min=0, max=steering.model.n_layers - 1, description="layer", **look),
        "aligned": ip.FloatSlider(description="λ to aligned", **dose),
        "unaligned": ip.FloatSlider(description="λ to unaligned", **dose),
        "operator": ip.Dropdown(options=tuple(steering.operators), description="operator", **look),
        "method": ip.Dropdown(options=tuple(METHODS), description="method", **look),
        "where": ip.Dropdown(options=RULES, description="positions", **look),
        "prompt_type": ip.Dropdown(options=PROMPT_TYPES, description="fitted on", **look),
        "pair": ip.Dropdown(options=[begin.pair], description="question", **look),
        "text": ip.Textarea(description="or free text", placeholder="replaces the question", rows=2, **look),
        "also": ip.Dropdown(options=others, description="and concept", **look),
        "share": ip.FloatSlider(description="times", **dose | {"min": -2.0}),
        "max_new_tokens": ip.BoundedIntText(min=1, max=256, description="new tokens", **look),
    }
    for name in (field.name for field in fields(Setting)):
        if name != "pair":
            made[name].value = getattr(begin, name)
    return made


def titled(question: str) -> str:
    """The line of a question that tells it from others, cut."""
    lines = [line for line in question.splitlines() if line.strip()] or [question]
    return lines[-1] if len(lines[-1]) <= TITLE else lines[-1][: TITLE - 1] + "…"
