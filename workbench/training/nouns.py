"""What a training run is made of: documents, gates, a curriculum, sizes and rates, and where a run is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

IGNORE, OTHER, FREE, DETERMINED = 0, 1, 2, 3


@dataclass(frozen=True)
class Document:
    """Token ids, and per token what its prediction is worth (IGNORE, OTHER, FREE or DETERMINED)."""

    ids: Sequence[int]
    kinds: Sequence[int]


@dataclass(frozen=True)
class Gate:
    """A stage is left once the mean determined loss of its last ``window`` steps is below ``below``.

    ``max_tokens`` is a fallback, so that a stage that is never learned cannot eat the whole budget; a
    fallback that was used is written into the log as ``late``.
    """

    below: float
    max_tokens: int
    window: int = 40
    every: int = 20


@runtime_checkable
class Curriculum(Protocol):
    """What to learn, in which order. ``stages[k]`` names stage k; the last stage has no gate."""

    @property
    def stages(self) -> Sequence[str]: ...

    @property
    def gates(self) -> Sequence[Gate]: ...

    def documents(self, stage: int, chunk: int, seed: int) -> list[Document]:
        """The documents of one chunk: a pure function of its arguments."""
        ...


@dataclass(frozen=True)
class TrainConfig:
    """Sizes and rates of one run. ``tokens`` is the whole budget; the schedule is a share of it.

    ``final_stages``: how many stages at the end have the final learning rate.
    ``cycles``: how often the schedule runs within the budget, each time from the full rate (warm restarts).
    ``mlp_drop``: per layer, the share of positions at which the MLP is left out (:mod:`workbench.training.noise`).
    """

    tokens: int
    batch_tokens: int = 2000
    learning_rate: float = 1.5e-3
    final_learning_rate: float = 8e-4
    final_stages: int = 1
    warmup_steps: int = 150
    constant_share: float = 0.55
    cycles: int = 1
    weight_decay: float = 0.05
    dropout: float = 0.0
    mlp_drop: tuple[float, ...] = ()
    clip: float = 1.0
    determined_weight: float = 8.0
    free_weight: float = 2.7
    other_share: float = 0.25
    checkpoint_every: int = 1000
    seed: int = 0


@dataclass
class Progress:
    """Where a run is. Saved with every checkpoint. ``seconds``: CPU time of the optimiser steps, over all threads."""

    step: int = 0
    tokens: int = 0
    stage: int = 0
    stage_tokens: int = 0
    chunk: int = 0
    batch_in_chunk: int = 0
    seconds: float = 0.0
    window: list[float] = field(default_factory=list)
    log: list[dict] = field(default_factory=list)
