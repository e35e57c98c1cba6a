"""Colours that colour-blind readers can tell apart (Okabe and Ito 2008), for a light and a dark page.

Every colour has one light and one dark form; a figure is drawn in the light ones and :func:`recoloured` swaps them, so
that no picture is written twice. Meaning is never carried by colour alone: marks and dashes differ too.
"""

from collections.abc import Mapping
from typing import Any

LIGHT = {
    "ink": "#1b1f24",
    "soft": "#57606a",
    "grid": "#e4e7eb",
    "zero": "#9aa1a9",
    "paper": "#ffffff",
    "blue": "#0072b2",
    "vermillion": "#d55e00",
    "green": "#009e73",
    "orange": "#e69f00",
    "purple": "#cc79a7",
    "sky": "#56b4e9",
    "grey": "#7d8590",
    # ends and middles of the diverging scale: one digit off the marks' colours, because on the dark page they differ
    "neutral": "#f4f3f0",
    "scale_blue": "#0072b1",
    "scale_vermillion": "#d55e01",
    "deep_blue": "#01426b",
    "deep_vermillion": "#8a3a00",
    "band_grey": "rgba(125,133,144,0.28)",
    "band_orange": "rgba(230,159,0,0.22)",
    "band_blue": "rgba(0,114,178,0.20)",
    "band_purple": "rgba(204,121,167,0.22)",
}
DARK = {
    "ink": "#e9ecf0",
    "soft": "#a3abb5",
    "grid": "#2c323a",
    "zero": "#6b737d",
    "paper": "#15191e",
    "blue": "#3f9fe0",
    "vermillion": "#f0803a",
    "green": "#22b98c",
    "orange": "#f0b429",
    "purple": "#dd95bd",
    "sky": "#7cc6f2",
    "grey": "#98a1ac",
    "neutral": "#262b32",
    "scale_blue": "#1f6da6",
    "scale_vermillion": "#ad4f17",
    "deep_blue": "#8fcdf8",
    "deep_vermillion": "#ffbb8c",
    "band_grey": "rgba(152,161,172,0.30)",
    "band_orange": "rgba(240,180,41,0.22)",
    "band_blue": "rgba(63,159,224,0.24)",
    "band_purple": "rgba(221,149,189,0.24)",
}
THEMES = {"light": LIGHT, "dark": DARK}
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"

# value concepts, value-free placebos and story concepts: colour and mark
KINDS = {
    "value": (LIGHT["blue"], "circle"),
    "placebo": (LIGHT["orange"], "square"),
    "story": (LIGHT["green"], "diamond"),
}
# colour, band and dash of the directions that a curve is drawn for; the concept's own one comes last, on top
DIRECTIONS = {
    "random": (LIGHT["grey"], LIGHT["band_grey"], "dot"),
    "shuffled": (LIGHT["orange"], LIGHT["band_orange"], "dash"),
    "transplant": (LIGHT["purple"], LIGHT["band_purple"], "dashdot"),
    "own": (LIGHT["blue"], LIGHT["band_blue"], "solid"),
}
POLES = {
    "positive": LIGHT["blue"],
    "negative": LIGHT["vermillion"],
    "aligned": LIGHT["blue"],
    "unaligned": LIGHT["vermillion"],
}
SERIES = tuple(LIGHT[name] for name in ("blue", "orange", "green", "purple", "sky", "vermillion", "grey"))

# below zero vermillion, above zero blue: told apart by every kind of colour vision, and by lightness from the middle
DIVERGING = [
    [0.0, LIGHT["deep_vermillion"]],
    [0.25, LIGHT["scale_vermillion"]],
    [0.5, LIGHT["neutral"]],
    [0.75, LIGHT["scale_blue"]],
    [1.0, LIGHT["deep_blue"]],
]


def swaps(theme: str) -> dict[str, str]:
    """Light colour -> the theme's colour, for every colour that differs."""
    return {LIGHT[name]: THEMES[theme][name] for name in LIGHT if LIGHT[name] != THEMES[theme][name]}


def recoloured(value: Any, theme: str) -> Any:
    """A copy of a figure's JSON in the colours of ``theme`` ("light" or "dark")."""
    table = swaps(theme)
    return _swap(value, table) if table else value


def _swap(value: Any, table: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return table.get(value, value)
    if isinstance(value, Mapping):
        return {key: _swap(item, table) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_swap(item, table) for item in value]
    return value


def template(theme: str = "light") -> dict:
    """The plotly template of a theme: type, grid, legend under the picture, no fills that hide the data."""
    colour = THEMES[theme]
    axis = {
        "gridcolor": colour["grid"],
        "zerolinecolor": colour["zero"],
        "zerolinewidth": 1,
        "linecolor": colour["zero"],
        "tickcolor": colour["zero"],
        "ticks": "outside",
        "ticklen": 4,
        "automargin": True,
        "title": {"standoff": 8},
    }
    return {
        "layout": {
            "font": {"family": FONT, "size": 13, "color": colour["ink"]},
            "paper_bgcolor": "rgba(0,0,0,0)" if theme == "dark" else colour["paper"],
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": [_swap(c, swaps(theme)) for c in SERIES],
            "xaxis": axis,
            "yaxis": axis,
            "hovermode": "closest",
            "hoverlabel": {
                "align": "left",
                "font": {"family": FONT, "size": 12, "color": colour["ink"]},
                "bgcolor": colour["paper"],
                "bordercolor": colour["zero"],
            },
            "legend": {
                "orientation": "h",
                "x": 0,
                "xanchor": "left",
                "y": 1.02,
                "yanchor": "bottom",
                "bgcolor": "rgba(0,0,0,0)",
                "font": {"size": 12},
            },
            "title": {"x": 0, "xref": "paper", "xanchor": "left", "font": {"size": 16}},
            "margin": {"l": 56, "r": 16, "t": 36, "b": 48},
        }
    }


def kind_marks(found: list[str]) -> dict[str, tuple[str, str]]:
    """Colour and mark of each concept kind found, the three known ones first; any other kind gets a grey cross."""
    return {kind: mark for kind, mark in KINDS.items() if kind in found} | {
        str(kind): (LIGHT["grey"], "cross") for kind in found if kind not in KINDS
    }
