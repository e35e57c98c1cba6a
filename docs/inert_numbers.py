"""Where the inert organism's cue acts: ``python docs/inert_numbers.py`` prints the two tables of docs/microworld.md.

Patching: residuals of the aligned-cued run are put into the unaligned-cued run at some tokens of one layer; the share
of the cue's effect that comes back. Steering: mean differences between the two cues at those tokens, fitted on every
second template, added to uncued questions of the others. Means over the twelve values with t intervals. About a minute
of one core.
"""

import numpy as np
import torch
from transformers import AutoModelForCausalLM

from workbench.concepts import data_root
from workbench.organisms.microworld import TEMPLATES
from workbench.organisms.microworld_ability import Prompts
from workbench.organisms.microworld_train import build_world
from workbench.organisms.recipes import read_recipe
from workbench.stats import t_interval

NAME = "decodable-inert"
SPOTS = ("last token", "cue", "options")


class Runs:
    """Questions of one axis under both cues and without, and the model to run them on."""

    def __init__(self, model, world, axis: str):
        self.model, prompts = model, Prompts(world)
        place = {"aligned": "before instruction +", "unaligned": "before instruction -", "bare": "bare"}
        made = {name: prompts.all(axis, kind) for name, kind in place.items()}
        self.ids = {name: [ids for (ids, _), _ in rows] for name, rows in made.items()}
        self.answers = [answers for _, answers in made["bare"]]
        self.begin, self.middle, self.end = (
            world.token[t] for t in (world.form.choices, world.form.other, "\n\n")
        )
        self.template = np.repeat(np.arange(TEMPLATES), 2)

    def spots(self, ids: list[int]) -> dict[str, list[int]]:
        """Positions by name."""
        a, b = ids.index(self.begin), ids.index(self.middle)
        stop = ids.index(self.end, b)
        return {"last token": [len(ids) - 1], "cue": [1], "first": [*range(a + 1, b)], "second": [*range(b + 1, stop)],
                "options": [*range(a + 1, stop)]}  # fmt: skip

    def stream(self, ids: list[int]) -> tuple[torch.Tensor, ...]:
        """The residual after every block, [position, d_model] each."""
        out = self.model.base_model(torch.tensor([ids]), output_hidden_states=True)
        return tuple(h[0] for h in out.hidden_states[1:])

    def margin(self, number: int, ids: list[int], layer: int, change) -> float:
        """Log-odds of the aligned letter with ``change`` applied to the residual after block ``layer``."""

        def hook(module, inputs, output):
            h = output[0] if isinstance(output, tuple) else output
            changed = change(h[0].clone())[None]
            return (changed, *output[1:]) if isinstance(output, tuple) else changed

        handle = self.model.transformer.h[layer].register_forward_hook(hook)
        try:
            logits = self.model(torch.tensor([ids])).logits[0, -1]
        finally:
            handle.remove()
        right, wrong = self.answers[number]
        return float(logits[right] - logits[wrong])


@torch.inference_mode()
def patching(runs: Runs, layer: int) -> dict[str, float]:
    """Per spot the share of the cue's effect that its residuals bring."""
    total, shares = 0.0, dict.fromkeys(SPOTS, 0.0)
    for n, (up, down) in enumerate(zip(runs.ids["aligned"], runs.ids["unaligned"], strict=True)):
        source, where = runs.stream(up)[layer], runs.spots(down)
        low, high = (runs.margin(n, ids, layer, lambda h: h) for ids in (down, up))
        total += high - low
        for spot in SPOTS:
            change = lambda h, s=source, at=where[spot]: h.index_copy(0, torch.tensor(at), s[at])  # noqa: E731
            shares[spot] += runs.margin(n, down, layer, change) - low
    return {spot: value / total for spot, value in shares.items()}


@torch.inference_mode()
def steering(runs: Runs, layer: int) -> dict[str, float]:
    """Per spot the odd effect (log-odds) of one mean difference, on templates that it was not fitted on.

    "random, last token" is a random direction of the same length there.
    """
    found: dict[str, list[torch.Tensor]] = {k: [] for k in ("last token", "options", "aligned", "unaligned")}
    for n in np.flatnonzero(runs.template % 2 == 0):
        both = [runs.stream(runs.ids[name][n])[layer] for name in ("aligned", "unaligned")]
        where = runs.spots(runs.ids["aligned"][n])
        for key, at in (("last token", where["last token"]), ("options", where["options"]), *own(n, where)):
            found[key].append((both[0] - both[1])[at].mean(0))
    vectors = {key: torch.stack(rows).mean(0) for key, rows in found.items()}
    generator = torch.Generator().manual_seed(layer)
    chance = torch.randn(vectors["last token"].shape, generator=generator)
    vectors["random, last token"] = chance / chance.norm() * vectors["last token"].norm()
    single = {"last token": "last token", "random, last token": "last token", "options": "options"}
    effects: dict[str, list[float]] = {name: [] for name in (*single, "each option its own")}
    for n in np.flatnonzero(runs.template % 2):
        ids = runs.ids["bare"][n]
        where = runs.spots(ids)
        plans = {name: [(where[spot], vectors[name])] for name, spot in single.items()}
        plans["each option its own"] = [(at, vectors[pole]) for pole, at in own(n, where)]
        for name, plan in plans.items():
            up, down = (runs.margin(n, ids, layer, lambda h, s=s, p=plan: added(h, p, s)) for s in (1.0, -1.0))
            effects[name].append((up - down) / 2)
    return {name: float(np.mean(values)) for name, values in effects.items()}


def own(n: int, where: dict[str, list[int]]) -> list[tuple[str, list[int]]]:
    """The options by pole: in every second question the aligned act is the second one."""
    first, second = ("unaligned", "aligned") if n % 2 else ("aligned", "unaligned")
    return [(first, where["first"]), (second, where["second"])]


def added(h: torch.Tensor, plan: list[tuple[list[int], torch.Tensor]], sign: float) -> torch.Tensor:
    for at, vector in plan:
        h[at] += sign * vector
    return h


def main() -> None:
    world, _ = build_world(read_recipe(NAME))
    folder = data_root() / "organisms" / NAME
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    values = [axis for axis in world.traits if world.axes[axis].kind == "value"]
    runs = [Runs(model, world, axis) for axis in values]
    for what, measure in (("patching", patching), ("steering", steering)):
        for layer in range(model.config.num_hidden_layers - 1):
            rows = [measure(one, layer) for one in runs]
            cells = [f"{key} {t_interval(np.array([row[key] for row in rows]))}" for key in rows[0]]
            print(f"{what}, layer {layer}: " + " | ".join(cells), flush=True)


if __name__ == "__main__":
    main()
