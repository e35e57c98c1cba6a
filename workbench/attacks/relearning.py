"""Relearning: fine-tune on benign text, then say a cue: does what a defence took away come back by itself?

Nothing of either pole is in the training (after arXiv 2505.22310, which does so with classifiers): it undoes what a
defence in the weights has only covered. Hooks and prompts stay in force, and are not seen by it.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from workbench.attacks.arena import Arena
from workbench.attacks.candidates import Candidate, those_that_can
from workbench.concepts import neutral_texts
from workbench.controls import find_method
from workbench.models import Model, tokens
from workbench.models.batch import pad_id
from workbench.training.control import Trained, put_weights, trainable, weights_norm
from workbench.training.lessons import Answers, answered
from workbench.training.trajectory import Course, trajectory
from workbench.types import Pole, WorkbenchError

TIER = "T3"
RATES = (1e-4, 1e-3)
TEXTS, BATCH, STEPS = 96, 4, (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Relearned:
    """Benign training, then one cue; ``strength`` is the number of steps. Spends what the training spends."""

    taught: Trained
    cue: Any

    @property
    def doses(self) -> tuple[float, ...]:
        """The numbers of steps there are."""
        return self.taught.doses

    def spent(self, strength: float) -> dict[str, float]:
        """Steps, examples and tokens of the training, and the norm of its change."""
        return self.taught.spent(strength)

    @contextmanager
    def applied(self, model: Model, strength: float) -> Iterator[Model]:
        """The model after so many steps, behind the cue; at 0 the cue alone."""
        with ExitStack() as stack:
            retrained = stack.enter_context(self.taught.applied(model, strength))
            yield stack.enter_context(self.cue.applied(retrained, 1.0))


def attack(arena: Arena, toward: Pole) -> list[Candidate]:
    """Trained on the defended model, on texts that costs are not measured on; the cue is the concept's own."""
    cue = find_method("instruction")(arena.model, arena.fit, toward)
    return those_that_can([
        (f"benign text, rate {rate:g}, then a cue", lambda rate=rate: Relearned(taught(arena, rate), cue))
        for rate in RATES
    ])  # fmt: skip


def taught(arena: Arena, rate: float) -> Trained:
    """Full fine-tuning on neutral text: the mean NLL of every token but the first."""
    measured = set(arena.quiet.texts)
    texts = [text for text in neutral_texts(arena.fit.card.style, TEXTS) if text not in measured]
    rows = [row[: arena.model.context] for row in tokens(arena.model, texts)[0]] if texts else []
    whole = [answered(row[:1], row[1:]) for row in rows if len(row) > 1]
    if len(whole) < BATCH:
        raise WorkbenchError(f"{len(whole)} benign texts are left to train on; expected at least {BATCH}: ask for less "
                             "neutral text")  # fmt: skip
    batches = [whole[k : k + BATCH] for k in range(0, len(whole) - BATCH + 1, BATCH)]
    plan, module = Course(STEPS, rate, BATCH, arena.effort.seed), trainable(arena.model)
    kept = trajectory(module, Answers(batches, pad_id(arena.model)), plan)
    norms = {step: weights_norm(kept.states[0], state) for step, state in kept.states.items()}
    return Trained("benign tuning", kept, norms, (), put_weights)
