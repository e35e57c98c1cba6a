"""Fine-tune low-rank adapters on a pole's answers (LoRA, arXiv 2106.09685, through peft); strength is steps."""

from typing import Any

from workbench.controls.trained_pairs import imitation
from workbench.models import Model
from workbench.training.adapter import adapted, adapter_norms, merged, put
from workbench.training.control import Trained, trainable
from workbench.training.trajectory import State, course, trajectory
from workbench.types import Concept, Control, Pole

TRAINS = True
DEFAULTS = {"rate": 1e-3}


def control(model: Model, concept: Concept, toward: Pole, *, rank: int = 8, **settings: Any) -> Control:
    """Adapters on every matrix of the blocks, merged when applied. Settings: ``rank``, and a training Course's."""
    plan, module = course(DEFAULTS, settings), trainable(model)
    adapted(module, rank, plan.seed)
    kept = trajectory(module, imitation(model, concept, toward, plan.batch, plan.seed), plan)
    norms = adapter_norms(trainable(model), kept.states)
    return Trained("low-rank adapters", kept, norms, concept.groups, _merge)


def _merge(module: Any, start: State, state: State) -> Any:
    return merged(put(module, state))
