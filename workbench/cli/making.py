"""``workbench train-organism`` and ``workbench import``."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.configs import bad
from workbench.cli.screen import bars, complain, say

FORMATS = "mwe, caa, truthfulqa, true_false, pairs or hf; default: told from the fields."
SUFFIXES = (".jsonl", ".json", ".csv", ".parquet")


def train_organism(
    name: Annotated[str, typer.Argument(help="A folder of data/organisms with a recipe.toml.")] = "persona",
    data: Annotated[Path | None, typer.Option(help="Folder of the model-written evals (persona organisms).")] = None,
    seed: Annotated[int, typer.Option(help="Of initialisation, documents and dropout.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for the model; default runs/organisms/NAME-seedN.")] = None,
    smoke: Annotated[bool, typer.Option("--smoke", help="A one-minute version on generated text.")] = False,
    dropout: Annotated[float | None, typer.Option(help="In place of the recipe's.", min=0, max=0.9)] = None,
    tokens: Annotated[int | None, typer.Option(help="Length of the run in place of the recipe's.", min=1000)] = None,
) -> None:
    """Train a small model from scratch by its recipe; an interrupted run goes on from its last checkpoint.

    [bold]Examples[/bold]

      workbench train-organism persona --smoke --out runs/smoke

      workbench train-organism persona --data path/to/model-written-evals --seed 1 --out runs/seed-1

      workbench train-organism knob-a                                     generates its own text
    """
    from workbench.organisms.recipes import train

    changed = "".join(f"-{k}{v}" for k, v in (("dropout", dropout), ("tokens", tokens)) if v is not None)
    folder = out or Path("runs") / "organisms" / f"{name}{'-smoke' if smoke else ''}-seed{seed}{changed}"
    with bars() as report:
        done = train(name, data, seed, folder, smoke, report, dropout=dropout, tokens=tokens)
    say(f"model: {done or folder}")
    say(f"try it: workbench study --model {done or folder}")


def import_concepts(
    path: Annotated[Path, typer.Argument(help="A .jsonl, .json, .csv or .parquet, plain or .gz, or a folder of them.")],
    out: Annotated[Path, typer.Option(help="Each concept becomes a folder in here.")],
    format: Annotated[str | None, typer.Option(help=FORMATS)] = None,
    name: Annotated[str | None, typer.Option(help="The concept's name; default the file's.")] = None,
) -> None:
    """Turn data from elsewhere into concepts of this workbench.

    [bold]Examples[/bold]

      workbench import no-shut-down.jsonl --out my-concepts

      workbench import my-pairs.csv --format pairs --name tidiness --out my-concepts

      workbench import path/to/evals --out my-concepts                    every file of a folder, or of its folders

    A table of pairs has the columns question (or statement), aligned, unaligned, and perhaps group and id.

    Then: workbench study --concepts my-concepts/NAME
    """
    from workbench.concepts import import_any

    files = list(sources(path, format))
    if name and len(files) > 1:
        raise bad(f"--name {name!r} names one concept, and {path} holds {len(files)}: import one file, or leave it out")
    failed = 0
    with bars() as report:
        for number, file in enumerate(files):
            report(f"importing {file.name}", number, len(files))
            failed += not keep(lambda file=file: import_any(file, format), out, name, alone=len(files) == 1)
        report("imported", len(files), len(files))
    if failed:
        raise bad(f"{failed} of {len(files)} files in {path} not imported, as said above; the others are in {out}")


def keep(read, out: Path, name: str | None, alone: bool) -> bool:
    """Import one file and save it. In a folder of many a bad one is named and the rest goes on."""
    from workbench.concepts import save_concept
    from workbench.types import WorkbenchError

    try:
        concept = read()
        concept = replace(concept, name=name, card=replace(concept.card, name=name)) if name else concept
        folder = save_concept(concept, out / concept.name)
    except WorkbenchError as error:
        if alone:
            raise
        complain(str(error))
        return False
    card = concept.card
    say(f"{folder}: {len(concept.pairs)} pairs in {len(concept.groups)} groups, {card.kind}, {card.style}")
    return True


def sources(path: Path, format: str | None) -> Iterator[Path]:
    """The files to import: the path itself, or the data files of a folder that is no dataset of its own."""
    if not path.exists():
        raise bad(f"{path}: no such file or folder; give a .jsonl, .json, .csv or .parquet file, plain or .gz")
    marks = ("dataset_info.json", "dataset_dict.json", "card.toml")
    dataset = format == "hf" or any((path / mark).exists() for mark in marks)
    if path.is_file() or dataset:
        yield path
        return
    found = data_files(path) or [p for folder in sorted(path.iterdir()) if folder.is_dir() for p in data_files(folder)]
    if not found:
        raise bad(f"{path}: no data file in this folder or its folders; expected {', '.join(SUFFIXES)}, plain or .gz")
    yield from found


def data_files(folder: Path) -> list[Path]:
    """The files of one folder that can hold pairs."""
    return [p for p in sorted(folder.iterdir()) if p.name.removesuffix(".gz").endswith(SUFFIXES) and p.is_file()]
