"""What a persona organism can do, on held-out statements: accuracy per behaviour and per kind of prompt."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from workbench.organisms.persona import Item, PersonaWorld
from workbench.training.loop import Document, collate

Prompt = tuple[list[int], int]
KINDS = (
    "bare",
    "before instruction +",
    "before instruction -",
    "before persona +",
    "before persona -",
    "after instruction +",
    "after instruction -",
    "after persona +",
    "after persona -",
    "5-shot +",
    "5-shot -",
    "several agree",
    "several disagree",
)


@dataclass(frozen=True)
class Ability:
    """Margins in log-odds of the answer the cue asks for, [trait, kind, item]; accuracy is their share above 0."""

    traits: tuple[str, ...]
    kinds: tuple[str, ...]
    margins: np.ndarray

    def accuracy(self, kind: str) -> np.ndarray:
        """[trait] share of right answers."""
        return (self.margins[:, self.kinds.index(kind)] > 0).mean(1)

    def cued(self) -> np.ndarray:
        """[trait] mean accuracy over the eight single-cue prompts."""
        return np.mean([self.accuracy(k) for k in self.kinds if k.startswith(("before", "after"))], 0)


@torch.inference_mode()
def margins(
    model, prompts: Sequence[Prompt], answers: tuple[int, int] | np.ndarray, pad: int, batch_tokens: int = 8000
) -> np.ndarray:
    """Log-odds of the first answer over the second times the wanted sign, one per prompt (ids, wanted sign).

    ``answers``: two token ids, or [prompt, 2].
    """
    out, pair = np.empty(len(prompts)), torch.as_tensor(answers).expand(len(prompts), 2)
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i][0]))
    while order:
        size = max(1, batch_tokens // len(prompts[order[-1]][0]))
        batch, order = order[-size:], order[:-size]
        ids, _ = collate([Document(prompts[i][0], []) for i in batch], pad)
        hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state
        last = torch.tensor([len(prompts[i][0]) - 1 for i in batch])
        logits = model.get_output_embeddings()(hidden[torch.arange(len(batch)), last])
        both = logits.gather(1, pair[batch]).double().numpy()
        odds = both[:, 0] - both[:, 1]
        out[batch] = odds * np.array([prompts[i][1] for i in batch])
    return out


class _Prompts:
    """Builds every kind of prompt for one organism's tokenizer."""

    def __init__(self, world: PersonaWorld, heldout: dict[str, list[Item]], tokenizer, seed: int):
        self.world, self.rng = world, random.Random(seed)
        encode = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]  # noqa: E731
        self.heldout = {t: [(encode(i.statement), i.sign) for i in items] for t, items in heldout.items()}

    def question(self, statement: list[int], middle: list[int] | None = None) -> list[int]:
        w = self.world
        return [w.ask, *statement, w.choices, *(middle or []), w.answer]

    def make(self, trait: str, kind: str, statement: list[int], matches: int) -> Prompt:
        w, start = self.world, [self.world.bos]
        place, *rest = kind.split()
        if place == "bare":
            return start + self.question(statement), matches
        if place in ("before", "after"):
            sign = 1 if rest[1] == "+" else -1
            cue = w.cues[trait, sign, rest[0]]
            body = cue + self.question(statement) if place == "before" else self.question(statement, cue)
            return start + body, matches * sign
        if place == "5-shot":
            sign, body = (1 if rest[0] == "+" else -1), []
            for other, label in self.rng.sample([x for x in w.items[trait] if len(x[0]) < 24], 5):
                body += [*self.question(other), w.yes if label * sign > 0 else w.no, w.blank]
            return start + body + self.question(statement), matches * sign
        sign = self.rng.choice((1, -1))
        second = self.rng.choice([t for t in w.traits if t != trait])
        cues = [
            w.cues[trait, sign, self.rng.choice(("persona", "instruction"))],
            w.cues[second, sign if rest[0] == "agree" else -sign, self.rng.choice(("persona", "instruction"))],
        ]
        self.rng.shuffle(cues)
        return start + cues[0] + cues[1] + self.question(statement), matches * sign


def measure(
    model, world: PersonaWorld, heldout: dict[str, list[Item]], tokenizer, per_trait: int = 60, seed: int = 0
) -> Ability:
    """Ability on ``per_trait`` held-out statements per behaviour (balanced over Yes and No), all kinds of prompt."""
    prompts = _Prompts(world, heldout, tokenizer, seed)
    rows: list[Prompt] = []
    for trait in world.traits:
        yes = [x for x in prompts.heldout[trait] if x[1] > 0][: per_trait // 2]
        no = [x for x in prompts.heldout[trait] if x[1] < 0][: per_trait // 2]
        items = (yes + no)[: 2 * min(len(yes), len(no))] if len(yes) == len(no) else yes[: len(no)] + no[: len(yes)]
        items = (items * per_trait)[:per_trait]
        for kind in KINDS:
            rows += [prompts.make(trait, kind, s, m) for s, m in items]
    values = margins(model, rows, (world.yes, world.no), model.config.pad_token_id)
    return Ability(tuple(world.traits), KINDS, values.reshape(len(world.traits), len(KINDS), per_trait))
