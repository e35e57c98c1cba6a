# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Numbers of a setting as HTML and pictures. Text from data or a model is escaped here; everything else is ours."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np
import pandas as pd
from plotly.graph_objects import Figure

from workbench.plots import propensity_curve
from workbench.plots.palette import DARK, LIGHT, POLES
from workbench.plots.picture import axis, picture
from workbench.plots.words import plain
from workbench.types import Pole
from workbench.widgets.notices import Notice
from workbench.widgets.steering import COLUMNS, Dose, Setting
from workbench.widgets.text import Completion

HEADS = {"unsteered": "unsteered", "aligned": "toward aligned", "unaligned": "toward unaligned"}
COLOURS = {"unsteered": LIGHT["grey"], **{pole: POLES[pole] for pole in ("aligned", "unaligned")}}
MARKS = {"aligned": "triangle-up", "unaligned": "triangle-down"}
# a log-prob below this is drawn as faint as one at it
FAINT = -4.0
DARK_PAGE = 'body[data-jp-theme-light="false"] .wb-steering'
STYLE = """
.wb-steering { color: var(--jp-ui-font-color1, #1b1f24); }
.wb-steering h3 { margin: 4px 0 8px; font-size: 16px; font-weight: 600; }
.wb-steering .wb-columns { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 10px; }
.wb-steering .wb-text { border-top: 3px solid var(--wb-pole); padding: 4px 0; line-height: 1.3;
  overflow-wrap: anywhere; }
.wb-steering .wb-text h4 { margin: 0 0 4px; font-size: 13px; }
.wb-steering .wb-token { display: inline-block; text-align: center; white-space: pre-wrap;
  margin: 1px 0; max-width: 100%;
  border-bottom: 2px solid rgba(125, 133, 144, var(--wb-sure)); }
.wb-steering small, .wb-steering .wb-soft { color: var(--jp-ui-font-color2, #57606a); font-size: 11px; }
.wb-steering .wb-token small { display: block; font-size: 10px; padding: 0 2px; }
.wb-steering ul { margin: 2px 0; padding-left: 0; list-style: none; line-height: 1.45; }
.wb-steering .wb-warn, .wb-steering .wb-error { color: var(--wb-vermillion); }
.wb-steering .wb-error { font-weight: 600; overflow-wrap: anywhere; }
.wb-steering .wb-prompt { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 10.9em; overflow-y: auto;
  font-family: var(--jp-code-font-family, monospace); font-size: 12px; line-height: 1.35; }
.wb-steering .wb-tokens { line-height: 1.25; padding: 2px 0 6px; }
.wb-steering .wb-read { position: relative; display: inline-block; text-align: center; white-space: pre-wrap;
  padding: 1px 3px; margin: 1px; min-width: 1.2em; border-bottom: 2px dotted transparent; border-radius: 2px; }
.wb-steering .wb-read small { display: block; font-size: 10px; color: inherit; }
.wb-steering .wb-dotted { border-bottom: 2px dotted var(--jp-ui-font-color2, #57606a); }
.wb-steering .wb-solid { border-bottom: 2px solid currentColor; }
.wb-steering .wb-read:focus { outline: 2px solid var(--jp-brand-color1, #1976d2); }
.wb-steering .wb-read:hover::after, .wb-steering .wb-read:focus::after { content: attr(data-about); position: absolute;
  left: 0; top: 100%; z-index: 10; width: max-content; max-width: 320px; padding: 3px 6px; text-align: left;
  font-size: 11px; color: var(--jp-ui-font-color1, #1b1f24); background: var(--jp-layout-color1, #fff);
  border: 1px solid var(--jp-border-color1, #9aa1a9); }
.wb-steering .wb-read:not([data-about])::after { display: none; }
.wb-steering table.wb-table { border-collapse: collapse; font-size: 12px; color: inherit; }
.wb-steering table.wb-table th, .wb-steering table.wb-table td { padding: 2px 8px; text-align: left;
  border-bottom: 1px solid var(--jp-border-color2, #d0d4d9); color: inherit; background: none; }
.wb-steering table.wb-table td.wb-number { text-align: right; font-variant-numeric: tabular-nums; }
.wb-steering textarea, .wb-steering select, .wb-steering input { color: var(--jp-ui-font-color1, #1b1f24); }
"""


def style() -> str:
    """The panel's style sheet, for light and dark pages."""
    rules = [
        STYLE,
        f".wb-steering {{ --wb-vermillion: #b24a00; {_channels(LIGHT)} }}",
        f"{DARK_PAGE} {{ --wb-vermillion: {DARK['orange']}; {_channels(DARK)} }}",
    ]
    return f"<style>{' '.join(rules)}</style>"


def _channels(colours: Mapping[str, str]) -> str:
    """The poles' colours as red, green, blue, to be laid over a page in any strength."""
    channels = {name: colours[name].removeprefix("#") for name in ("blue", "vermillion")}
    mixed = {name: ", ".join(str(int(text[k : k + 2], 16)) for k in (0, 2, 4)) for name, text in channels.items()}
    return f"--wb-up: {mixed['blue']}; --wb-down: {mixed['vermillion']};"


def completions_html(found: Mapping[str, Completion], setting: Setting) -> str:
    """The three completions side by side; under every token its log-prob (nats), its probability on hovering.

    A column whose text is still to come is there, with an ellipsis.
    """
    parts = [_completion(name, found.get(name), setting.multiplier(name)) for name in COLUMNS]
    return f'<div class="wb-columns">{"".join(parts)}</div>'


def notices_html(notices: Iterable[Notice]) -> str:
    """One line each, warnings first and marked in words as well as in colour."""
    ordered = sorted(notices, key=lambda notice: not notice.warn)
    lines = [
        f"<li{' class=wb-warn' if n.warn else ''}>{'⚠ warning' if n.warn else '✓ fine'} · "
        f"<b>{escape(n.about)}</b>: {escape(n.text)}</li>"
        for n in ordered
    ]
    return f'<ul aria-label="warnings">{"".join(lines)}</ul>'


def doses_html(doses: Mapping[Pole, Dose], divergence: Mapping[str, float]) -> str:
    """What each dose is: gaps of the class means, share of the activations' norm, and KL of the next token."""
    lines = [
        f"<li>{HEADS[pole]}: λ = {_signed(dose.multiplier)} · {_signed(dose.gaps)} class gaps · "
        f"‖Δh‖ / ‖h‖ = {dose.ratio:.2f} · KL = {divergence[pole]:.3f} nats</li>"
        for pole, dose in doses.items()
    ]
    return f'<ul aria-label="dose">{"".join(lines)}</ul>'


def prompt_html(prompt: str | tuple[str, str]) -> str:
    """What the model is given, as it is."""
    text = prompt if isinstance(prompt, str) else "".join(prompt)
    return f'<div class="wb-soft">the prompt</div><div class="wb-prompt">{escape(text)}</div>'


def error_html(error: Exception) -> str:
    """An error as one line."""
    text = " ".join(str(error).split()) or "no message"
    named = text if type(error).__name__ == "WorkbenchError" else f"{type(error).__name__}: {text}"
    return f'<div class="wb-error" role="alert">{escape(named)}</div>'


def curve_figure(curve: pd.DataFrame, own: pd.DataFrame, points: pd.DataFrame) -> Figure:
    """The mean curve with the random directions' range, the chosen question's curve, and the current doses."""
    figure = propensity_curve(curve)
    kept = [trace for trace in figure.data if trace.meta["where"]["direction"] in ("own", "random")]
    drawn = Figure(data=kept, layout=figure.layout)
    drawn.update_layout(
        title={"text": "Propensity against multiplier", "subtitle": None},
        yaxis={"title": {"text": "Δ propensity (log-odds)"}}, **frame(),
    )  # fmt: skip
    drawn.add_scatter(
        x=own["multiplier"].tolist(), y=own["change"].tolist(), mode="lines", name="this question",
        line={"color": LIGHT["green"], "dash": "dash", "width": 1.5},
        hovertemplate="multiplier %{x:.2f}: %{y:.2f}<extra>this question</extra>",
    )  # fmt: skip
    return drawn.add_traces(dose_marks(points))


def dose_marks(points: pd.DataFrame) -> list[dict]:
    """The last traces of :func:`curve_figure`, one per pole: where its dose stands on the mean curve."""
    return [
        {
            "type": "scatter", "mode": "markers", "x": [point.multiplier],
            "y": [None if np.isnan(point.change) else point.change],  # a dose that was not swept
            "name": f"dose {HEADS[point.pole]}",
            "marker": {"size": 13, "symbol": MARKS[point.pole], "color": COLOURS[point.pole],
                       "line": {"width": 1, "color": LIGHT["ink"]}},
            "hovertemplate": "multiplier %{x:.2f}: %{y:.2f}<extra>%{fullData.name}</extra>",
        }
        for point in points.itertuples()
    ]  # fmt: skip


def answer_bars(table: pd.DataFrame) -> Figure:
    """Probability of every answer, a bar per column, each bar labelled with what it is."""
    figure = picture(bars(table), title="Probability of the answers", see="after the prompt shown above", layout={
        "xaxis": axis("probability", range=[0, 1.45], tickvals=[0, 0.25, 0.5, 0.75, 1]),
        "yaxis": {"type": "category", "autorange": "reversed", "ticklabelstandoff": 4},
        "showlegend": False, "barmode": "group", "bargap": 0.2,
    })  # fmt: skip
    return figure.update_layout(title={"subtitle": None}, **frame())


def bars(table: pd.DataFrame) -> list[dict]:
    """The traces of :func:`answer_bars`."""
    traces = []
    for name in COLUMNS:
        rows = table[table["column"] == name]
        shares = np.exp(rows["log_prob"].to_numpy(dtype=float))
        traces.append({
            "type": "bar", "orientation": "h", "name": HEADS[name], "marker": {"color": COLOURS[name]},
            "x": shares.tolist(), "y": _labels(rows), "text": [f"{HEADS[name]} {_percent(share)}" for share in shares],
            "textposition": "outside", "cliponaxis": False, "hovertemplate": "%{y} %{text}<extra></extra>",
        })  # fmt: skip
    return traces


def frame() -> dict:
    """The layout of a picture in a panel: size, room for the legend below, the page shining through."""
    return {"height": 350, "paper_bgcolor": "rgba(0,0,0,0)", "margin": {"l": 56, "r": 16, "t": 56, "b": 88},
            "legend": {"y": -0.32, "yanchor": "top"}, "font": {"size": 12}}  # fmt: skip


def _completion(name: str, found: Completion | None, multiplier: float) -> str:
    dose = "" if name == "unsteered" else f" λ = {_signed(multiplier)}"
    begin = f'<div class="wb-text" style="--wb-pole: {COLOURS[name]}"><h4>{HEADS[name]}{dose}</h4>'
    if found is None:
        return f"{begin}…</div>"
    words = zip(found.tokens, found.log_probs, strict=True)
    tokens = "".join(_token(word, log_prob) for word, log_prob in words) or '<span class="wb-soft">(nothing)</span>'
    total = f"{len(found.tokens)} tokens, {sum(found.log_probs):.1f} nats"
    end = ", ended by itself" if found.ended else ", cut here"
    return f'{begin}{tokens}<div class="wb-soft">{total}{end}</div></div>'


def _token(word: str, log_prob: float) -> str:
    shown = escape(word.replace("\n", "⏎").replace("\t", "⇥")) or "∅"
    sure = round(max(0.0, 1 - log_prob / FAINT), 2)
    about = f"log-prob {log_prob:.2f}, {_percent(float(np.exp(log_prob)))}"
    # a zero without a sign
    below = f"{round(log_prob, 1) + 0.0:.1f}"
    return f'<span class="wb-token" style="--wb-sure: {sure}" title="{about}">{shown}<small>{below}</small></span>'


def _labels(rows: pd.DataFrame) -> Sequence[str]:
    """The answers as category names: visible blanks, poles named."""
    return [
        f"“{plain(row.answer.strip() or repr(row.answer))}”" + (f"<br>({row.pole})" if row.pole else "")
        for row in rows.itertuples()
    ]


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 else f"{share:.2g}" if share < 0.001 else f"{share:.1%}"


def _signed(value: float) -> str:
    """A dose with its sign, a minus as wide as the plus."""
    return f"{value:+.2f}".replace("-", "−")
