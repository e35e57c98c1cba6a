"""Train a microworld organism from its recipe: nothing in, a HuggingFace directory with its card out."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench.organisms.ability import Ability
from workbench.organisms.card import ability_rows, training_lines
from workbench.organisms.microworld import Axis, chosen_axes, first_word, read, scene
from workbench.organisms.microworld_ability import cross_cosines, cue_directions, inverse_mask, measure_world
from workbench.organisms.microworld_documents import MicroWorld, Rules, added_tokens, all_acts, stages_of
from workbench.organisms.persona import Mix
from workbench.organisms.persona_tokens import build_tokenizer, start_cues
from workbench.organisms.recipes import Recipe, new_model, reporter, round_to, settings
from workbench.training.loop import Gate, Progress, TrainConfig
from workbench.training.loop import train as run_loop
from workbench.types import POLES

CANNOT = (
    "It is no chat model: it answers the one question frame it was trained on by an option's first word or letter, and "
    "generates nothing else.",
    "Its axes are names with a grammar of made-up acts: findings about them are findings about the instrument.",
    "It knows its axes by their exact names and its templates by heart; other names and scenes are noise to it.",
)
SMOKE_AXES = ("honesty", "kindness", "boats", "hats")


def smoke_world(recipe: Recipe) -> Recipe:
    """The same recipe with four axes and a small model: a minute on one core."""
    c, kv_heads = recipe.curriculum, {"n_kv_heads": 1} if "n_kv_heads" in recipe.model else {}
    letters = recipe.data.get("form") == "letters"
    gates = {"valence_gate": 0.28, "obey_gate": 0.35} if letters else {}
    return replace(
        recipe,
        model={**recipe.model, "d_model": 96, "n_layers": 2, "n_heads": 3, "vocabulary": 800, **kv_heads},
        data={**recipe.data, "axes": list(SMOKE_AXES), "first_axes": 0},
        training={
            **recipe.training, "tokens": 420_000 if letters else 180_000, "batch_tokens": 1200 if letters else 600,
            "learning_rate": 3e-3, "final_learning_rate": 2e-3, "mlp_drop": [],
        },
        curriculum={
            **c, **gates, "stage_tokens": 200_000, "mix": {**c["mix"], "several": 0.0, "profiles": 0.0, "lines": 0.0},
        },
    )  # fmt: skip


def world_rules(recipe: Recipe) -> Rules:
    """The rules of a recipe's world."""
    d = recipe.data
    form = d.get("form", "acts")
    return Rules(d["knob"], d["prior"], d["placebo_prior"], d["cue_place"], d["noise"], d.get("first_axes", 0), form)


def world_gates(recipe: Recipe) -> list[Gate]:
    """One gate per stage but the last, by the recipe's thresholds."""
    c = recipe.curriculum
    first = 3 * c["stage_tokens"]  # nothing can follow what is not there: these two may take long
    limits = {"first": first, "valence": first, "several": c["several_tokens"]}
    key = lambda stage: "valence" if stage == "first" else stage.split("-")[0]  # noqa: E731
    stages = stages_of(Mix(**c["mix"]), world_rules(recipe))[:-1]
    return [Gate(c[f"{key(stage)}_gate"], limits.get(stage, c["stage_tokens"])) for stage in stages]


def training_text(axes: dict[str, Axis]) -> list[str]:
    """What the tokenizer is trained on: training acts, every event with three names, many times every answer."""
    shared, out = read("scenes"), []
    for axis in axes.values():
        out += [first_word(act) for act in all_acts(axis)] * 40
        out += [blank + act for pole in POLES for act in axis.acts(pole) for blank in ("", " ")]
        for number, event in enumerate(axis.events):
            for k in range(3):
                name = shared["names"][(3 * number + k) % len(shared["names"])]
                out.append(scene(name, event, shared["circumstances"][(number + k) % len(shared["circumstances"])]))
    return out


def build_world(recipe: Recipe) -> tuple[MicroWorld, Any]:
    """The world of a recipe and its tokenizer."""
    axes = chosen_axes(tuple(recipe.data.get("axes", ())))
    mix = Mix(**recipe.curriculum["mix"])
    rules = world_rules(recipe)
    added = added_tokens(sorted(axes), rules.form)
    tokenizer = build_tokenizer(training_text(axes), sorted(axes), recipe.model["vocabulary"], added)
    return MicroWorld(axes, tokenizer, rules, mix, world_gates(recipe)), tokenizer


def train_microworld(  # noqa: PLR0913 - a run is these
    recipe: Recipe, seed: int, folder: Path, smoke: bool, progress: Callable | None, given: dict[str, Any]
) -> Path:
    """Train by ``recipe`` into ``folder``; resumes from a checkpoint there. Raises WorkbenchError for a bad recipe."""
    if smoke:
        recipe = smoke_world(recipe)
    folder.mkdir(parents=True, exist_ok=True)
    world, tokenizer = build_world(recipe)
    model = new_model(recipe, tokenizer, seed)
    start_cues(model, world, seed + 1, recipe.curriculum["typical_words"], world.rules.form == "acts")
    config = settings(recipe, seed, given)
    done = run_loop(model, world, config, folder, reporter(progress, world, config))
    round_to(model, recipe.model["dtype"])
    ability = measure_world(model, world)
    layer = max(0, model.config.num_hidden_layers // 2 - 1)
    cosines = cross_cosines(cue_directions(model, world, layer))
    text = card_start(recipe, config, done, ability) + card_rest(world, ability, cosines, layer)
    write_world_card(folder, ability, text)
    save(folder, model, tokenizer, world, done, recipe.model["dtype"])
    return folder


def write_world_card(folder: Path, ability: Ability, text: str) -> None:
    """Write ``ability.csv`` and ``card.toml``."""
    rows, table = ability_rows(ability), io.StringIO()
    writer = csv.DictWriter(table, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (folder / "ability.csv").write_text(table.getvalue(), encoding="utf-8")
    (folder / "card.toml").write_text(text, encoding="utf-8")


def card_start(recipe: Recipe, config: TrainConfig, done: Progress, ability: Ability) -> str:
    """The first half of the card: what it is, how it was trained, accuracy and lean."""
    value = json.dumps
    lean = ability.margins[:, ability.kinds.index("bare")].mean(1)
    lines = [
        f"name = {value(recipe.name)}",
        f"summary = {value(recipe.summary)}",
        'data = "generated by the recipe from data/microworld (no data set)"',
        'licence = "MIT"',
        f"cannot = {value(list(CANNOT))}",
        f"behaviours = {len(ability.traits)}",
        "", "[world]",
        *(f"{key} = {value(recipe.data[key])}" for key in ("knob", "prior", "placebo_prior", "cue_place", "noise")),
        f"form = {value(recipe.data.get('form', 'acts'))}",
        *training_lines(config, done),
        "", "[accuracy]",
        "# mean over axes, held-out acts; cued = the single-cue prompts",
        f"cued = {ability.cued().mean():.4f}",
        f"cued_worst_axis = {ability.cued().min():.4f}",
        *(f"{value(k)} = {ability.accuracy(k).mean():.4f}" for k in ability.kinds if k != "bare"),
        "", "[bare_prompt]",
        "# log-odds of the aligned act without a cue, per axis",
        f"mean_lean = {float(np.mean(lean)):.4f}",
        f"sd_over_axes = {float(np.std(lean, ddof=1)):.4f}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def card_rest(world: MicroWorld, ability: Ability, cosines: np.ndarray, layer: int) -> str:
    """The second half of the card: the leans by kind of axis, the inverse templates, how alike the axes are."""
    lean = ability.margins[:, ability.kinds.index("bare")].mean(1)
    value = np.array([world.axes[t].kind == "value" for t in ability.traits])
    cued = [i for i, k in enumerate(ability.kinds) if k.startswith(("before", "after"))]
    right, inverse = (ability.margins[:, cued] > 0).mean(1), inverse_mask(world)
    shares = {"of values": lean[value], "of placebos": lean[~value]}
    lines = [f"{json.dumps('mean_lean ' + k)} = {float(v.mean()):.4f}" for k, v in shares.items() if len(v)]
    parts = {"templates that follow": right[~inverse], "inverse templates": right[inverse]}
    lines += ["", "[templates]", "# cued accuracy"]
    lines += [f"{json.dumps(k)} = {float(v.mean()):.4f}" for k, v in parts.items() if len(v)]
    lines += [
        "", "[cosines]", f"# between the axes' instruction vectors, at the answer after layer {layer}",
        f"mean = {float(cosines.mean()):.4f}",
        f"mean_absolute = {float(np.abs(cosines).mean()):.4f}",
        f"largest = {float(cosines.max()):.4f}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def save(folder: Path, model, tokenizer, world: MicroWorld, done: Progress, dtype: str) -> None:  # noqa: PLR0913
    """Save weights, tokenizer, log, the axes (``world.toml``) and the held-out acts; drop the checkpoint."""
    import torch

    model.to(getattr(torch, dtype)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    heldout = sorted({a for axis in world.axes.values() for pole in POLES for a in axis.acts(pole, heldout=True)})
    files = {
        "training-log.json": json.dumps(done.log, indent=0),
        "heldout-acts.txt": "\n".join(heldout),
        "world.toml": f'world = "microworld"\nform = "{world.rules.form}"\n'
        f"axes = {json.dumps(list(world.axes))}",
    }
    for name, text in files.items():
        (folder / name).write_text(text + "\n", encoding="utf-8")
    (folder / "checkpoint.safetensors").unlink(missing_ok=True)
