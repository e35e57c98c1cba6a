"""HTML by small functions: every text that comes from data is escaped here, in one place."""

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any


class Html(str):
    """Markup that is already safe; plain ``str`` is escaped wherever it meets it."""


def safe(value: Any) -> Html:
    """Escape anything but :class:`Html`."""
    return value if isinstance(value, Html) else Html(escape(str(value)))


def tag(name: str, *content: Any, **attributes: Any) -> Html:
    """An element; ``class_`` and ``data_x`` become ``class`` and ``data-x``; None and False attributes are left out."""
    pairs = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{pairs}>{joined(content)}</{name}>")


def joined(parts: Iterable[Any]) -> Html:
    """The parts one after the other, each escaped unless it is markup."""
    return Html("".join(safe(part) for part in parts))


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], *, stacked: bool = False) -> Html:
    """A sortable table. A cell is text, markup, or (sort key, text); numbers align right.

    ``stacked`` turns rows into blocks on a small screen.
    """
    rows = [list(row) for row in rows]
    numeric = [bool(rows) and isinstance(rows[0][k], tuple) for k in range(len(heads))]
    head = tag(
        "thead",
        tag(
            "tr",
            *(
                tag("th", tag("button", h, type="button"), scope="col", class_="number" if n else None)
                for h, n in zip(heads, numeric, strict=True)
            ),
        ),
    )
    body = tag(
        "tbody",
        *(tag("tr", *(cell(v, h if stacked else None) for v, h in zip(row, heads, strict=True))) for row in rows),
    )
    kind = "sortable stacked" if stacked else "sortable"
    return tag("div", tag("table", head, body, class_=kind), class_="scroll")


def cell(value: Any, label: str | None) -> Html:
    if isinstance(value, tuple):
        key, text = value
        return tag("td", text, data_key=key, data_label=label, class_="number")
    return tag("td", value, data_label=label)


def script_json(value: Any) -> Html:
    """JSON that cannot leave its script element, whatever the data hold."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char, code in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(char, code)
    return Html(text)
