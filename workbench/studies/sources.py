"""Which concepts a reliability study runs on, and which part of each."""

import tomllib
from pathlib import Path

from workbench.concepts import import_any, list_concepts, load_concept, split_concept
from workbench.types import Concept, WorkbenchError


def layers_of(config, model) -> tuple[int, ...]:
    """The layers asked for, or all but the last (a vector added after the last block only shifts the logits)."""
    layers = tuple(config.layers) or tuple(range(max(1, model.n_layers - 1)))
    bad = [layer for layer in layers if not 0 <= layer < model.n_layers]
    if bad:
        raise WorkbenchError(f"layer {bad[0]} is unknown: model {model.name!r} has layers 0 to {model.n_layers - 1}")
    return layers


def place_of(config, model) -> str:
    """Where the study's cues stand: as asked for, or as the organism's card says. Raises WorkbenchError for neither."""
    from workbench.models.card import cue_place

    if config.cue_place not in ("auto", "before", "after"):
        raise WorkbenchError(f"cue place {config.cue_place!r} is unknown; expected before, after or auto")
    return cue_place(model.folder) if config.cue_place == "auto" else config.cue_place


def gather(config, model) -> list[Concept]:
    """The study's concepts: named ones, those of a data folder, or all that the model's own world has, or all shipped.

    A model of the microworld has concepts of its own, and their names come before the shipped ones.
    Statements that an organism was trained on are left out where its directory says which it held out.
    """
    if config.data:
        concepts = from_folder(Path(config.data), model, config.concepts)
    else:
        own = own_concepts(model)
        names = config.concepts or own or (*list_concepts("value"), *list_concepts("placebo"))
        concepts = [own[name] if name in own else load_concept(name) for name in names]
    if not concepts:
        raise WorkbenchError(f"no concept to study: {config.data or config.concepts!r} gave none")
    return concepts


def own_concepts(model) -> dict[str, Concept]:
    """The concepts of the world that an organism was trained on, by name; none for other models."""
    path = organism_file(model, "world.toml")
    if path is None:
        return {}
    from workbench.organisms.microworld_concepts import microworld_concepts

    world = tomllib.loads(path.read_text(encoding="utf-8"))
    return {c.name: c for c in microworld_concepts(tuple(world["axes"]), world.get("form", "letters"))}


def from_folder(folder: Path, model, names: tuple[str, ...]) -> list[Concept]:
    """Import the Yes/No sets of a folder that the model knows by name (all of them, for a model without a list)."""
    files = eval_files(folder)
    if not files:
        raise WorkbenchError(f"no .jsonl or .jsonl.gz file in {folder} or {folder / 'persona'}: give a folder of evals")
    known = known_traits(model)
    concepts = []
    for path in files:
        name = path.name.split(".")[0]
        if (names and name not in names) or (known and not names and name.replace("-", " ") not in known):
            continue
        concepts.append(heldout_only(import_any(path), model))
    return concepts


def eval_files(folder: Path) -> list[Path]:
    """The files of a folder of evals, those of its persona sets first."""
    return sorted(p for p in (*folder.glob("persona/*.jsonl*"), *folder.glob("*.jsonl*")))


def known_traits(model) -> set[str]:
    """The traits an embedded organism was trained to know, from its ability table; empty for other models."""
    path = organism_file(model, "ability.csv")
    if path is None:
        return set()
    import csv

    with open(path, encoding="utf-8") as file:
        return {row["behaviour"] for row in csv.DictReader(file)}


def heldout_only(concept: Concept, model) -> Concept:
    """Only the pairs that the organism did not train on; the whole concept for models that list none."""
    path = organism_file(model, "heldout.txt")
    if path is None:
        return concept
    from workbench.organisms.persona import heldout_key

    keys = set(path.read_text(encoding="utf-8").split())
    kept = [p for p in concept.pairs if heldout_key(p.question.split('"')[1]) in keys]
    return concept.select(kept)


def organism_file(model, name: str) -> Path | None:
    """A file beside an organism's weights, if the model came from a directory that has it."""
    folder = model.folder
    path = Path(folder) / name if folder else None
    return path if path is not None and path.exists() else None


def parts(concept: Concept, seed: int) -> tuple[Concept, Concept, Concept]:
    """(shots, fit, evaluate): disjoint groups; a tenth for shots, four tenths to fit, half to evaluate."""
    shots, fit, evaluate = split_concept(concept, shares=(0.1, 0.4, 0.5), seed=seed)
    return shots, fit, evaluate
