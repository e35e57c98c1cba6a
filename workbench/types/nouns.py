"""The nouns every module speaks. Imports nothing of ours.

Positions: token tensors are [batch position]; residual-stream tensors are [batch position d_model].
Poles: every contrast has an ``aligned`` and an ``unaligned`` pole; on a value-free (placebo) axis the
names are a convention and carry no judgement.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from jaxtyping import Bool, Float
from torch import Tensor

Pole = Literal["aligned", "unaligned"]
POLES: tuple[Pole, Pole] = ("aligned", "unaligned")
STREAMS = ("resid_pre", "resid_mid", "attn_out", "mlp_out", "resid_post", "z")


class WorkbenchError(Exception):
    """Bad input, said in one line: what came, what was expected, what to do. The command line exits with 2."""


def opposite(pole: Pole) -> Pole:
    """The other pole."""
    return "unaligned" if pole == "aligned" else "aligned"


def digest_of(value: Any) -> str:
    """A short, stable digest of anything JSON can write (keys sorted, floats exact)."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True, order=True)
class Site:
    """A place in the model: a residual-stream (or head) activation of one layer, 0-based.

    ``Site(5).hook`` is the TransformerLens name ``blocks.5.hook_resid_post``. ``resid_mid`` may be read
    but not intervened on: in TransformerLens 4.3 its hook reaches the MLP branch only.
    """

    layer: int
    stream: str = "resid_post"
    head: int | None = None

    def __post_init__(self):
        if self.stream not in STREAMS:
            raise WorkbenchError(f"site stream {self.stream!r} is unknown; expected one of {', '.join(STREAMS)}")
        if self.layer < 0:
            raise WorkbenchError(f"site layer {self.layer} is negative; layers count from 0")

    @property
    def hook(self) -> str:
        return f"blocks.{self.layer}.attn.hook_z" if self.stream == "z" else f"blocks.{self.layer}.hook_{self.stream}"

    def __str__(self) -> str:
        head = "" if self.head is None else f" head {self.head}"
        return f"layer {self.layer} {self.stream}{head}"


@dataclass(frozen=True)
class Pair:
    """One question and the answer of each pole. ``group`` (template or topic) is the unit of splitting AND resampling.

    ``question`` is the bare question text without frame (see :mod:`workbench.prompts`); answers carry their
    leading space (" Yes", " (A)", " gave it back.").
    """

    id: str
    group: str
    question: str
    aligned: str
    unaligned: str

    def answer(self, pole: Pole) -> str:
        return self.aligned if pole == "aligned" else self.unaligned


@dataclass(frozen=True)
class Example:
    """A labelled text, for probes."""

    id: str
    group: str
    text: str
    label: int


@dataclass(frozen=True)
class Card:
    """What a concept is, where it is from, and what is known to be wrong with it (``card.toml``).

    ``kind`` is "value", "placebo" (value-free), "subtle" (a value whose wording single words do not give away) or
    "story"; ``style`` is "statement" (Yes/No), "ab", "question" or "story".
    ``trait`` names the disposition in cues and instructions, ``trait_pole`` is the pole that has it.
    """

    name: str
    title: str
    kind: str = "value"
    style: str = "statement"
    aligned: str = ""
    unaligned: str = ""
    trait: str = ""
    trait_pole: Pole = "aligned"
    summary: str = ""
    source: str = ""
    licence: str = ""
    read_position: str = "last"
    instruction_aligned: str = ""
    instruction_unaligned: str = ""
    confounds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Concept:
    """A named contrast: its pairs, its card and a digest of both."""

    name: str
    pairs: tuple[Pair, ...]
    card: Card

    @property
    def digest(self) -> str:
        rows = [(p.id, p.group, p.question, p.aligned, p.unaligned) for p in self.pairs]
        card = self.card
        return digest_of(
            [
                self.name,
                rows,
                card.style,
                card.trait,
                card.trait_pole,
                card.instruction_aligned,
                card.instruction_unaligned,
            ]
        )

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(p.group for p in self.pairs))

    def select(self, pairs: Sequence[Pair]) -> "Concept":
        """The same concept with other pairs (a split, a fold)."""
        return Concept(self.name, tuple(pairs), self.card)

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(p.group)}</td><td>{escape(p.question)}</td><td>{escape(p.aligned)}</td>"
            f"<td>{escape(p.unaligned)}</td></tr>"
            for p in self.pairs[:6]
        )
        return (
            f"<b>{escape(self.card.title or self.name)}</b> ({escape(self.card.kind)}; {len(self.pairs)} pairs in "
            f"{len(self.groups)} groups)<table><tr><th>group</th><th>question</th><th>aligned</th>"
            f"<th>unaligned</th></tr>{rows}</table>"
        )


@dataclass(frozen=True)
class Readout:
    """How a propensity is read.

    ``answers``: the log-odds of the aligned against the unaligned answer of each pair; single-token
    answers need one forward pass, longer ones are teacher-forced and their log-probs summed.
    ``judge``: a callable on free generations, text -> score in [0, 1]; its propensity is the score's log-odds.
    """

    kind: Literal["answers", "judge"] = "answers"
    judge: Any = None
    max_new_tokens: int = 32


@dataclass(frozen=True)
class Activations:
    """Activations of one site. ``values`` [example position d_model]; ``mask`` says which positions are real.

    ``labels`` is +1 for the positive and -1 for the negative pole, 0 where there is none; ``source`` says
    which model, concept, prompt type and token rule they come from.
    """

    values: Float[Tensor, "example position d_model"]
    mask: Bool[Tensor, "example position"]
    labels: tuple[int, ...]
    groups: tuple[str, ...]
    site: Site
    source: Mapping[str, Any] = field(default_factory=dict)

    def last(self) -> Float[Tensor, "example d_model"]:
        """The last real position of every example."""
        import torch

        index = self.mask.shape[1] - 1 - self.mask.flip(1).int().argmax(1)
        return self.values[torch.arange(len(self.values)), index]

    def __len__(self) -> int:
        return len(self.labels)

    def _repr_html_(self) -> str:
        n, p, d = self.values.shape
        return f"<b>Activations</b> {n} examples × {p} positions × {d} at {self.site}, {len(set(self.groups))} groups"


@dataclass(frozen=True)
class Direction:
    """A unit vector at a site, and the gap between the class means along it.

    Adding ``multiplier * gap * vector`` is steering at that multiplier; for the mean difference, 1.0 adds
    exactly the mean-difference vector. ``source`` holds model digest, concept digest, prompt type, token rule.
    """

    vector: Float[Tensor, " d_model"]
    gap: float
    site: Site
    method: str
    source: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        norm = float(self.vector.double().norm())
        if not abs(norm - 1) < 1e-4:
            raise WorkbenchError(
                f"direction {self.method!r} has norm {norm:.6g}; expected a unit vector: divide by its norm"
            )

    @property
    def step(self) -> Float[Tensor, " d_model"]:
        """What multiplier 1.0 adds."""
        return self.vector * self.gap

    def _repr_html_(self) -> str:
        from html import escape

        about = ", ".join(f"{k}: {v}" for k, v in self.source.items())
        return f"<b>Direction</b> {escape(self.method)} at {self.site}, gap {self.gap:.3f} ({escape(about)})"


@dataclass(frozen=True)
class Effect:
    """A number that may be shown: estimate, interval, level, sample sizes, unit and how the interval was made."""

    estimate: float
    low: float
    high: float
    level: float = 0.95
    n: int = 0
    n_groups: int = 0
    unit: str = ""
    method: str = ""

    def __str__(self) -> str:
        return f"{self.estimate:+.2f} [{self.low:+.2f}, {self.high:+.2f}]"

    def covers(self, value: float | int) -> bool:
        return bool(self.low <= value <= self.high)

    def _repr_html_(self) -> str:
        about = f"{self.level:.0%}, n = {self.n}, groups = {self.n_groups}, {self.method}"
        return f"{self} {self.unit} <small>({about})</small>"
