"""Cost and memory of large studies, computed from the measured unit cost of the engine's work: ``docs/scale.md``.

The unit is measured: which share of a machine's arithmetic the engine turns into useful floating-point operations
(benchmarks.csv, against a plain matrix product on the same machine). What is not measured is said in the table's head:
the same share is assumed on the rented device, whose peak and price are inputs.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.table import replace_text
from benchmarks.tasks import task

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "scale.md"
BEGIN, END = "<!-- computed: python -m benchmarks.scale -->", "<!-- end of what is computed -->"


@dataclass(frozen=True)
class Shape:
    """A model: parameters in the blocks and in the unembedding, blocks, width, key-value width, bytes per number."""

    name: str
    blocks: float
    unembedding: float
    layers: int
    width: int
    kv_width: int
    bytes: int = 2

    @property
    def weights(self) -> float:
        """GiB of the weights, embedding included."""
        return self.bytes * (self.blocks + 2 * self.unembedding) / 2**30

    def cache(self, tokens: float) -> float:
        """GiB of keys and values."""
        return 2 * self.layers * self.kv_width * self.bytes * tokens / 2**30


@dataclass(frozen=True)
class Device:
    """What is rented: peak dense arithmetic (FLOP/s in bfloat16), memory in GiB, an assumed price per hour."""

    name: str
    flops: float
    memory: float
    price: float


@dataclass(frozen=True)
class Study:
    """The grid of a reliability study: ``variants`` per cell are directions times multipliers, controls included."""

    concepts: int = 36
    types: int = 7
    variants: int = 26
    prompts: int = 40
    length: int = 60
    pairs: int = 60
    shot_length: int = 390
    shot_pairs: int = 20


SMALL = Shape("GPT-2 small size", 85e6, 38.6e6, 12, 768, 768, 4)
MODELS = (
    Shape("7B (32 layers, full attention)", 6.5e9, 0.13e9, 32, 4096, 4096),
    Shape("70B (80 layers, grouped-query)", 68.5e9, 0.26e9, 80, 8192, 1024),
)
# peaks as the vendors print them, without sparsity; prices are assumptions to be replaced by an offer in hand
DEVICES = (Device("A100 80 GB", 312e12, 80, 1.6), Device("H100 80 GB", 989e12, 80, 2.5))


def useful(shape: Shape, row: str, study: Study, layers: int) -> float:
    """Floating-point operations of one row of work over a study's grid, as the engine does it."""
    token = 2 * shape.blocks
    cells = study.concepts * study.types
    upper = token * sum(1 - (k + 1) / shape.layers for k in spread(layers, shape.layers))
    passes = cells * study.variants * study.prompts
    if row == "all positions":
        return passes * study.length * upper
    if row == "answer token":
        return passes * upper + cells * study.prompts * study.length * token
    if row == "first-order screen":
        # one forward and one backward pass per prompt of a concept, whatever the number of directions
        return 2 * study.concepts * study.prompts * study.length * token
    # two shared beginnings and a question per prompt; 4 of 7 types have shots
    share = study.types / 7
    questions = study.length * (4 * 2 * study.shot_pairs + 3 * 2 * study.pairs) + 4 * 2 * study.shot_length
    return study.concepts * share * questions * token


def plain(shape: Shape, study: Study, layers: int) -> float:
    """The same sweep by full forward passes with all logits."""
    return study.concepts * study.types * layers * study.variants * study.prompts * study.length * 2 * (
        shape.blocks + shape.unembedding)  # fmt: skip


def spread(count: int, layers: int) -> list[int]:
    """``count`` layers, evenly over all but the last; the last one too where all are asked for."""
    top = layers - 1 if count == layers else layers - 2
    return [round(k * top / max(1, count - 1)) for k in range(count)]


def share_of_arithmetic(results: pd.DataFrame, row: str) -> float:
    """The share of a matrix product's speed that a row of the benchmark turned into useful operations."""
    line = results[(results["model"] == "gpt2-small-size") & (results["row"] == row) & (results["way"] == "workbench")]
    peak = results[results["model"] == "machine"]
    if not len(line) or not len(peak) or pd.isna(line.iloc[0]["cpu"]):
        return float("nan")
    asked = task("gpt2-small-size", row)
    length = sum(p.shape[1] for p in asked.prompts) / len(asked.prompts)
    grid = Study(1, 1, asked.directions * len(asked.multipliers), asked.pairs, round(length))
    done = useful(SMALL, row, grid, len(asked.layers))
    return float(done / line.iloc[0]["cpu"] / (1e9 * peak.iloc[0]["gflops"]))


def hours(operations: float, device: Device, share: float) -> float:
    return operations / (device.flops * share) / 3600


def cost(operations: float, device: Device, share: float) -> str:
    """Hours and their price as text; where the share was not measured, nothing."""
    if pd.isna(share):
        return "–"
    time = hours(operations, device, share)
    return f"{number(time)} (${number(time * device.price)})"


def number(value: float) -> str:
    """Two digits that count: 0.036, 3.5, 190."""
    return f"{value:.2g}" if value < 10 else f"{float(f'{value:.2g}'):,.0f}"


def table(results: pd.DataFrame) -> list[str]:
    """The page's tables as Markdown lines."""
    shares = {row: share_of_arithmetic(results, row) for row in ("answer token", "all positions", "first-order screen")}
    said = [f"{row} {'not measured' if pd.isna(share) else f'{share:.0%}'}" for row, share in shares.items()]
    lines = [
        f"Measured share of a matrix product's speed on the benchmark machine: {', '.join(said)}.",
        "Extraction and plain hooks are given the share of the all-position sweep; what is not measured has no hours.",
        "",
    ]
    head = ["model", "layers swept", "work", "PFLOP", *(f"{d.name}: GPU hours (price)" for d in DEVICES)]
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    study = Study()
    for shape in MODELS:
        for layers in (8, shape.layers - 1):
            work = {row: (useful(shape, row, study, layers), share) for row, share in shares.items()}
            work["extraction, all types"] = (useful(shape, "extraction", study, layers), shares["all positions"])
            both = work["extraction, all types"][0] + work["all positions"][0]
            work["**study**: extraction and all positions"] = (both, shares["all positions"])
            work["plain hooks, all positions"] = (plain(shape, study, layers), shares["all positions"])
            for name, (operations, share) in work.items():
                times = [cost(operations, d, share) for d in DEVICES]
                lines.append(f"| {shape.name} | {layers} | {name} | {operations / 1e15:,.0f} | {' | '.join(times)} |")
    return lines + ["", *memory_table()]


def memory_table(batch_tokens: int = 8192) -> list[str]:
    """GiB of weights, of the keys and values of one batch, and the devices that hold both."""
    lines = [f"| model | weights, GiB | keys and values of {batch_tokens} tokens, GiB | fits on |", "|---|---|---|---|"]
    for shape in MODELS:
        cache = shape.cache(batch_tokens)
        # a tenth of a device is left for activations and the runtime
        fits = ", ".join(f"{-(-(shape.weights + cache) // (0.9 * d.memory)):.0f} × {d.name}" for d in DEVICES)
        lines.append(f"| {shape.name} | {shape.weights:.0f} | {cache:.1f} | {fits} |")
    return lines


def main(folder: Path = HERE / "results") -> None:
    """Puts the tables between the page's marks."""
    results = pd.read_csv(folder / "benchmarks.csv")
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    replace_text(PAGE, "\n".join([before + BEGIN, "", *table(results), "", END + after]))
    print(PAGE)


if __name__ == "__main__":
    main()
