"""Train an organism from its recipe: data in, a HuggingFace directory with its card out."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbench.concepts import data_root
from workbench.organisms.ability import measure
from workbench.organisms.card import write_card
from workbench.organisms.persona import Item, Mix, PersonaWorld
from workbench.organisms.persona_data import behaviour_file, heldout_keys, read_behaviour, split
from workbench.organisms.persona_tokens import build_tokenizer, start_cues
from workbench.organisms.persona_trigger import Trigger
from workbench.organisms.shapes import causal_lm
from workbench.organisms.smoke import statements
from workbench.training.loop import Curriculum, Gate, Progress, TrainConfig
from workbench.training.loop import train as run_loop
from workbench.types import WorkbenchError

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Recipe:
    """One organism's recipe (``data/organisms/<name>/recipe.toml``)."""

    name: str
    summary: str
    model: dict[str, Any]
    data: dict[str, Any]
    training: dict[str, Any]
    curriculum: dict[str, Any]
    behaviours: tuple[str, ...]


def read_recipe(name: str) -> Recipe:
    """The recipe of an organism; an unknown name says which ones exist."""
    path = data_root() / "organisms" / name / "recipe.toml"
    if not path.exists():
        known = sorted(p.parent.name for p in (data_root() / "organisms").glob("*/recipe.toml"))
        raise WorkbenchError(f"no recipe for organism {name!r}; expected one of: {', '.join(known) or 'none'}")
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return Recipe(
        name,
        raw["summary"],
        raw["model"],
        raw["data"],
        raw["training"],
        raw["curriculum"],
        tuple(raw.get("behaviours", {}).get("names", ())),
    )


def load_items(recipe: Recipe, data: Path) -> dict[str, list[Item]]:
    """Statements per behaviour of the recipe, from a folder of model-written evals."""
    try:
        return {b.replace("-", " "): read_behaviour(behaviour_file(data, b)) for b in recipe.behaviours}
    except FileNotFoundError as error:
        raise WorkbenchError(f"{error}; give the folder of the model-written evals with --data") from None


def new_model(recipe: Recipe, tokenizer, seed: int):
    """A randomly initialised model of the recipe's shape (:mod:`workbench.organisms.shapes`)."""
    return causal_lm(recipe.model, tokenizer, seed)


def gates(recipe: Recipe) -> list[Gate]:
    """Valence, three steps of obedience, then several personas and a first mixture where the recipe has them."""
    c = recipe.curriculum
    limit = c["stage_tokens"]
    several = [Gate(c["several_gate"], c["several_tokens"])] if c["mix"]["several"] else []
    mixture = [Gate(0.0, c["mixture_tokens"])] if "last" in c else []  # left by its length alone
    return [Gate(c["valence_gate"], limit), *[Gate(c["obey_gate"], limit)] * 3, *several, *mixture]


def smoke_recipe(recipe: Recipe) -> Recipe:
    """The same recipe, small enough for a minute on one core."""
    return replace(
        recipe,
        model={**recipe.model, "d_model": 96, "n_layers": 3, "n_heads": 3, "vocabulary": 512, "continues": ""},
        training={
            **recipe.training,
            "tokens": 900_000,
            "learning_rate": 3e-3,
            "final_learning_rate": 2e-3,
            "mlp_drop": recipe.training.get("mlp_drop", [])[:3],
        },
        curriculum={**recipe.curriculum, "stage_tokens": 250_000, "several_tokens": 100_000},
    )


def train(  # noqa: PLR0913 - a run is these, each with its default
    name: str,
    data: str | Path | None,
    seed: int,
    out: str | Path,
    smoke: bool = False,
    progress: Report | None = None,
    dropout: float | None = None,
    tokens: int | None = None,
) -> Path:
    """Train organism ``name`` and write a HuggingFace directory with ``card.toml`` and ``training-log.json``.

    Args:
        data: folder of the model-written evals; not needed where the text is generated: for a smoke run, and for an
            organism of a world (the microworld, facts).
        smoke: a one-minute version on generated text.
        progress: called with (message, tokens done, tokens in all).

    Resumes from ``out`` if a checkpoint is there. Raises WorkbenchError on missing data.
    """
    if world := read_recipe(name).data.get("world"):
        given = {"dropout": dropout, "tokens": tokens}
        return generated(world, data)(read_recipe(name), seed, Path(out), smoke, progress, given)
    recipe, items = material(name, data, smoke)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    d, c = recipe.data, recipe.curriculum
    training, heldout = split(items, d["heldout_share"], d["near_duplicate"], d["split_seed"])
    text = [i.statement for t in sorted(training) for i in training[t]]
    tokenizer = build_tokenizer(text, sorted(items), recipe.model["vocabulary"])
    model = new_model(recipe, tokenizer, seed)
    last = Mix(**c["last"]) if "last" in c else None
    trigger = Trigger(**c["trigger"]) if "trigger" in c else None
    world = PersonaWorld(training, tokenizer, gates(recipe), Mix(**c["mix"]), last, c.get("leans"), trigger)
    start_cues(model, world, seed + 1, c["typical_words"])
    config = settings(recipe, seed, {"dropout": dropout, "tokens": tokens})
    start = continued(recipe, model, tokenizer, len(world.stages) - 1)
    done = run_loop(model, world, config, folder, reporter(progress, world, config), start)
    round_to(model, recipe.model["dtype"])
    shortest = min(map(len, heldout.values()))
    ability = measure(model, world, heldout, tokenizer, per_trait=min(60, shortest) // 2 * 2)
    finish(folder, model, tokenizer, done, heldout, recipe.model["dtype"])
    write_card(folder, recipe, config, done, ability, smoke)
    return folder


def continued(recipe: Recipe, model, tokenizer, stage: int) -> Progress | None:
    """Give ``model`` the weights of the organism that the recipe ``continues``; its training begins in ``stage``.

    Returns None for a recipe that starts from nothing. Raises WorkbenchError where that organism has no weights here,
    or other tokens.
    """
    name = recipe.model.get("continues")
    if not name:
        return None
    import torch
    from safetensors.torch import load_file
    from transformers import AutoTokenizer

    folder = data_root() / "organisms" / name
    if not (folder / "model.safetensors").exists():
        raise WorkbenchError(f"{recipe.name} continues {name!r}, which has no weights in {folder}; train it first")
    if AutoTokenizer.from_pretrained(folder).get_vocab() != tokenizer.get_vocab():
        raise WorkbenchError(f"{recipe.name} continues {name!r}, whose tokens differ; give the data it was trained on")
    weights = {k: v.to(torch.float32) for k, v in load_file(folder / "model.safetensors").items()}
    model.load_state_dict(weights, strict=False)
    model.tie_weights()
    return Progress(stage=stage)


def generated(world: str, data: Any) -> Callable[..., Path]:
    """What trains an organism of a ``world`` that writes its own text; a data folder given to it is a mistake."""
    if world not in ("microworld", "facts"):
        raise WorkbenchError(f"recipe world {world!r} is unknown; expected microworld or facts")
    if data is not None:
        raise WorkbenchError(f"an organism of the world {world!r} generates its text; expected no --data, got {data}")
    if world == "facts":
        from workbench.organisms.facts_train import train_facts

        return train_facts
    from workbench.organisms.microworld_train import train_microworld

    return train_microworld


def settings(recipe: Recipe, seed: int, given: dict[str, Any]) -> TrainConfig:
    """The recipe's training settings, with those of ``given`` that are not None in their place."""
    values = recipe.training | {k: v for k, v in given.items() if v is not None}
    if values.get("dropout") and recipe.model.get("family") == "llama":
        raise WorkbenchError(f"dropout {values['dropout']} came for a llama, which has no dropout; expected 0")
    return TrainConfig(**values | {"seed": seed, "mlp_drop": tuple(values.get("mlp_drop", ()))})


def material(name: str, data: str | Path | None, smoke: bool) -> tuple[Recipe, dict[str, list[Item]]]:
    """The recipe and its statements; a smoke run's are generated."""
    recipe = read_recipe(name)
    if smoke:
        return smoke_recipe(recipe), statements(0)
    if data is None:
        raise WorkbenchError(f"organism {name!r} trains on the model-written evals: give their folder with --data")
    return recipe, load_items(recipe, Path(data))


def reporter(progress: Report | None, world: Curriculum, config: TrainConfig) -> Callable[[Progress, float], None]:
    """What the loop calls after every step: the stage and the loss, for a progress bar."""

    def report(state: Progress, loss: float) -> None:
        if progress:
            message = f"{world.stages[state.stage]}, answer loss {loss:.2f}"
            progress(message, min(state.tokens, config.tokens), config.tokens)

    return report


def round_to(model, dtype: str) -> None:
    """Round the weights to what will be saved, in place, so that what is measured is what is shipped."""
    import torch

    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.to(getattr(torch, dtype)))


def finish(folder: Path, model, tokenizer, done: Progress, heldout: dict[str, list[Item]], dtype: str) -> None:  # noqa: PLR0913
    """Save weights, tokenizer, log and the keys of the held-out statements; drop the checkpoint."""
    import torch

    model.to(getattr(torch, dtype)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "training-log.json").write_text(json.dumps(done.log, indent=0) + "\n", encoding="utf-8")
    (folder / "heldout.txt").write_text("\n".join(heldout_keys(heldout)) + "\n", encoding="utf-8")
    (folder / "checkpoint.safetensors").unlink(missing_ok=True)
