"""``workbench export``, ``workbench paper`` and ``workbench compare``: what becomes of a finished run."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.configs import bad, choose
from workbench.cli.screen import bars, complain, say


def export_figures(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    figure: Annotated[str, typer.Option(help="all, or names from the report, separated by commas.")] = "all",
    format: Annotated[str, typer.Option(help="pdf, svg or png, separated by commas.")] = "pdf",
    width: Annotated[str, typer.Option(help="single or double column, without title; default as in the report.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for the files; default RUN/figures.")] = None,
) -> None:
    """Write a run's figures for paper and slides, each with its data as CSV, a caption draft and a LaTeX snippet.

    Pictures need Chromium or Chrome; everything else is written without.

    [bold]Examples[/bold]

      workbench export runs/reliability-persona --figure all --format pdf

      workbench export runs/reliability-persona --figure recommendation --width single --out paper/figures
    """
    from workbench.figures import export
    from workbench.paper import pictures, write_captions
    from workbench.records import load

    kinds = parts(format)
    found = {picture.name: picture for picture in pictures(load(run), width)[0]}
    names = list(found) if figure == "all" else parts(figure)
    for name in names:
        if name not in found:
            raise choose("figure", name, found)
    folder, chosen = out or run / "figures", [found[name] for name in names]
    with bars() as report:
        written = export(
            {p.name: p.figure for p in chosen}, folder, data={p.name: p.rows for p in chosen}, formats=kinds,
            progress=lambda done, total, name: report(f"drawing {name}", done, total),
        )
    for path in (*written.paths, *write_captions(chosen, folder)):
        say(path)
    if written.message:
        complain(written.message)


def paper(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the files; default RUN/paper.")] = None,
    width: Annotated[str, typer.Option(help="single or double: the column width of figures and tables.")] = "double",
    format: Annotated[str, typer.Option(help="pdf, svg or png, separated by commas.")] = "pdf,svg",
) -> None:
    """Gather what a paper takes from a run: figures, captions, tables, results in prose, and a plain summary.

    main.tex inputs all of it as LaTeX. Pictures need Chromium or Chrome; everything else is written without.

    [bold]Examples[/bold]

      workbench paper runs/reliability-persona

      workbench paper runs/reliability-persona --out paper/persona --width single
    """
    from workbench.paper import write_paper
    from workbench.records import load

    kinds, record = parts(format), load(run)
    with bars() as report:
        done = write_paper(
            record, out or run / "paper", width=width, formats=kinds,
            progress=lambda done, total, name: report(f"drawing {name}", done, total),
        )
    say(f"{len(done.paths)} files, to read first: {done.paths[-1].parent / 'results.txt'}")
    say(f"LaTeX: {done.paths[-1]}")
    for message in done.messages:
        complain(message)


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
