"""The figure of docs/symmetry.md, "Small doses": A against dose (``python docs/lemma_figure.py``, minutes of one core).

Left, random smooth networks (16 → 64 → 64 → 1, GELU), each pushed along plus and minus one random vector: |A| falls
with the dose. Right, value concepts of the organism ``persona``: ``add`` pushes along plus and minus the same vector,
``add_pole`` and ``clamp`` do not, so that theirs need not vanish. Both poles spend the same norm (share of the stream's
median norm, ± 5 %). Drawn is the median of |A| over networks or concepts: |A| is 1 by construction where both poles
push the same way, and a mean would be made of those. Bands are 95 % bootstrap intervals, over networks, and over
concepts and their groups. Prints the numbers; draws docs/img/lemma.svg and .png and writes docs/img/lemma.csv;
``--draw`` draws the data of that file again.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import torch
from plotly.subplots import make_subplots

import workbench as wb
from workbench.concepts import list_concepts, neutral_texts, unrelated_choices
from workbench.controls import find_method
from workbench.plots.palette import LIGHT, template
from workbench.studies.symmetry import Config
from workbench.studies.symmetry_cells import parts, settings
from workbench.symmetry import asymmetry, bootstrap_effect, gains, two_level
from workbench.symmetry.budgets import solve_strength
from workbench.symmetry.measure import Meter, bench, surroundings
from workbench.symmetry.readings import read
from workbench.types import POLES, Effect

DOSES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
NETWORKS, DRAWS, FEW, CONFIG = 200, 4000, 3, Config(items=24)
# method -> colour, band, mark, dash: told apart without colour as well
METHODS = {
    "add": ("blue", "band_blue", "circle", "solid"),
    "add_pole": ("vermillion", "band_orange", "square", "dash"),
    "clamp": ("purple", "band_purple", "diamond", "dot"),
}
SMOOTH, TYPICAL = "random networks, median |A|", "persona, {}, median |A|"
IMAGES = Path(__file__).with_name("img")


def networks() -> dict[float, tuple[Effect, float]]:
    """Dose -> (median |A| over random networks with its bootstrap interval, A of the first of them)."""
    found = np.zeros((NETWORKS, len(DOSES)))
    for seed, row in enumerate(found):
        torch.manual_seed(seed)
        wide = [torch.nn.Linear(16, 64), torch.nn.GELU(), torch.nn.Linear(64, 64), torch.nn.GELU()]
        net = torch.nn.Sequential(*wide, torch.nn.Linear(64, 1)).double()
        h, v = torch.randn(16).double(), torch.randn(16).double()
        with torch.no_grad():
            middle = float(net(h))
            for k, dose in enumerate(DOSES):
                row[k] = asymmetry(float(net(h + dose * v)) - middle, middle - float(net(h - dose * v)))
    rng = np.random.default_rng(0)
    drawn = np.median(np.abs(found)[rng.integers(NETWORKS, size=(DRAWS, NETWORKS))], axis=1)
    sizes = np.median(np.abs(found), axis=0)
    return {dose: (bootstrap_effect(float(sizes[k]), drawn[:, k], NETWORKS), float(found[0, k]))
            for k, dose in enumerate(DOSES)}  # fmt: skip


def organism() -> dict[str, dict[float, tuple[Effect, Effect, int]]]:
    """Method -> dose -> (median |A| over the value concepts that reach it, A of their mean gains, how many they are).

    In float64: at small doses gains are small.
    """
    model = wb.load("persona", dtype=torch.float64)
    protocol, _ = settings(CONFIG)
    texts = neutral_texts("statement", protocol.sizes["neutral"])
    around = surroundings(model, texts, unrelated_choices("statement", 2))
    held: dict[str, dict[float, list[np.ndarray]]] = {m: {dose: [] for dose in DOSES} for m in METHODS}
    for name in list_concepts("value"):
        fit, items = parts(wb.load_concept(name), CONFIG)
        on = bench(model, items, around, DOSES, ())
        for method in METHODS:
            meters = [Meter(on, find_method(method)(model, fit, pole)) for pole in POLES]
            for dose in DOSES:
                up, down = (at(meter, dose) for meter in meters)
                if up is not None and down is not None:
                    found = gains(on.base.log_odds, up, down, [p.group for p in items.pairs]).by_group()
                    held[method][dose].append(np.stack(found, axis=1))
        print(name, flush=True)
    return {
        method: {dose: (typical(rows), pooled(rows), len(rows)) for dose, rows in by.items() if len(rows) > FEW}
        for method, by in held.items()
    }


def at(meter: Meter, dose: float) -> np.ndarray | None:
    """Log-odds of the items with a norm spent on one pole; None where the control does not reach it."""
    limit = float(getattr(meter.control, "limit", np.inf))
    solved = solve_strength(meter.norm, dose, min(dose, limit), limit, 1.0)
    if solved is None:
        return None
    with meter.control.applied(meter.on.model, solved[0]) as changed:
        return read(changed, meter.on.items).log_odds


def typical(rows: list[np.ndarray]) -> Effect:
    """The median over concepts of |A| from group gains [group, pole]; concepts and their groups are drawn again."""
    each = np.array([asymmetry(*part.mean(0)) for part in rows])
    drawn = np.array([two_level([part], DRAWS, k) for k, part in enumerate(rows)])
    sizes = np.abs(asymmetry(drawn[..., 0], drawn[..., 1]))
    chosen = np.random.default_rng(0).integers(len(rows), size=(DRAWS, len(rows)))
    again = np.median(sizes[chosen, np.arange(DRAWS)[:, None]], axis=1)
    return bootstrap_effect(float(np.median(np.abs(each))), again, len(rows))


def pooled(rows: list[np.ndarray]) -> Effect:
    """A of mean gains over concepts, interval from the two-level bootstrap."""
    means, drawn = np.mean([part.mean(0) for part in rows], axis=0), two_level(rows, DRAWS, 0)
    return bootstrap_effect(float(asymmetry(*means)), asymmetry(drawn[:, 0], drawn[:, 1]), len(rows))


def spread(effect: Effect, units: int) -> list[float]:
    """Estimate, ends of its interval, and on how many units it stands."""
    return [effect.estimate, effect.low, effect.high, units]


def measure() -> pd.DataFrame:
    """What the figure shows, and the pooled A beside it: what, dose, index, low, high, units."""
    rows = []
    for dose, (effect, first) in networks().items():
        rows.append([SMOOTH, dose, *spread(effect, NETWORKS)])
        rows.append(["the first random network, A", dose, first, np.nan, np.nan, 1])
    for method, by in organism().items():
        for dose, (median, index, count) in by.items():
            rows.append([TYPICAL.format(method), dose, *spread(median, count)])
            rows.append([f"persona, {method}, A", dose, *spread(index, count)])
    return pd.DataFrame(rows, columns=["what", "dose", "index", "low", "high", "units"]).sort_values(["what", "dose"])


def lines(rows: pd.DataFrame, name: str, style: tuple[str, str, str, str]) -> list[go.Scatter]:
    """A band and the line in it."""
    colour, fill, mark, dash = style
    edge = {"x": rows["dose"], "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    return [
        go.Scatter(y=rows["low"], **edge),
        go.Scatter(y=rows["high"], fill="tonexty", fillcolor=LIGHT[fill], **edge),
        go.Scatter(x=rows["dose"], y=rows["index"], name=name, mode="lines+markers",
                   line={"color": LIGHT[colour], "dash": dash, "width": 2.5}, marker={"symbol": mark, "size": 8}),
    ]  # fmt: skip


def draw(table: pd.DataFrame) -> go.Figure:
    """The figure from :func:`measure`'s table."""
    titles = (f"{NETWORKS} random smooth networks, ± the same vector", "persona, value concepts")
    picture = make_subplots(1, 2, subplot_titles=titles, horizontal_spacing=0.1, shared_yaxes=True)
    shown = [(SMOOTH, "random networks", ("grey", "band_grey", "circle", "solid"), 1)]
    shown += [(TYPICAL.format(method), method, style, 2) for method, style in METHODS.items()]
    for what, name, style, column in shown:
        for trace in lines(table[table["what"] == what], name, style):
            picture.add_trace(trace, 1, column)
    ticks = {"type": "log", "tickvals": DOSES, "ticktext": [f"{dose:g}" for dose in DOSES]}
    picture.update_xaxes(**ticks, title_text="dose: length of the step in units of the vector", row=1, col=1)
    picture.update_xaxes(**ticks, title_text="dose: norm, share of the stream's median norm", row=1, col=2)
    picture.update_yaxes(type="log", tickvals=[10.0**k for k in range(-4, 1)], range=[-4.1, 0.1],
                         ticktext=["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "1"])  # fmt: skip
    picture.update_yaxes(title_text="|A|, median", row=1, col=1)
    return picture.update_layout(template=template("light"), width=1000, height=420, legend_y=1.12,
                                 legend_traceorder="normal", margin={"l": 70, "r": 20, "t": 80, "b": 60})  # fmt: skip


def main() -> None:
    """Measure (unless ``--draw`` asks for the figure of the data that are there), draw, print."""
    data = IMAGES / "lemma.csv"
    table = pd.read_csv(data) if "--draw" in sys.argv else measure()
    IMAGES.mkdir(exist_ok=True)
    table.to_csv(data, index=False, float_format="%.6g")
    picture = draw(table)
    picture.write_image(IMAGES / "lemma.svg")
    picture.write_image(IMAGES / "lemma.png", scale=1.5)
    print(table.to_string(index=False, float_format="{:+.5f}".format))


if __name__ == "__main__":
    main()
