"""``python -m benchmarks``: measure what is not measured yet, then write the table."""

import argparse
import os
import shutil
import time
from pathlib import Path

from benchmarks import growth, scale
from benchmarks.measure import matmul_speed, measure
from benchmarks.table import Kept, lines_of, write
from benchmarks.tasks import MODELS, NARROW, ROWS, task

HERE = Path(__file__).parent
BASELINES = ("workbench", "batched", "plain", "hf")
PEERS = ("steering_vectors", "repeng")


def ways_of(row: str) -> list[str]:
    """Who takes part in a row: peers where they are installed and can do it (repeng steers all positions only)."""
    if ROWS[row][0] == "slopes":
        return ["workbench", "exact", "plain"]
    peers = PEERS if row == "all positions" else PEERS[:1]
    return [*BASELINES, *(peers if os.environ.get("BENCH_PEERS") else ())]


def main() -> None:
    options = arguments()
    kept = Kept(options.keep / ("quick" if options.quick else "full"))
    if options.fresh:
        shutil.rmtree(kept.folder, ignore_errors=True)
    if kept.get("machine", "matmul") is None:
        kept.put("machine", "matmul", [{"model": "machine", "row": "matmul", "way": "torch", "gflops": matmul_speed()}])
    for model in options.models:
        for row in (r for r in ROWS if r in options.rows and kept.get(model, r) is None):
            began = time.perf_counter()
            results = measure(model, row, ways_of(row), options.repeats, options.quick)
            lines = lines_of(task(model, row, options.quick), results)
            kept.put(model, row, lines)
            print(f"{model}, {row}: {time.perf_counter() - began:.0f} s")
            for line in lines:
                print(
                    "   ",
                    {
                        k: f"{v:.3g}" if isinstance(v, float) else v
                        for k, v in line.items()
                        if k not in ("model", "row")
                    },
                )
    finish(kept, options)


def finish(kept: Kept, options: argparse.Namespace) -> None:
    """The table of what was measured; then, once, the curves of growth and the page on larger models."""
    folder = kept.folder if options.quick else options.out
    print(write(kept.frame(), folder, options.note))
    if options.fresh or not (folder / "growth.csv").exists():
        points = growth.measure_growth(NARROW, kept.folder / "growth.json", quick=options.quick)
        growth.write(points, folder, options.note)
    if folder == HERE / "results":
        scale.main(folder)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--models", nargs="*", default=MODELS, choices=MODELS)
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a tenth of every row, to try the machinery")
    parser.add_argument("--fresh", action="store_true", help="measure again what was measured")
    parser.add_argument("--note", default="", help="a line for the table, such as what else the machine did")
    parser.add_argument("--keep", type=Path, default=HERE.parent / "runs" / "bench", help="where rows are kept")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="where the table is written")
    return parser.parse_args()


if __name__ == "__main__":
    main()
