"""``workbench study``: settings in, a record and a report out."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.cli.configs import assigned, bad, build, find_study, read_toml
from workbench.cli.screen import bars, complain, say

SUMMARY_LINES = 10
CACHE = "cells"
Concepts = Annotated[list[str] | None, typer.Option(help="Names or folders, separated by commas or repeated.")]
Types = Annotated[list[str] | None, typer.Option(help="As prefilled,5-shot; default all seven.")]


def study(
    name: Annotated[str, typer.Argument(help="One of: workbench list studies; or a dotted module.")] = "overview",
    config: Annotated[Path | None, typer.Option(help="TOML file with any of the study's settings.")] = None,
    model: Annotated[str | None, typer.Option(help="Built-in model, local HuggingFace folder, or hub name.")] = None,
    methods: Annotated[list[str] | None, typer.Option(help="Control methods, as add,few_shot; for symmetry.")] = None,
    concepts: Concepts = None,
    defence: Annotated[str | None, typer.Option(help="Control method that defends, as floor or veto.")] = None,
    data: Annotated[str | None, typer.Option(help="Folder of evals to import the concepts from.")] = None,
    out: Annotated[str | None, typer.Option(help="Folder for record, tables, figures and report.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the splits and of everything random.")] = None,
    prompt_types: Types = None,
    layers: Annotated[list[str] | None, typer.Option(help="Layers from 0, as 1,2 or 0-3.")] = None,
    toward: Annotated[str | None, typer.Option(help="Pole of positive multipliers: aligned, unaligned, trait.")] = None,
    engine: Annotated[str | None, typer.Option(help="local, or ray: cells as tasks of a cluster.")] = None,
    address: Annotated[str | None, typer.Option(help="Of the Ray cluster, as auto or ray://host:10001.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Any other setting, as KEY=VALUE.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on from the finished cells in --out, or forget them.")] = True,
) -> None:
    """Run a study and write its report.

    [bold]Examples[/bold]

      workbench study                                          built-in model, all built-in concepts

      workbench study --concepts shutdown,power --layers 2 --seed 1

      workbench study --model path/to/hf-model --concepts story-kindness

      workbench study symmetry --methods add,instruction --concepts shutdown,power

      workbench study defence --defence floor --concepts shutdown,power

      workbench study reliability --data path/to/model-written-evals --out runs/evals

      workbench study --config my-study.toml --set where=last  any setting of the study, by file or by name

    Options on the command line win over the TOML file. The report is one HTML file that opens offline.
    """
    module = find_study(name)
    given = {
        "model": model, "methods": split(methods), "concepts": split(concepts), "defence": defence,
        "data": data, "out": out, "seed": seed, "prompt_types": split(prompt_types),
        "layers": numbers(layers), "toward": toward, "engine": engine, "address": address,
    }
    chosen = {k: v for k, v in given.items() if v is not None}
    values = (read_toml(config) if config else {}) | assigned(set_ or []) | chosen
    settings = build(module.Config, values, f"study {name!r}")
    folder = usable(Path(settings.out if "out" in values else default_out(name, getattr(settings, "model", ""))))
    settings = replace(settings, out=str(folder))
    if not resume:
        shutil.rmtree(folder / CACHE, ignore_errors=True)
    with bars() as report:
        record = module.run(settings, report)
    finish(record, folder)


def split(names: list[str] | None) -> tuple[str, ...] | None:
    """``["a,b", "c"]`` -> ("a", "b", "c"); None stays None."""
    return None if names is None else tuple(n.strip() for part in names for n in part.split(",") if n.strip())


def numbers(parts: list[str] | None) -> tuple[int, ...] | None:
    """``["1,2", "4-6"]`` -> (1, 2, 4, 5, 6); None stays None. Raises WorkbenchError for anything else."""
    found: list[int] = []
    for part in split(parts) or ():
        first, _, last = part.partition("-")
        if not (first.isdigit() and (last or first).isdigit()):
            raise bad(f"layer {part!r} is no number from 0; expected for example 1,2 or 0-3")
        found += range(int(first), int(last or first) + 1)
    return None if parts is None else tuple(found)


def default_out(name: str, model: str) -> str:
    """``runs/<study>-<model>``, so that two models do not overwrite each other."""
    return f"runs/{name.rpartition('.')[2]}-{Path(model).name or 'model'}" if model else f"runs/{name}"


def usable(folder: Path) -> Path:
    """The folder, if something can be written there: better said before a study than after it."""
    parent = next((p for p in (folder, *folder.parents) if p.exists()), Path())
    if not parent.is_dir():
        raise bad(f"--out {folder}: {parent} is a file; give a folder")
    return folder


def finish(record: Any, folder: Path) -> None:
    """Save first, so that a fault of the report loses nothing; then the report, the summary and the paths."""
    from workbench.records import save

    written = save(record, folder)
    from workbench.report import write_report

    with bars() as report:
        page = write_report(record, folder, progress=lambda done, total, what: report(f"writing {what}", done, total))
    summary = record.results.get("summary", [])
    for line in (summary.splitlines() if isinstance(summary, str) else summary)[:SUMMARY_LINES]:
        say(line)
    if record.warnings:
        complain(f"{len(record.warnings)} warnings, the first: {record.warnings[0]}")
    say(f"record: {written}")
    say(f"report: {page}")
