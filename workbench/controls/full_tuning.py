"""Fine-tune every weight on a pole's answers; strength is the number of optimiser steps."""

from typing import Any

from workbench.controls.trained_pairs import imitation
from workbench.models import Model
from workbench.training.control import Trained, put_weights, trainable, weights_norm
from workbench.training.trajectory import course, trajectory
from workbench.types import Concept, Control, Pole

TRAINS = True
DEFAULTS = {"rate": 3e-4}


def control(model: Model, concept: Concept, toward: Pole, **settings: Any) -> Control:
    """Adam on the mean NLL of the pole's answers to the bare questions. Settings: those of a training Course."""
    plan = course(DEFAULTS, settings)
    lesson = imitation(model, concept, toward, plan.batch, plan.seed)
    kept = trajectory(trainable(model), lesson, plan)
    norms = {step: weights_norm(kept.states[0], state) for step, state in kept.states.items()}
    return Trained("full tuning", kept, norms, concept.groups, put_weights)
