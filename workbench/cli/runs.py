"""``workbench export`` and ``workbench compare``: what becomes of a finished run."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.configs import bad, choose
from workbench.cli.screen import bars, complain, say


def export_figures(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    figure: Annotated[str, typer.Option(help="all, or names from the report, separated by commas.")] = "all",
    format: Annotated[str, typer.Option(help="pdf, svg or png, separated by commas.")] = "pdf",
    out: Annotated[Path | None, typer.Option(help="Folder for the files; default RUN/figures.")] = None,
) -> None:
    """Write a run's figures for paper and slides, each with its data as CSV. Needs Chromium or Chrome.

    [bold]Examples[/bold]

      workbench export runs/reliability-persona --figure all --format pdf

      workbench export runs/reliability-persona --figure recommendation --format svg,png --out paper/figures
    """
    from workbench.figures import export
    from workbench.records import load
    from workbench.report import figures_of

    kinds = parts(format)
    found, data = figures_of(load(run))
    names = list(found) if figure == "all" else parts(figure)
    for name in names:
        if name not in found:
            raise choose("figure", name, found)
    with bars() as report:
        written = export(
            {name: found[name] for name in names}, out or run / "figures", data={name: data[name] for name in names},
            formats=kinds, progress=lambda done, total, name: report(f"drawing {name}", done, total),
        )
    for path in written.paths:
        say(path)
    if written.message:
        complain(written.message)


def parts(text: str) -> tuple[str, ...]:
    """``"a, b"`` -> ("a", "b")."""
    found = tuple(p.strip() for p in text.split(",") if p.strip())
    if not found:
        raise bad(f"{text!r} names nothing; expected names separated by commas, or all")
    return found


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of two runs or more.")],
    out: Annotated[Path | None, typer.Option(help="The page; default compare-A-B.html beside the first.")] = None,
) -> None:
    """Show two runs side by side on one page, or what holds in each of three or more (training seeds, say).

    [bold]Examples[/bold]

      workbench compare runs/reliability-persona runs/mine

      workbench compare runs/seed-0 runs/seed-1 runs/seed-2
    """
    from workbench.records import load
    from workbench.report import write_comparison, write_replication

    names = [run.resolve().name for run in runs]
    if len(runs) < 2 or len(set(names)) < len(names):
        raise bad(f"got {', '.join(names)}; expected two or more runs, each with a folder name of its own")
    records = {name: load(run) for name, run in zip(names, runs, strict=True)}
    path = out or runs[0].resolve().parent / f"compare-{'-'.join(names)}.html"
    if len(records) == 2:
        one, other = records.values()
        say(f"page: {write_comparison(one, other, path)}")
    else:
        say(f"page: {write_replication(records, path)}")
