"""Cost of a sweep against prompts, layers, multipliers and length: ``python -m benchmarks.growth``.

It must grow in proportion, or slower. Every point is measured in a process of its own, so that no point runs in memory
that a larger one left behind, and is kept at once: a run that was stopped goes on where it was.
"""

import argparse
import json
import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measure import PRELOAD, forget_peak, peak_memory, timed
from benchmarks.table import machine, replace_text
from benchmarks.tasks import NARROW, SIZES, Task, task

HERE = Path(__file__).parent
ROWS = ("answer token", "all positions")
BASE = {"prompts": 16, "layers": 3, "multipliers": 2, "length": 3}
STEPS = {
    "prompts": (8, 16, 32, 64), "layers": (1, 2, 4, 6), "multipliers": (1, 2, 4, 8), "length": (1, 3, 6, 12),
}  # fmt: skip
REPEATS = 3
N_LAYERS = 12
STYLES = (("answer token", "#0072B2", "solid"), ("all positions", "#D55E00", "dash"))
TITLES = {"length": "prompt length, tokens"}
ABOUT = [
    "Made by `python -m benchmarks.growth`: one size of a small sweep is changed, the others stay "
    f"({BASE['prompts']} prompts, {BASE['layers']} middle layers, {BASE['multipliers']} multipliers, "
    f"{BASE['length']} statements in a prompt). *exponent*: slope of log CPU seconds against log size, median over",
    "repetitions [least, most]; 1 is growth in proportion, less is slower (a share of the work does not grow). *peak*",
    "includes libraries and weights; it is the most over repetitions.",
]


@dataclass(frozen=True)
class Point:
    """A small sweep of ``row`` on ``model`` with the size ``axis`` set to ``value``."""

    model: str
    row: str
    axis: str
    value: int

    @property
    def key(self) -> str:
        return "/".join(str(part) for part in (self.model, self.row, self.axis, self.value))

    def task(self) -> Task:
        """Layers are the middle ones, so that their mean depth is the same however many they are."""
        size = BASE | {self.axis: self.value}
        first = (N_LAYERS - size["layers"]) // 2
        doses = tuple((i // 2 + 1) * (-1.0) ** i for i in range(size["multipliers"]))
        return replace(task(self.model, self.row), pairs=size["prompts"], multipliers=doses,
                       layers=tuple(range(first, first + size["layers"])), statements=size["length"])  # fmt: skip


def points(model: str, quick: bool = False) -> list[Point]:
    """Every point of the figure; ``quick``: the two smallest of each axis, to try the machinery."""
    return [Point(model, row, axis, value) for row in ROWS for axis, values in STEPS.items()
            for value in (values[:2] if quick else values)]  # fmt: skip


def measure_point(point: Point, repeats: int) -> list[dict]:
    """CPU seconds and peak memory in MiB of every repetition, after a first run that is not counted."""
    from benchmarks.ways import workbench as way

    part = point.task()
    model = way.load(part)
    way.steer(model, replace(part, pairs=2, layers=part.layers[:1], multipliers=(1.0,)))
    length = sum(p.shape[1] for p in part.prompts) / len(part.prompts)
    value = length if point.axis == "length" else point.value
    about = {"model": point.model, "row": point.row, "axis": point.axis, "value": value}
    forget_peak()
    runs = [timed(way.steer, model, part, part) for _ in range(repeats)]
    peak = max(peak_memory(), *(run.peak for run in runs))
    return [about | {"repetition": i, "cpu": run.cpu, "peak": peak} for i, run in enumerate(runs)]


def measure_growth(model: str, kept: Path, repeats: int = REPEATS, quick: bool = False) -> pd.DataFrame:
    """Every point, one line per repetition; what ``kept`` has already is not measured again."""
    done = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    wanted = points(model, quick)
    missing = [point for point in wanted if len(done.get(point.key, ())) < repeats]
    for at, (point, lines) in enumerate(_measured(missing, repeats), 1):
        done[point.key] = lines
        replace_text(kept, json.dumps(done, indent=1))
        print(f"{at}/{len(missing)} {point.key}: {np.median([line['cpu'] for line in lines]):.2f} CPU s", flush=True)
    return pd.DataFrame([line for point in wanted for line in done[point.key][:repeats]])


def _measured(some: list[Point], repeats: int) -> Iterator[tuple[Point, list[dict]]]:
    """Each point in a fresh process, forked from one that has imported the libraries."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    with context.Pool(1, maxtasksperchild=1) as pool:
        for point in some:
            yield point, pool.apply(measure_point, (point, repeats))


def exponents(some: pd.DataFrame) -> list[float]:
    """Slope of log CPU seconds against log size, by repetition: 1 where cost grows in proportion."""
    return [float(np.polyfit(np.log(one["value"]), np.log(one["cpu"]), 1)[0]) for _, one in some.groupby("repetition")]


def cells(some: pd.DataFrame, axis: str) -> list[str]:
    """One line of the table: both ends, their cost [least, most], the exponent, their peak."""
    ends = [float(some["value"].min()), float(some["value"].max())]
    parts: list[pd.DataFrame] = [some.loc[some["value"] == end] for end in ends]
    cost = [part["cpu"].to_numpy() for part in parts]
    found = exponents(some)
    return [
        *(f"{end:.0f}" if axis == "length" else f"{end:g}" for end in ends),
        *(f"{np.median(cpu):.2f} [{cpu.min():.2f}, {cpu.max():.2f}]" for cpu in cost),
        f"{np.median(found):.2f} [{min(found):.2f}, {max(found):.2f}]",
        *(f"{float(part['peak'].max()):.0f}" for part in parts),
    ]


def table(frame: pd.DataFrame) -> list[str]:
    """Markdown lines: what the cost is at both ends of every axis, and how it grows between them."""
    head = ["work", "along", "from", "to", "CPU s, from", "CPU s, to", "exponent", "peak MiB, from", "peak MiB, to"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in ROWS:
        for axis in STEPS:
            some = frame[(frame["row"] == row) & (frame["axis"] == axis)]
            lines.append("| " + " | ".join([row, TITLES.get(axis, axis), *cells(some, axis)]) + " |")
    return lines


def draw(frame: pd.DataFrame):
    """CPU seconds (above, with proportional growth from the smallest size dotted) and peak memory along each axis."""
    from plotly.graph_objects import Figure, Scatter
    from plotly.subplots import make_subplots

    axes = list(STEPS)
    figure: Figure = make_subplots(2, len(axes), horizontal_spacing=0.06)
    for at, (row, colour, dash) in enumerate(STYLES):
        for column, axis in enumerate(axes, 1):
            some = frame[(frame["row"] == row) & (frame["axis"] == axis)].groupby("value")
            middle, least, most = (getattr(some["cpu"], name)() for name in ("median", "min", "max"))
            x, line = list(middle.index), {"color": colour, "dash": dash}
            look = {"name": row, "legendgroup": row, "mode": "lines+markers", "line": line,
                    "marker": {"symbol": ["circle", "square"][at], "size": 8}}  # fmt: skip
            spread = {"type": "data", "symmetric": False, "array": most - middle, "arrayminus": middle - least}
            figure.add_trace(Scatter(x=x, y=middle, error_y=spread, showlegend=column == 1, **look), row=1, col=column)
            figure.add_trace(Scatter(x=x, y=some["peak"].max(), showlegend=False, **look), row=2, col=column)
            straight = {"x": [x[0], x[-1]], "y": [middle.iloc[0], middle.iloc[0] * x[-1] / x[0]]}
            figure.add_trace(
                Scatter(**straight, mode="lines", line={"color": colour, "dash": "dot", "width": 1}, opacity=0.6,
                        name="in proportion", showlegend=at == 0 and column == 1, hoverinfo="skip"),
                row=1, col=column)  # fmt: skip
            figure.update_xaxes(rangemode="tozero", col=column)
            figure.update_xaxes(title=TITLES.get(axis, axis), row=2, col=column)
    figure.update_yaxes(rangemode="tozero")
    for row, unit in enumerate(("CPU s", "peak MiB"), 1):
        figure.update_yaxes(title=unit, row=row, col=1)
    figure.update_layout(template="simple_white", width=1100, height=560, legend={"orientation": "h", "y": 1.14},
                         title="Cost of the workbench's sweeps against their size")  # fmt: skip
    return figure


def write(frame: pd.DataFrame, folder: Path, note: str = "") -> Path:
    """``growth.csv``, ``growth.md``, and ``growth.svg`` where a browser can draw it."""
    from workbench.figures import export

    replace_text(folder / "growth.csv", frame.to_csv(index=False, float_format="%.6g"))
    about = ["# Growth", "", f"{machine()} {SIZES[frame['model'].iloc[0]]}.", *([note] if note else []), "", *ABOUT]
    replace_text(folder / "growth.md", "\n".join([*about, "", *table(frame)]) + "\n")
    export({"growth": draw(frame)}, folder, formats=("svg",))
    return folder / "growth.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--model", default=NARROW, choices=sorted(SIZES))
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--quick", action="store_true", help="two points of each axis, to try the machinery")
    parser.add_argument("--note", default="", help="a line for the table, such as what else the machine did")
    parser.add_argument("--keep", type=Path, default=HERE.parent / "runs" / "bench", help="where points are kept")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="where table and figure are written")
    options = parser.parse_args()
    frame = measure_growth(options.model, options.keep / "growth.json", options.repeats, options.quick)
    print(write(frame, options.keep / "quick" if options.quick else options.out, options.note))


if __name__ == "__main__":
    main()
