"""``python -m benchmarks.symmetry [RUN]``: the results of ``workbench study benchmark`` as a CSV and a Markdown table.

``--plan NAME`` prints what a plan holds and how long it takes, and runs nothing.
"""

import argparse
import shutil
from pathlib import Path

import pandas as pd

from workbench.records import load
from workbench.studies.benchmark_plan import load_plan, without_weights
from workbench.studies.symmetry_tables import PLACEBOS, VALUES

HERE = Path(__file__).parent
MARKS = {"symmetric": "S", "asymmetric": "A", "undetermined": "·"}


def main() -> None:
    options = arguments()
    if options.plan:
        print("\n".join(planned(options.plan)))
        return
    record = load(options.run)
    options.out.mkdir(parents=True, exist_ok=True)
    for name in record.tables:
        shutil.copyfile(options.run / "tables" / f"{name}.csv", options.out / f"{name}.csv")
    shutil.copyfile(options.run / "record.json", options.out / "record.json")
    page = options.out / "results.md"
    aside = page.with_suffix(".part")
    aside.write_text(markdown(record), encoding="utf-8")
    aside.replace(page)
    print(page)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.symmetry", description=__doc__)
    kept = HERE.parent / "runs" / "benchmark"
    parser.add_argument("run", nargs="?", type=Path, default=kept, help="the study's --out")
    parser.add_argument("--plan", default="", help="print this plan and its planned time, and leave")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "symmetry", help="where the tables are written")
    return parser.parse_args()


def planned(name: str) -> list[str]:
    """One line per part and organism, and the sum: CPU minutes, before anything is cached."""
    plan, lines, total = load_plan(name), [], 0.0
    for organism, part in plan.jobs():
        reason, minutes = without_weights(organism), plan.cost(organism, part) / 60
        total += minutes
        lines.append(f"{part.name:12} {organism:18} {len(part.methods):3} methods {minutes:6.1f} CPU minutes  {reason}")
    wall = total / plan.processes
    return [*lines, f"all: {total:.0f} CPU minutes, {wall:.0f} on {plan.processes} cores (at most {plan.minutes:.0f})"]


def markdown(record) -> str:
    """The whole page."""
    table = record.tables["results"]
    lines = [
        "# Is control symmetric? Results of the benchmark", "",
        "Written by `make benchmark`; what the words mean: [docs/symmetry.md](../../../docs/symmetry.md). "
        "Every number with its interval and every concept: [results.csv](results.csv).", "",
        f"Record `{record.digest}` of {record.created}, plan `{record.config['plan']}` "
        f"({record.config['plan_digest']}), protocol `{record.config['protocol']}` "
        f"({record.results['protocol']['digest']}).", "",
        *(f"- {line}" for line in record.results["summary"]), "",
    ]  # fmt: skip
    for organism, rows in table.groupby("organism", sort=False):
        lines += [f"## {organism}", "", *leaderboard(rows), "", *leans(record, str(organism)), *matrix(rows), ""]
    return "\n".join([*lines, "## Parts of the plan", "", *parts(record), ""])


def leaderboard(rows: pd.DataFrame) -> list[str]:
    """Methods over all value concepts, and over the placebos."""
    head = ["method", "over", "n", "index A", "gain aligned", "gain unaligned", "budget", "verdict", "reason"]
    pooled = rows[rows["concept"].isin([VALUES, PLACEBOS])]
    if pooled.empty:
        return ["No method has two concepts of one kind: nothing to pool."]
    body = [
        [row["method"], row["concept"], int(row["concepts"]), *(interval(row, name) for name in
         ("index", "gain_aligned", "gain_unaligned")), f"{row['budget']} {row['level']:g}", row["verdict"],
         row["reason"]]
        for row in pooled.sort_values(["method", "concept"], ascending=[True, False]).to_dict("records")
    ]  # fmt: skip
    return grid(head, body)


def leans(record, organism: str) -> list[str]:
    """A over the value concepts as measured and after each correction for the lean; nothing where none was made."""
    table = record.tables.get("corrections", pd.DataFrame({"organism": []}))
    rows = table[table["organism"] == organism]
    if rows.empty:
        return []
    kinds = list(dict.fromkeys(rows["correction"]))
    body = []
    for method, part in rows.groupby("method", sort=False):
        found = {row["correction"]: interval(row, "index") for row in part.to_dict("records")}
        body.append([method, *(found.get(kind, "–") for kind in kinds)])
    return ["A over the value concepts, raw and corrected for the base lean:", "", *grid(["method", *kinds], body), ""]


def interval(row: dict, name: str) -> str:
    """Estimate and 95 % interval; a dash where there is none, or where an index may be anything."""
    whole = name == "index" and row["index_high"] - row["index_low"] >= 2
    if pd.isna(row[name]) or whole or not -9 < row[f"{name}_low"] <= row[f"{name}_high"] < 99:
        return "–"
    return f"{row[name]:+.2f} [{row[f'{name}_low']:+.2f}, {row[f'{name}_high']:+.2f}]"


def matrix(rows: pd.DataFrame) -> list[str]:
    """Every concept × method: one letter per verdict."""
    single = rows[~rows["concept"].isin([VALUES, PLACEBOS])]
    marks = single.assign(mark=single["verdict"].map(MARKS)).pivot_table(
        index="concept", columns="method", values="mark", aggfunc="first", sort=False
    )
    body = [[name, *(mark if isinstance(mark, str) else "" for mark in line)] for name, line in
            zip(marks.index, marks.to_numpy(), strict=True)]  # fmt: skip
    key = "S symmetric, A asymmetric, · undetermined, empty not measured:"
    return [key, "", *grid(["concept", *marks.columns], body)]


def parts(record) -> list[str]:
    """The plan, and which record each part has or why it has none."""
    digests = record.results["records"]
    body = [
        [row["organism"], row["part"], row["methods"], row["concepts"], row["planned_cpu_minutes"],
         row["line"] or f"`{digests[row['organism'] + '-' + row['part']]}`"]
        for row in record.tables["parts"].to_dict("records")
    ]  # fmt: skip
    return grid(["organism", "part", "methods", "concepts", "planned CPU minutes", "record, or why none"], body)


def grid(head: list, body: list[list]) -> list[str]:
    """A Markdown table; bars in cells are escaped."""
    rows = [head, ["---"] * len(head), *body]
    return ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]


if __name__ == "__main__":
    main()
