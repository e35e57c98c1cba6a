"""What every way is asked to do: prompts, directions and doses, the same for all of them."""

from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import torch

from workbench.concepts import list_concepts, load_concept
from workbench.models.loading import bos_rule
from workbench.prompts import PROMPT_TYPES, bare_prompt, build_prompt, draw_shots
from workbench.types import POLES, Card, Concept, Direction, Pair, Site

ORGANISM = "persona-inert"
FOLDER = Path(__file__).parent.parent / "data" / "organisms" / ORGANISM
MODELS = ("gpt2-small-size", "organism")
# random GPT-2 models made here, as they are described; the narrow one is for curves of growth
NARROW = "gpt2-narrow"
SIZES = {
    "gpt2-small-size": "Random GPT-2 of small size: 12 layers, width 768",
    NARROW: "Random GPT-2: 12 layers, width 192",
}  # fmt: skip
MULTIPLIERS = (-2.0, -1.0, 0.5, 1.0, 2.0)
# row -> (what is done, the multiple of plain TransformerLens hooks that is asked for at GPT-2-small size)
ROWS = {
    "answer token": ("steer", 40.0),
    "all positions": ("steer", 3.5),
    "extraction": ("read", 2.0),
    "extraction, seven types": ("read", 5.0),
    "first-order screen": ("slopes", 100.0),
}


@dataclass(frozen=True)
class Task:
    """One row on one model. ``statements`` are joined in one question until the prompts have the wanted length."""

    model: str
    row: str
    pairs: int
    layers: tuple[int, ...]
    directions: int = 1
    multipliers: tuple[float, ...] = MULTIPLIERS
    kinds: tuple[str, ...] = ("prefilled",)
    statements: int = 1

    @property
    def where(self) -> str:
        return "last" if self.row == "answer token" else "all"

    @property
    def units(self) -> int:
        """What a way that computes each thing anew pays for: passes, counted in whole prompts."""
        each = len(self.layers) * self.directions * len(self.multipliers)
        return self.pairs * (each if ROWS[self.row][0] != "read" else 1)

    @cached_property
    def concept(self) -> Concept:
        return questions(self.statements).select(questions(self.statements).pairs[: self.pairs])

    @cached_property
    def shots(self) -> tuple[Pair, ...]:
        """Five pairs that are not asked, for the prompt types with answered examples."""
        return questions(self.statements).pairs[-5:]

    @cached_property
    def steps(self) -> dict[str, torch.Tensor]:
        """What multiplier 1 adds, by the direction's name."""
        width = width_of(self.model)
        draws = [torch.randn(width, generator=torch.Generator().manual_seed(i)) for i in range(self.directions)]
        return {f"d{i}": 4.0 * draw / draw.norm() for i, draw in enumerate(draws)}

    @cached_property
    def named(self) -> dict[str, Direction]:
        return {
            name: Direction(step / step.norm(), float(step.norm()), Site(0), name) for name, step in self.steps.items()
        }

    @cached_property
    def prompts(self) -> list[torch.Tensor]:
        """The bare prompts as tokens, [1 position] each."""
        return [as_tokens(bare_prompt(pair, self.concept.card)) for pair in self.concept.pairs]

    @cached_property
    def answers(self) -> list[tuple[int, int]]:
        """The tokens of the aligned and of the unaligned answer."""
        return [tuple(tokenizer()(pair.answer(pole))["input_ids"][0] for pole in POLES) for pair in self.concept.pairs]

    def contrast(self, kind: str) -> list[str]:
        """The texts of a prompt type: the aligned ones, then the unaligned ones."""
        count = 5 if "5-shot" in kind else 0
        pool = self.concept.select([replace(shot, group=f"shots {shot.group}") for shot in self.shots])
        shots = draw_shots(pool, Pair("", "", "", "", ""), count, 0)
        return [build_prompt(p, self.concept.card, kind, pole, shots) for pole in POLES for p in self.concept.pairs]

    def part(self, way: str, repetition: int) -> "Task":
        """What a way is timed on. Ways that compute every thing anew pay the same for each, so they get a share.

        A share is one layer of a sweep, another one in each repetition, or the first pairs of an extraction.
        """
        if way == "workbench":
            return self
        if ROWS[self.row][0] == "read":
            return replace(self, pairs=max(2, self.pairs // (10 if len(self.kinds) > 1 else 4)))
        if way == "exact":
            return replace(self, directions=1)
        layer = self.layers[(repetition * 5 + 1) % len(self.layers)]
        return replace(self, layers=(layer,), directions=1)


def task(model: str, row: str, quick: bool = False) -> Task:
    """A row at its size in the table; ``quick`` is a tenth of it, to try the machinery."""
    small = model in SIZES
    n_layers, pairs = (12, 50) if small else (4, 50)
    pairs = 100 if row.startswith("extraction") and small else pairs
    made = Task(model, row, 6 if quick else pairs, tuple(range(n_layers)), statements=3 if small else 1)
    if row == "extraction, seven types":
        made = replace(made, kinds=PROMPT_TYPES)
    return replace(made, directions=2 if quick else 12) if row == "first-order screen" else made


@cache
def tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(FOLDER)


def as_tokens(text: str) -> torch.Tensor:
    """A text as [1 position] tokens, with the BOS token where the tokenizer wants one."""
    ids = tokenizer()(text, add_special_tokens=False)["input_ids"]
    return torch.tensor([[tokenizer().bos_token_id, *ids] if bos_rule(tokenizer()) == "prepend" else ids])


@cache
def questions(statements: int) -> Concept:
    """Shipped statements, ``statements`` of them in one question, in an order that mixes the concepts."""
    pool = [pair for name in sorted(list_concepts("value")) for pair in load_concept(name).pairs]
    pool = [pool[(i * 37) % len(pool)] for i in range(len(pool))]
    words = [pair.question.split('"')[1] for pair in pool]
    pairs = []
    for i in range(160):
        text = ". ".join(words[(i * statements + k) % len(words)] for k in range(statements))
        question = pool[i].question.split('"')[0] + f'"{text}"'
        pairs.append(Pair(f"q{i}", f"g{i // 4}", question, pool[i].aligned, pool[i].unaligned))
    return Concept("benchmark", tuple(pairs), Card("benchmark", "Benchmark", style="statement", trait="kindness"))


def module(model: str) -> torch.nn.Module:
    """The HuggingFace model: the embedded organism, or a random GPT-2 made here."""
    import transformers

    if model == "organism":
        found = transformers.AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32)
    else:
        torch.manual_seed(0)
        width = width_of(model)
        found = transformers.GPT2LMHeadModel(transformers.GPT2Config(
            n_embd=width, n_head=width // 64, bos_token_id=0, eos_token_id=0, pad_token_id=1))  # fmt: skip
    return found.eval().requires_grad_(True)


def width_of(model: str) -> int:
    return 768 if model == "gpt2-small-size" else 192


@cache
def loaded(model: str) -> Any:
    """The same as a workbench model (and, in its ``bridge``, as TransformerLens has it)."""
    from workbench.models import load

    return load(module(model), tokenizer=tokenizer(), name=model)
