"""Preference tuning: one pole's answers preferred to the other's (DPO, arXiv 2305.18290); strength is steps."""

from typing import Any

from workbench.controls.trained_pairs import preference
from workbench.models import Model
from workbench.training.control import Trained, put_weights, trainable, weights_norm
from workbench.training.trajectory import course, trajectory
from workbench.types import Concept, Control, Pole

TRAINS = True
DEFAULTS = {"rate": 3e-4}


def control(model: Model, concept: Concept, toward: Pole, *, beta: float = 0.1, **settings: Any) -> Control:
    """Adam on every weight; the model itself is the reference. Settings: ``beta`` and those of a training Course."""
    plan, module = course(DEFAULTS, settings), trainable(model)
    lesson = preference(model, module, concept, toward, plan.batch, plan.seed, beta)
    kept = trajectory(module, lesson, plan)
    norms = {step: weights_norm(kept.states[0], state) for step, state in kept.states.items()}
    return Trained("preference tuning", kept, norms, concept.groups, put_weights)
