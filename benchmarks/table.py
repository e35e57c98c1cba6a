"""Ratios with their spread, as one CSV and one Markdown table; rows are kept so that a run can go on."""

import json
import os
import platform
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from benchmarks.measure import Measured, deviation, user_lines
from benchmarks.tasks import MODELS, ROWS, Task

LABELS = {
    "workbench": "workbench", "exact": "workbench, exact sweep", "plain": "plain TransformerLens hooks",
    "batched": "plain hooks, well batched", "hf": "plain HuggingFace hooks", "steering_vectors": "steering-vectors",
    "repeng": "repeng",
}  # fmt: skip
TABLE = ["what", "ratio", "CPU s", "wall s", "peak MiB", "lines", "deviation", "measured share"]


def lines_of(whole: Task, results: dict[str, list[Measured] | str]) -> list[dict[str, Any]]:
    """One row of the table per way. Ratios are against plain hooks (or the exact sweep) of the same repetition."""
    base = "exact" if whole.row == "first-order screen" else "plain"
    rows = []
    for way, runs in results.items():
        row = {"model": whole.model, "row": whole.row, "way": way}
        if isinstance(runs, str):
            rows.append(row | {"failed": runs})
            continue
        cpu, wall = ([getattr(r, key) * r.scale for r in runs] for key in ("cpu", "wall"))
        row |= {
            "cpu": median(cpu),
            "wall": median(wall),
            "peak": max(r.peak for r in runs),
            "share": 1 / runs[0].scale,
            "repetitions": len(runs),
            "lines": user_lines(way, whole.row),
        }
        if isinstance(results.get(base), list):
            for key, own in (("cpu", cpu), ("wall", wall)):
                ratios = [getattr(b, key) * b.scale / o for b, o in zip(results[base], own, strict=True)]
                spread = {"": median(ratios), "_low": min(ratios), "_high": max(ratios)}
                row |= {f"{key}_ratio{end}": value for end, value in spread.items()}
        if isinstance(results.get("plain"), list) and way not in ("plain", "exact"):
            row["deviation"] = max(deviation(r.found, p.found) for r, p in zip(runs, results["plain"], strict=True))
        rows.append(row)
    return rows


@dataclass(frozen=True)
class Kept:
    """Rows already measured, in a folder that git ignores: one file per model and row."""

    folder: Path

    def path(self, model: str, row: str) -> Path:
        return self.folder / f"{model}-{re.sub('[^a-z]+', '-', row)}.json"

    def get(self, model: str, row: str) -> list[dict[str, Any]] | None:
        path = self.path(model, row)
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def put(self, model: str, row: str, rows: list[dict[str, Any]]) -> None:
        replace_text(self.path(model, row), json.dumps(rows, indent=1))

    def frame(self) -> pd.DataFrame:
        found = [self.get(model, row) or [] for model in MODELS for row in ROWS] + [self.get("machine", "matmul") or []]
        return pd.DataFrame([line for lines in found for line in lines])


def write(frame: pd.DataFrame, folder: Path, note: str = "") -> Path:
    """``benchmarks.csv`` with every number and ``benchmarks.md`` to be read."""
    replace_text(folder / "benchmarks.csv", frame.to_csv(index=False, float_format="%.6g"))
    parts = ["# Benchmarks", "", machine(), *([note] if note else []), "", *ABOUT]
    for model in MODELS:
        for row, (_, wanted) in ROWS.items():
            some = frame[(frame["model"] == model) & (frame["row"] == row)]
            if len(some):
                parts += ["", f"## {model}: {row}", ""]
                if model == MODELS[0]:
                    parts += [verdict(some, wanted), ""]
                parts += markdown(some)
    replace_text(folder / "benchmarks.md", "\n".join(parts) + "\n")
    return folder / "benchmarks.md"


ABOUT = [
    "Made by `make bench`. Each way runs in a process of its own; the processes take turns, repetition by repetition.",
    "*ratio*: CPU seconds of plain TransformerLens hooks (of the exact sweep, for the screen) divided by those of the",
    "way, median over repetitions [least, most]. *measured share*: ways that compute every (layer, direction, dose,",
    "prompt) anew cost the same for each, so they are timed on a part, another layer in each repetition, and scaled.",
    "*peak* includes libraries and weights. *lines*: the user's code, as in `benchmarks/ways/`. *deviation*: the",
    "largest absolute difference from plain TransformerLens hooks (for the screen: it is an approximation).",
]


def markdown(some: pd.DataFrame) -> list[str]:
    rows = ["| " + " | ".join(TABLE) + " |", "|" + "---|" * len(TABLE)]
    for line in some.to_dict("records"):
        name = LABELS.get(line["way"], line["way"])
        if isinstance(line.get("failed"), str):
            rows.append(f"| {name} | could not run: {line['failed']} |" + " |" * (len(TABLE) - 2))
            continue
        spread = f"{line['cpu_ratio']:.2f} [{line['cpu_ratio_low']:.2f}, {line['cpu_ratio_high']:.2f}]"
        off = line.get("deviation")
        rows.append(
            f"| {name} | {spread} | {line['cpu']:.1f} | {line['wall']:.1f} | {line['peak']:.0f} | "
            f"{line['lines']:.0f} | {'' if pd.isna(off) else f'{off:.1e}'} | {line['share']:.0%} |"
        )
    return rows


def verdict(some: pd.DataFrame, wanted: float) -> str:
    """Whether the ratio that was asked for is reached."""
    ours = some[some["way"] == "workbench"].iloc[0]
    if pd.isna(ours.get("cpu_ratio")):
        return f"Asked for: at least {wanted:g}×. Not measured."
    return (
        f"Asked for: at least {wanted:g}×. **{'Reached' if ours['cpu_ratio'] >= wanted else 'Not reached'}**: "
        f"{ours['cpu_ratio']:.1f}×."
    )


def machine() -> str:
    """CPU, cores, memory and versions; nothing that names a host or a person."""
    name = platform.machine()
    try:
        name = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())[1]
        total = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1])
        memory = f", {total / 2**20:.0f} GiB"
    except (OSError, TypeError):
        memory = ""
    versions = ", ".join(f"{p} {metadata.version(p)}" for p in ("torch", "transformers", "transformer_lens"))
    return f"Machine: {name}, {os.cpu_count()} cores{memory}; Python {platform.python_version()}, {versions}."


def replace_text(path: Path, text: str) -> None:
    """Write aside, then rename: never half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
