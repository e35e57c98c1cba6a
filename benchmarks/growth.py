"""Cost of a sweep against prompts, layers, multipliers and length: it must grow in proportion, or slower."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd

from benchmarks.measure import forget_peak, peak_memory
from benchmarks.table import replace_text
from benchmarks.tasks import Task, task
from benchmarks.ways import workbench as way

BASE = {"prompts": 16, "layers": 3, "multipliers": 2, "length": 3}
STEPS = {
    "prompts": (8, 16, 32, 64), "layers": (1, 2, 4, 6), "multipliers": (1, 2, 4, 8), "length": (1, 3, 6, 12),
}  # fmt: skip
STYLES = (("answer token", "#0072B2", "solid"), ("all positions", "#D55E00", "dash"))
TITLES = {"length": "prompt length, tokens"}


def grown(axis: str, value: int, row: str, quick: bool) -> Task:
    """A small sweep with one of its sizes changed. Layers are the middle ones, so that their mean depth is the same."""
    size = BASE | {axis: value}
    model = "organism" if quick else "gpt2-small-size"
    whole, n_layers = task(model, row), 4 if quick else 12
    first = max(0, (n_layers - size["layers"]) // 2)
    layers = tuple(range(first, min(n_layers, first + size["layers"])))
    doses = tuple((i // 2 + 1) * (-1.0) ** i for i in range(size["multipliers"]))
    return replace(whole, pairs=size["prompts"], layers=layers, multipliers=doses, statements=size["length"])


def measure_growth(quick: bool = False) -> pd.DataFrame:
    """CPU seconds and peak memory along each axis, for both kinds of sweep: the least of two runs."""
    rows = []
    for row in ("answer token", "all positions"):
        for axis, values in STEPS.items():
            for value in values[:2] if quick else values:
                part = grown(axis, value, row, quick)
                model = way.load(part)
                length = sum(p.shape[1] for p in part.prompts) / len(part.prompts)
                runs = [one(model, part) for _ in range(1 if quick else 2)]
                rows.append({"row": row, "axis": axis, "value": length if axis == "length" else value,
                             "cpu": min(r[0] for r in runs), "peak": max(r[1] for r in runs)})  # fmt: skip
    return pd.DataFrame(rows)


def one(model, part: Task) -> tuple[float, float]:
    part.concept, part.named  # noqa: B018 - made before the clock starts
    forget_peak()
    began = time.process_time()
    way.steer(model, part)
    return time.process_time() - began, peak_memory()


def draw(frame: pd.DataFrame):
    """Cost (left) and peak memory (right) of both sweeps along each axis, with the line of proportional growth."""
    from plotly.graph_objects import Figure, Scatter
    from plotly.subplots import make_subplots

    axes = list(STEPS)
    figure: Figure = make_subplots(2, len(axes), row_titles=["CPU s", "peak MiB"], horizontal_spacing=0.06)
    for at, (row, colour, dash) in enumerate(STYLES):
        for column, axis in enumerate(axes, 1):
            some = frame[(frame["row"] == row) & (frame["axis"] == axis)].sort_values("value")
            for line, key in ((1, "cpu"), (2, "peak")):
                figure.add_trace(
                    Scatter(x=some["value"], y=some[key], name=row, mode="lines+markers", legendgroup=row,
                            showlegend=line == column == 1, line={"color": colour, "dash": dash},
                            marker={"symbol": ["circle", "square"][at], "size": 8}),
                    row=line, col=column)  # fmt: skip
                figure.update_yaxes(rangemode="tozero", row=line, col=column)
                figure.update_xaxes(title=TITLES.get(axis, axis), rangemode="tozero", row=line, col=column)
    figure.update_layout(
        template="simple_white",
        width=1100,
        height=560,
        legend={"orientation": "h", "y": 1.12},
        title="Cost of the workbench's sweeps against their size",
    )
    return figure


def write(frame: pd.DataFrame, folder: Path) -> Path:
    """``growth.csv``, and ``growth.svg`` where a browser can draw it."""
    from workbench.figures import export

    replace_text(folder / "growth.csv", frame.to_csv(index=False, float_format="%.6g"))
    made = export({"growth": draw(frame)}, folder, formats=("svg",))
    return made.paths[-1] if made.paths else folder / "growth.csv"


if __name__ == "__main__":
    quick = bool(os.environ.get("BENCH_QUICK"))
    folder = Path(__file__).parent / "results"
    print(write(measure_growth(quick), folder.parent.parent / "runs" / "bench" / "quick" if quick else folder))
