"""One look for all figures, in a light and a dark form and in the sizes that papers and slides have."""

from typing import Any

from plotly.graph_objects import Figure

from workbench.plots.palette import FONT, THEMES, recoloured, template
from workbench.types import WorkbenchError

# width and height in CSS pixels (96 per inch): one column, a text width, a slide
SIZES: dict[str, tuple[int, int]] = {"column": (340, 280), "page": (900, 540), "slide": (1280, 720)}


def themed(figure: Figure, theme: str = "light") -> Figure:
    """A copy in the colours of ``theme`` ("light" or "dark"); data stay as they are."""
    if theme not in THEMES:
        raise WorkbenchError(f"theme {theme!r} is unknown; expected one of {', '.join(THEMES)}")
    content: dict[str, Any] = recoloured(figure.to_plotly_json(), theme)
    content["layout"]["template"] = template(theme)
    if theme == "dark":
        content["layout"]["paper_bgcolor"] = THEMES[theme]["paper"]
    return Figure(content)


def sized(figure: Figure, size: str | tuple[int, int] = "page") -> Figure:
    """A copy for print: fixed size, title and sentence above, legend below the axis titles."""
    if isinstance(size, str) and size not in SIZES:
        raise WorkbenchError(
            f"size {size!r} is unknown; expected one of {', '.join(SIZES)} or (width, height) in pixels"
        )
    width, height = SIZES[size] if isinstance(size, str) else size
    copy = Figure(figure)
    title = copy.layout.title
    see = title.subtitle.text or ""
    lines = see.count("<br>") + bool(see)
    small = width < 500
    copy.update_layout(
        width=width,
        height=height,
        font={"family": FONT, "size": 9 if small else 13},
        margin={"t": 44 if small else 62 + 17 * lines, "l": 48, "r": 16, "b": 48},
        title={
            "font": {"size": 11 if small else 17},
            "x": 0.012,
            "xref": "container",
            "yref": "container",
            "y": 0.985,
            "yanchor": "top",
            "subtitle": {"text": "" if small else see, "font": {"size": 12}},
        },
        legend={"yref": "container", "y": 0.0, "yanchor": "bottom", "font": {"size": 8 if small else 12}},
    )
    return copy
