"""What every panel on a notebook page is: a heading, a status line, and errors that become one line in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from time import perf_counter
from typing import Any

import ipywidgets as ip

from workbench.models import exclusive
from workbench.widgets import shown
from workbench.widgets.steering import Steering


class View(ip.VBox):
    """Widgets below one another under ``title``; ``parts`` holds what is shown, its "status" among them."""

    title: str = ""
    steering: Steering
    parts: dict[str, Any]

    def __init__(self, children: list):
        super().__init__([ip.HTML(f"{shown.style()}<h3>{escape(self.title)}</h3>"), *children])
        self.add_class("wb-steering")

    def tell(self, words: str) -> None:
        """The status line; ``words`` are ours, nothing from data."""
        self.parts["status"].value = f'<div class="wb-soft" role="status">{words}</div>'

    @contextmanager
    def guarded(self) -> Iterator[Callable[[], str]]:
        """What fails inside becomes the status line, and what was shown before stays; yields the time that has passed.

        An exception in a widget's callback would otherwise be lost in a log that nobody reads. Callbacks come in
        threads of their own in JupyterLab: each waits until nobody else is in the model.
        """
        try:
            with exclusive(self.steering.model):
                began = perf_counter()
                yield lambda: f"{perf_counter() - began:.1f} s"
        except Exception as error:  # noqa: BLE001
            self.parts["status"].value = shown.error_html(error)
