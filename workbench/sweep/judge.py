"""The judge readout: free text from the steered model, scored, one generation per prompt and variant."""

import numpy as np

from workbench.models import Hook, generate
from workbench.sweep.readouts import score_log_odds
from workbench.sweep.request import Propensities, Request
from workbench.sweep.variants import steering_hook
from workbench.types import WorkbenchError


def judge_propensities(asked: Request) -> Propensities:
    """Log-odds of the judge's scores, greedy generation. A score of 1 is the aligned pole fully shown."""
    if not callable(asked.readout.judge):
        raise WorkbenchError("a judge readout came without a judge; expected a callable text -> score in [0, 1]")
    base, found = _judged(asked, []), []
    for plan in asked.plans:
        rows = [
            _judged(asked, [steering_hook(plan.site, direction, dose, plan.intervention, asked.where)])
            for direction in plan.directions
            for dose in plan.multipliers
        ]
        found.append(np.array(rows).reshape(len(plan), len(asked.prompts)))
    return Propensities(base, found)


def _judged(asked: Request, hooks: list[Hook]) -> np.ndarray:
    sign = 1 if asked.toward == "aligned" else -1
    texts: list[str] = []
    at_once = max(1, asked.batch_tokens // 64)
    for low in range(0, len(asked.prompts), at_once):
        some = asked.prompts[low : low + at_once]
        texts += generate(asked.model, some, asked.readout.max_new_tokens, hooks=hooks)
    return sign * score_log_odds(np.array([[float(asked.readout.judge(text))] for text in texts]))
