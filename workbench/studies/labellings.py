"""Three ways to say which of a pair's two prompts is the positive one, and the directions that each gives.

The published studies use one each and call all of them the concept's direction: the cue that stands in the prompt,
the behaviour that the prompt elicits, and the answer (a letter, or a word) that is already given.
"""

import numpy as np

from workbench.activations import extract
from workbench.directions import exchanged
from workbench.models import Model
from workbench.studies.cells import fit_cell, limited, pole_of
from workbench.studies.outcomes import cued_propensities
from workbench.studies.sources import parts
from workbench.types import Concept, Site, opposite

LABELLINGS = {
    "cue": "which cue stands in the prompt",
    "behaviour": "which of the two cued prompts showed the more aligned act",
    "letter": "which answer (a letter, or a word) is already given",
}


def fit_labelled(model: Model, config, concept: Concept) -> dict:
    """Directions and coherence of one concept under each labelling, at every layer, as :func:`fit_concept` gives them.

    Behaviour is read off the model's own log-odds on the pairs that the vectors come from, never on those that are
    evaluated; the cell keeps the share of pairs in which it went against the cue.
    """
    _, half, _ = parts(concept, config.seed)
    pairs, pole = limited(half, config.max_pairs), pole_of(config, concept)
    settings = {"sites": [Site(k) for k in config.layers], "toward": pole}
    cues = extract(
        model, pairs, prompt_type="instruction", cue_place=config.cue_place, cue_kind=config.cue_kind, **settings
    )
    letters = extract(model, pairs, prompt_type="prefilled", **settings)
    against = shown_against_cue(model, config, pairs)
    acts = {
        "cue": cues,
        "behaviour": {site: exchanged(values, against) for site, values in cues.items()},
        "letter": letters,
    }
    out: dict = {"directions": {}, "rows": [], "against_cue": float(np.mean(against))}
    for name in config.prompt_types:
        out["directions"][name] = {}
        for site, values in acts[name].items():
            entry, row = fit_cell(values, pairs, pole, config)
            out["directions"][name][str(site.layer)] = entry
            out["rows"].append({"prompt_type": name, "layer": site.layer, **row})
    return out


def shown_against_cue(model: Model, config, pairs: Concept) -> list[bool]:
    """Per pair whether the prompt cued away from the positive pole shows more of it than the one cued toward it."""
    toward = pole_of(config, pairs)
    up = cued_propensities(model, config, pairs, toward)
    down = -cued_propensities(model, config, pairs, opposite(toward))
    return [bool(flag) for flag in down > up]
