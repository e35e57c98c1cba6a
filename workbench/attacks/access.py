"""The access that an attack needs: by its kind where it is known beforehand, and never less than it was seen to use."""

from typing import Any

from workbench.controls.find import method_name, trains
from workbench.models import Model

# T0 a prompt, T1 activations, T2 a rank-limited edit of weights, T3 training, T4 the weights with the defence in them
TIERS = ("T0", "T1", "T2", "T3", "T4")
PROMPTS = ("instruction", "persona", "few_shot", "in_context_edit", "veto", "input_filter")
EDITS = ("baked_projection", "memit", "null_space_edit", "rome")
# fitted by gradient with a change of any rank, though applied like an edit; weights that somebody trained
TRAINED = ("constrained_tuning", "checkpoint")


def tier_of(method: str) -> str:
    """The tier of a control method by its kind: prompts T0, hooks on activations T1, edits T2, training T3."""
    name = method_name(method)
    if name in PROMPTS:
        return "T0"
    if name in EDITS:
        return "T2"
    return "T3" if trains(name) or name in TRAINED else "T1"


def written(model: Model) -> tuple[Any, ...]:
    """Which weights a model has, and how often each was written to: equal before and after iff none was changed."""
    return tuple((id(weight), 0 if weight.is_inference() else weight._version) for weight in model.bridge.parameters())


def used(model: Model, before: tuple[Any, ...], attacked: Model) -> str:
    """The least tier that a control in force needs, from what it changed; ``before`` is :func:`written` without it.

    Other or changed weights need T2 at least (training is not told from an edit), more hooks T1, anything else T0.
    """
    if attacked.bridge is not model.bridge or written(model) != before:
        return "T2"
    return "T1" if len(attacked.hooks) > len(model.hooks) else "T0"


def access_of(model: Model, control: Any, strength: float) -> tuple[str, bool]:
    """(the least tier that a control needs, whether it writes into the model's own weights), by applying it once."""
    before = written(model)
    with control.applied(model, strength) as changed:
        return used(model, before, changed), written(model) != before


def higher(*tiers: str) -> str:
    """The tier with the most access."""
    return max(tiers, key=TIERS.index)
