"""What a panel's direction, or a probe, reads in a text: computed by ``workbench.geometry``, kept by the state."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from workbench.activations import extract
from workbench.geometry import Readers, direction_readers, probe_readers, read_tokens, reader_auc
from workbench.models.dialogue import Text, turns_of
from workbench.types import Activations, Effect, Probe, Site
from workbench.widgets.steering import Setting, Steering

PROJECTION = "projection on the direction"


def readers(steering: Steering, setting: Setting, probe: Probe | None = None) -> Readers:
    """A reader per layer, fitted on the fitting part: the setting's direction, or ``probe`` where one is given."""
    layers = [replace(setting, layer=layer) for layer in range(steering.model.n_layers)]
    acts = {at.site: steering.activations(at) for at in layers}
    key = ("readers", setting.concept, setting.prompt_type, setting.method, repr(probe))
    if probe is not None:
        return steering.keep(key, lambda: probe_readers(probe, acts, seed=steering.seed))
    directions = {at.site: steering.direction(at) for at in layers}
    return steering.keep(key, lambda: direction_readers(acts, directions, seed=steering.seed))


def readings(steering: Steering, setting: Setting, text: Text, probe: Probe | None = None) -> pd.DataFrame:
    """:func:`workbench.geometry.read_tokens` of ``text`` at every layer. Paragraphs with roles are a dialogue."""
    said = turns_of(text) if isinstance(text, str) else text
    what = (setting.concept, setting.prompt_type, setting.method, repr(probe))
    found = readers(steering, setting, probe)
    return steering.keep(("tokens", *what, repr(said)), lambda: read_tokens(steering.model, said, found))


def quality(steering: Steering, setting: Setting, probe: Probe | None = None) -> Mapping[str, Effect]:
    """AUROC of the layer's reader, "in-sample" (the fitted pairs) and "held out" (the evaluation part), by group."""
    reader = readers(steering, setting, probe).own[setting.site]
    parts = {"in-sample": steering.activations(setting), "held out": heldout(steering, setting)[setting.site]}
    return {name: reader_auc(reader, acts) for name, acts in parts.items()}


def heldout(steering: Steering, setting: Setting) -> dict[Site, Activations]:
    """Activations of the evaluation part, as those of the fitting part were read; kept."""
    evaluated = steering.parts(setting)[1]
    key = ("held out", setting.concept, setting.prompt_type)
    return steering.keep(key, lambda: extract(steering.model, evaluated, prompt_type=setting.prompt_type))
