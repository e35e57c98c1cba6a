# pyright: reportAttributeAccessIssue=false
# (plotly makes the attributes of a figure while it runs)
"""One look for all figures, in a light and a dark form and in the sizes that papers and slides have."""

from collections.abc import Sequence
from typing import Any

from plotly.graph_objects import Figure

from workbench.plots.palette import FONT, THEMES, recoloured, template
from workbench.types import WorkbenchError

# what a journal's page has, in CSS pixels (96 per inch): one column 90 mm, both together 183 mm
WIDTHS = {"single": 340, "double": 690}
# width and height in CSS pixels: one column, a text width on a screen, a slide
SIZES: dict[str, tuple[int, int]] = {"column": (WIDTHS["single"], 280), "page": (900, 540), "slide": (1280, 720)}
# font size in pixels, and how much taller than on a page a figure stands for its width
PRINT = {"single": (9, 1.6), "double": (11, 1.0)}


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


def in_column(figure: Figure, width: str) -> Figure:
    """A copy, of a figure with a size, as wide as ``width`` ("single" or "double" column), without title and sentence.

    Those belong to the caption. Raises WorkbenchError for another width.
    """
    if width not in WIDTHS:
        raise WorkbenchError(f"width {width!r} is unknown; expected one of {', '.join(WIDTHS)}")
    size, taller = PRINT[width]
    wide, high = figure.layout.width or SIZES["page"][0], figure.layout.height or SIZES["page"][1]
    copy = Figure(figure)
    copy.update_layout(
        width=WIDTHS[width],
        height=round(WIDTHS[width] * high / wide * taller),
        font={"family": FONT, "size": size},
        title={"text": "", "subtitle": {"text": ""}},
        margin={"t": 22, "l": 44, "r": 10, "b": 44},
        legend={"yref": "container", "y": 0.0, "yanchor": "bottom", "font": {"size": size - 1}},
    )
    # a tall picture has many rows, and often as many columns
    ticks = size - 2 if high > SIZES["page"][1] else size - 1
    copy.update_xaxes(title_font_size=size, tickfont_size=ticks)
    copy.update_yaxes(title_font_size=size, tickfont_size=ticks)
    copy.update_annotations(font_size=size - 2)
    # numbers in cells that are as much narrower as the picture
    copy.update_traces(textfont_size=size - 2, selector={"type": "heatmap"})
    shared = ((copy.layout.meta or {}).get("multiples") or {}).get("axes")
    if shared:
        _axes_of_all(copy, shared, size)
    return copy


def _axes_of_all(figure: Figure, titles: Sequence[str], size: int) -> None:
    """One title per axis for all small multiples, in the margins that :func:`in_column` leaves."""
    plain = {"xref": "paper", "yref": "paper", "showarrow": False, "font": {"size": size}}
    figure.add_annotation(text=titles[0], x=0.5, y=0, yanchor="top", yshift=-2, **plain)
    figure.add_annotation(text=titles[1], x=0, y=0.5, xanchor="right", xshift=-26, textangle=-90, **plain)
