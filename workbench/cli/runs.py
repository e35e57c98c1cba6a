"""``workbench export`` and ``workbench compare``: what becomes of a finished run."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.configs import bad
from workbench.cli.screen import complain, say


def export(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    figure: Annotated[str, typer.Option(help="all, or names from the report, separated by commas.")] = "all",
    format: Annotated[str, typer.Option(help="pdf, svg or png, separated by commas.")] = "pdf",
    out: Annotated[Path | None, typer.Option(help="Folder for the files; default RUN/figures.")] = None,
) -> None:
    """Write a run's figures for paper and slides, each with its data as CSV. Needs Chromium or Chrome.

    [bold]Examples[/bold]

      workbench export runs/reliability-persona --figure all --format pdf

      workbench export runs/reliability-persona --figure cosines --format svg,png --out paper/figures
    """
    from workbench.records import load
    from workbench.report import export_figures

    names = None if figure == "all" else parts(figure)
    written = export_figures(load(run), out or run / "figures", names=names, formats=parts(format))
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
    first: Annotated[Path, typer.Argument(help="Folder of a run.")],
    second: Annotated[Path, typer.Argument(help="Folder of another.")],
    out: Annotated[Path | None, typer.Option(help="The page; default compare-A-B.html beside the first.")] = None,
) -> None:
    """Show two runs side by side on one page.

    [bold]Example[/bold]

      workbench compare runs/reliability-persona runs/reliability-persona-inert
    """
    from workbench.records import load
    from workbench.report import write_comparison

    one, other = load(first), load(second)
    path = out or first.resolve().parent / f"compare-{first.resolve().name}-{second.resolve().name}.html"
    say(f"page: {write_comparison(one, other, path) or path}")
