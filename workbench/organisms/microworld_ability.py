"""What a microworld organism can do, on held-out acts: accuracy per axis and kind of prompt, and how alike axes are."""

import random

import numpy as np
import torch

from workbench.organisms.ability import Ability, Prompt, margins
from workbench.organisms.microworld import ASK, BLANK, LETTERS, TEMPLATES, first_word, question, read
from workbench.organisms.microworld_documents import MicroWorld
from workbench.organisms.persona import Cue
from workbench.training.loop import Document, collate
from workbench.types import POLES

PLACES = {"after": ("after",), "before": ("before",), "both": ("before", "after")}
SHOTS = 5


def kinds_of(world: MicroWorld) -> tuple[str, ...]:
    """The kinds of prompt that the organism was trained on."""
    cued = [
        f"{place} {kind} {sign}"
        for place in PLACES[world.rules.cue_place]
        for kind in ("instruction", "persona")
        for sign in "+-"
    ]
    several = ["several agree", "several disagree"] if world.mix.several else []
    return ("bare", *cued, "5-shot +", "5-shot -", *several)


class Prompts:
    """Prompts with held-out acts; the wanted sign is +1 where the aligned act is the right answer.

    Under a cue the right answer follows the axis's templates, inverse ones included. At the bare prompt it is the
    aligned act, whatever the template, so that the mean margin is the lean.
    """

    def __init__(self, world: MicroWorld, seed: int = 0):
        self.world, self.seed = world, seed
        shared = read("scenes")
        self.names, self.ends = shared["names"], [c + "." for c in shared["circumstances"]]

    def item(
        self, axis: str, template: int, second: bool, rng: random.Random, heldout: bool = True
    ) -> tuple[list[int], tuple[int, int]]:
        """A question up to the blank line after its options, and its answers, the aligned one first.

        ``second``: the aligned act is the second option.
        """
        world = self.world
        tell = f"{rng.choice(self.names)} {world.axes[axis].events[template]}{rng.choice(self.ends)}"
        acts = [rng.choice(world.axes[axis].acts(pole, heldout, world.pairs[axis][template])) for pole in POLES]
        answers = (LETTERS[second], LETTERS[not second]) if world.rules.form == "letters" else map(first_word, acts)
        first, other = (acts[1], acts[0]) if second else acts
        ids = world.encode(f"{ASK}{question(tell, first, other, world.rules.form)}{BLANK}")
        aligned, unaligned = (world.token[text] for text in answers)
        return ids, (aligned, unaligned)

    def shots(self, axis: str, sign: int, template: int, rng: random.Random) -> list[int]:
        """Answered questions of other templates."""
        world, ids = self.world, []
        for other in rng.sample([t for t in range(TEMPLATES) if t != template], SHOTS):
            second = rng.random() < 0.5
            asked, answers = self.item(axis, other, second, rng, heldout=False)
            right = answers[0 if sign * world.signs[axis][other] > 0 else 1]
            ids += [*asked, world.token[world.form.answer], right, world.token[world.form.close]]
        return ids

    def cues(self, axis: str, kind: str, rng: random.Random) -> tuple[list[Cue], int, str]:
        """The cues of a kind of prompt, the wanted disposition, and where the cues stand."""
        place, *rest = kind.split()
        if place != "several":
            sign = 1 if rest[1] == "+" else -1
            return [(axis, sign, rest[0])], sign, place
        sign, second = rng.choice((1, -1)), rng.choice([t for t in self.world.traits if t != axis])
        signs = (sign, sign if rest[0] == "agree" else -sign)
        pick = lambda: rng.choice(("persona", "instruction"))  # noqa: E731
        cues = [(axis, signs[0], pick()), (second, signs[1], pick())]
        rng.shuffle(cues)
        return cues, sign, PLACES[self.world.rules.cue_place][-1]

    def make(self, axis: str, kind: str, template: int, second: bool) -> tuple[Prompt, tuple[int, int]]:
        """One prompt and its answers; the scene and acts are the same for every kind."""
        world, rng = self.world, random.Random(f"{self.seed} {axis} {template} {second}")
        asked, answers = self.item(axis, template, second, rng)
        start, end = [world.bos], [world.token[world.form.answer]]
        if kind == "bare":
            return (start + asked + end, 1), answers
        follows = world.signs[axis][template]
        if kind.startswith(f"{SHOTS}-shot"):
            sign = 1 if kind.endswith("+") else -1
            return (start + self.shots(axis, sign, template, rng) + asked + end, follows * sign), answers
        cues, sign, place = self.cues(axis, kind, rng)
        ids = [i for one in cues for i in world.cues[one]]
        body = ids + asked if place == "before" else asked + ids
        return (start + body + end, follows * sign), answers

    def all(self, axis: str, kind: str) -> list[tuple[Prompt, tuple[int, int]]]:
        """Two prompts per template, one for each order of the options."""
        return [self.make(axis, kind, t, second) for t in range(TEMPLATES) for second in (False, True)]


def measure_world(model, world: MicroWorld, seed: int = 0) -> Ability:
    """Ability on held-out acts, forty questions per axis and kind of prompt."""
    prompts, kinds = Prompts(world, seed), kinds_of(world)
    rows = [p for axis in world.traits for kind in kinds for p in prompts.all(axis, kind)]
    answers = np.array([both for _, both in rows])
    values = margins(model, [prompt for prompt, _ in rows], answers, model.config.pad_token_id)
    return Ability(tuple(world.traits), kinds, values.reshape(len(world.traits), len(kinds), 2 * TEMPLATES))


def inverse_mask(world: MicroWorld) -> np.ndarray:
    """[axis, item] whether an item of :func:`measure_world` has an inverse template."""
    return np.repeat([[s < 0 for s in world.signs[t]] for t in world.traits], 2, axis=1)


@torch.inference_mode()
def cue_directions(model, world: MicroWorld, layer: int, seed: int = 0) -> np.ndarray:
    """[axis, d_model]: mean difference between the two instruction cues at the answer, after block ``layer``."""
    prompts, place = Prompts(world, seed), PLACES[world.rules.cue_place][-1]
    out = []
    for axis in world.traits:
        means = []
        for sign in "+-":
            rows = [ids for (ids, _), _ in prompts.all(axis, f"{place} instruction {sign}")]
            ids, _ = collate([Document(r, []) for r in rows], model.config.pad_token_id)
            hidden = model.base_model(input_ids=ids, use_cache=False, output_hidden_states=True).hidden_states
            last = torch.tensor([len(r) - 1 for r in rows])
            means.append(hidden[layer + 1][torch.arange(len(rows)), last].double().mean(0))
        out.append((means[0] - means[1]).numpy())
    return np.stack(out)


def cross_cosines(vectors: np.ndarray) -> np.ndarray:
    """Cosines between all pairs of different axes."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return (unit @ unit.T)[np.triu_indices(len(unit), 1)]
