# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Tokens coloured by what is read at them, as HTML of our own.

circuitsvis draws coloured tokens too, and its JavaScript lies in its package (``dist/cdn/iife.js``). Not used here:
its ``_repr_html_`` first asks a host of the internet whether it is online and then loads from another one; its local
source writes tokens into a script unescaped, so that a token with a closing script tag ends it; its tokens cannot be
reached by keyboard, carry no mark but colour, and bring 1.3 MB for every picture.
"""

from html import escape

import pandas as pd

from workbench.plots.token_heatmap import visible
from workbench.types import Effect

# colour of a value at the end of the scale; more would hide the letters
STRONGEST = 0.6


def tokens_html(readings: pd.DataFrame, layer: int, scale: float, title: str, unit: str) -> str:
    """One text: colour is the value at ``layer``, the number stands below, solid lines mark what controls do not reach.

    Every token can be focused; hovering or focusing tells its value and the range of its controls.
    """
    rows = readings[readings["layer"] == layer]
    words = "".join(_token(row, scale, unit) for row in rows.itertuples())
    return (
        f'<div class="wb-text" style="--wb-pole: transparent"><h4>{escape(title)}</h4>'
        f'<div class="wb-tokens" role="list" aria-label="tokens of {escape(title)}">{words}</div></div>'
    )


def legend_html(scale: float, unit: str) -> str:
    """What colours and lines mean."""
    steps = [k * scale / 2 for k in (-2, -1, 0, 1, 2)]
    boxes = "".join(f'<span class="wb-read" style="{_colour(v, scale)}">{v:+.1f}</span>' for v in steps)
    return (
        f'<div class="wb-soft">{boxes} {escape(unit)} · blue toward aligned, vermillion toward unaligned · solid line: '
        "beyond the central 95 % of the controls at that token; dotted: within. Readers were fitted at the last token "
        "of their prompts: at others they extrapolate.</div>"
    )


def quality_html(found: dict[str, Effect], layer: int) -> str:
    """In-sample and held-out AUROC side by side, the in-sample one marked."""
    inside, outside = found["in-sample"], found["held out"]
    return (
        f'<div class="wb-soft">reader of layer {layer}: AUROC held out {_effect(outside)} '
        f"({outside.n_groups} groups) · <span class=wb-warn>⚠ in-sample {_effect(inside)}: fitted on these pairs, "
        "believe the held-out one</span></div>"
    )


def scale_of(tables: list[pd.DataFrame], layer: int) -> float:
    """One colour scale for all texts: what 19 of 20 tokens stay below at the layer, at least 1.

    A first token that absorbs attention can be many times larger than all others; it is drawn as strong as can be.
    """
    values = pd.concat([table.loc[table["layer"] == layer, "value"] for table in tables]).abs()
    return max(1.0, float(values.quantile(0.95)))


def _effect(effect: Effect) -> str:
    return f"{effect.estimate:.2f} [{effect.low:.2f}, {effect.high:.2f}]"


def _token(row, scale: float, unit: str) -> str:
    about = f"{row.value:+.2f} ({unit})"
    if row.low == row.low:
        reach = "beyond" if row.outside else "within"
        about += f", {reach} the controls’ {row.low:+.2f} to {row.high:+.2f}"
    name = escape(visible(row.token))
    line = "solid" if row.outside else "dotted"
    return (
        f'<span class="wb-read wb-{line}" role="listitem" tabindex="0" style="{_colour(row.value, scale)}" '
        f'data-about="{escape(about)}" aria-label="{name}: {escape(about)}">{name}'
        f"<small>{row.value:+.1f}</small></span>"
    )


def _colour(value: float, scale: float) -> str:
    alpha = round(min(1.0, abs(value) / scale) * STRONGEST, 3)
    return f"background: rgba(var(--wb-{'up' if value > 0 else 'down'}), {alpha})"
