"""What a setting costs where it should cost nothing: how much worse neutral text is predicted, toward each pole."""

import numpy as np

from workbench.concepts import neutral_texts
from workbench.interventions import steer
from workbench.stats import t_interval
from workbench.symmetry.neutral import Neutral, neutral
from workbench.types import POLES, Effect, Pole
from workbench.widgets.steering import Setting, Steering

TEXTS = 8


def costs(steering: Steering, setting: Setting) -> dict[Pole, Effect]:
    """The relative rise of the NLL of neutral text, toward each pole: mean over texts with its t interval, a share.

    Steered at *all* positions, whatever the setting's rule: a neutral text has no answer to steer at. A pole with dose
    0 is not among them. Raises WorkbenchError where a text is longer than the model's context.
    """
    style = steering.parts(setting)[0].card.style
    texts: list[Neutral] = steering.keep(
        ("neutral", style), lambda: [neutral(steering.model, [text]) for text in neutral_texts(style, TEXTS)])
    return {pole: _cost(steering, setting, pole, texts) for pole in POLES if setting.multiplier(pole)}


def _cost(steering: Steering, setting: Setting, pole: Pole, texts: list[Neutral]) -> Effect:
    multiplier = setting.multiplier(pole)
    told = (*setting.vector, setting.operator, multiplier)

    def measure() -> Effect:
        model = steer(steering.model, steering.direction(setting), multiplier, intervention=steering.operator(setting))
        return t_interval(np.array([text.cost(model)[1] for text in texts]), unit="share")

    return steering.keep(("cost", *told), measure)
