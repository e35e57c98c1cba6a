"""``workbench list`` and ``workbench show``: what there is."""

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.cli.configs import about, choose, study_files
from workbench.cli.screen import say, table

Runs = Annotated[Path, typer.Option("--runs", help="Folder in which the runs are.")]
RUNS = Path("runs")


def list_all(
    what: Annotated[str | None, typer.Argument(help="models, concepts, studies, methods or runs; default all.")] = None,
    runs: Runs = RUNS,
) -> None:
    """List what there is.

    [bold]Examples[/bold]

      workbench list

      workbench list concepts

      workbench list runs --runs path/to/runs
    """
    if what is not None and what not in LISTS:
        raise choose("list", what, LISTS)
    for name in [what] if what else LISTS:
        LISTS[name](runs)


def models() -> dict[str, Path]:
    """The built-in models: folders of ``data/organisms`` with weights."""
    from workbench.concepts import data_root

    return {p.parent.name: p.parent for p in sorted((data_root() / "organisms").glob("*/config.json"))}


def list_models(runs: Path) -> None:
    rows = [(name, card(folder).get("summary", "")) for name, folder in models().items()]
    table("models", ("name", "what it is"), rows)


def list_concepts(runs: Path) -> None:
    from workbench.concepts import list_concepts, load_concept

    found = [load_concept(name) for name in list_concepts()]
    rows = [(c.name, c.card.kind, c.card.style, len(c.pairs), len(c.groups), c.card.title) for c in found]
    table("concepts", ("name", "kind", "style", "pairs", "groups", "title"), sorted(rows, key=lambda r: (r[1], r[0])))


def list_studies(runs: Path) -> None:
    table("studies", ("name", "what it asks"), [(name, about(path)) for name, path in study_files().items()])


def list_methods(runs: Path) -> None:
    from workbench import interventions
    from workbench.controls import about_method, method_names, trains
    from workbench.directions import METHODS

    rows = [(name, about_method(name), "when named" if trains(name) else "") for name in method_names()]
    table("control methods", ("name", "what it is", "runs"), rows)
    table("direction methods", ("name", "what it is"), [(name, first_line(f)) for name, f in sorted(METHODS.items())])
    kinds = [getattr(interventions, name) for name in interventions.__all__]
    rows = [(k.__name__, first_line(k)) for k in kinds if isinstance(k, type)]
    table("interventions", ("name", "what it does"), sorted(rows))


def first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().partition("\n")[0]


def list_runs(runs: Path) -> None:
    rows = []
    for path in sorted(runs.glob("*/record.json")):
        raw = peek(path)
        model = raw.get("model", {}).get("name", "")
        rows.append((path.parent, raw.get("study", "?"), model, len(raw.get("concepts", {})), raw.get("created", "")))
    table(f"runs in {runs}", ("folder", "study", "model", "concepts", "created"), rows)


def peek(path: Path) -> dict[str, Any]:
    """A record's JSON without its tables; a damaged one is listed as such."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"study": "damaged: run it again"}


LISTS: Mapping[str, Callable[[Path], None]] = {
    "models": list_models, "concepts": list_concepts, "studies": list_studies, "methods": list_methods,
    "runs": list_runs,
}


def show(
    name: Annotated[str, typer.Argument(help="A concept or model by name or folder, or the folder of a run.")],
    runs: Runs = RUNS,
) -> None:
    """Show one concept, run or model.

    [bold]Examples[/bold]

      workbench show shutdown

      workbench show persona

      workbench show runs/reliability-persona
    """
    from workbench.concepts import list_concepts

    path = next((p for p in (Path(name), runs / name) if (p / "record.json").is_file()), None)
    if path:
        return show_run(path)
    folder = models().get(name, Path(name))
    if name in list_concepts() or (Path(name) / "pairs.jsonl").exists():
        return show_concept(name)
    if (folder / "config.json").is_file():
        return show_model(folder)
    raise choose("concept, run or model", name, [*list_concepts(), *models()])


def show_concept(name: str) -> None:
    """The card, then a pair of each of the first groups."""
    from dataclasses import asdict

    from workbench.concepts import load_concept

    concept = load_concept(name)
    facts = {k: v for k, v in asdict(concept.card).items() if v}
    say_all(facts | {"pairs": len(concept.pairs), "groups": len(concept.groups), "digest": concept.digest})
    first = {pair.group: pair for pair in reversed(concept.pairs)}
    rows = [(p.group, p.question, p.aligned, p.unaligned) for p in (first[g] for g in concept.groups[:5])]
    table("examples", ("group", "question", "aligned", "unaligned"), rows)


def show_run(folder: Path) -> None:
    """What was run, the summary, and the tables."""
    from workbench.records import load

    record = load(folder)
    facts = {k: getattr(record, k) for k in ("study", "created", "seconds", "digest", "config", "versions", "model")}
    say_all(facts | {"concepts": ", ".join(record.concepts), "warnings": list(record.warnings)})
    for line in record.results.get("summary", []):
        say(line)
    rows = [(name, len(t), ", ".join(t.columns)) for name, t in record.tables.items()]
    table("tables", ("name", "rows", "columns"), rows)


def show_model(folder: Path) -> None:
    """The model's shape and its card."""
    config = peek(folder / "config.json")
    shape = {k: v for k, v in config.items() if isinstance(v, int | str) and not isinstance(v, bool)}
    weights = sum(p.stat().st_size for p in folder.glob("*.safetensors"))
    say_all({"folder": folder, "weights": f"{weights / 1e6:.1f} MB"} | shape)
    say_all(card(folder))


def card(folder: Path) -> dict[str, Any]:
    """A model's ``card.toml``, or nothing where there is none."""
    try:
        return tomllib.loads((folder / "card.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return {}


def say_all(facts: Mapping[str, Any]) -> None:
    """One line per fact; lists and tables within it one line per part."""
    for key, value in facts.items():
        if isinstance(value, Mapping):
            say(f"{key}:")
            say_all({f"  {k}": v for k, v in value.items()})
        elif isinstance(value, list | tuple) and any(isinstance(v, str) and len(v) > 40 for v in value):
            say(f"{key}:")
            for part in value:
                say(f"  - {part}")
        elif isinstance(value, list | tuple):
            say(f"{key}: {', '.join(map(str, value))}")
        else:
            say(f"{key}: {value}")
