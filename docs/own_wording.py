"""The table of docs/organism.md: how far the persona organisms follow a cue on this project's own statements.

    python docs/own_wording.py              prints the table and the section [own_statements] of each card
"""

import sys

import numpy as np

from workbench.concepts import list_concepts, load_concept
from workbench.models import load
from workbench.stats import t_interval, within
from workbench.studies.outcomes import cued_propensities
from workbench.studies.reliability import Config
from workbench.studies.sources import known_traits

ORGANISMS = tuple(sys.argv[1:]) or ("persona", "persona-1", "persona-2")


def followed(model, name: str):
    """Share of statements answered as an instruction cue asks, both cues, with a t interval over topics."""
    concept, config = load_concept(name), Config(cue_place="before")
    right = [cued_propensities(model, config, concept, pole) > 0 for pole in ("aligned", "unaligned")]
    groups = np.array([pair.group for pair in concept.pairs])
    return within(t_interval(np.mean(right, axis=0), groups=groups, unit="share"), 0.0, 1.0)


def shown(effect) -> str:
    return f"{effect.estimate:.2f} [{effect.low:.2f}, {effect.high:.2f}]"


models = {name: load(name) for name in ORGANISMS}
plain = list_concepts("value")
traits = known_traits(models[ORGANISMS[0]])
placebos = [n for n in list_concepts("placebo") if load_concept(n).card.trait in traits]
found = {(o, n): followed(m, n) for o, m in models.items() for n in (*plain, *list_concepts("subtle"), *placebos)}

print(f"| concept | {' | '.join(f'{o}: plain | subtle' for o in ORGANISMS)} |")
print("|---" * (1 + 2 * len(ORGANISMS)) + "|")
for name in (*plain, *placebos):
    cells = [shown(found[o, n]) if (o, n) in found else "–" for o in ORGANISMS for n in (name, f"{name}-subtle")]
    print(f"| {name} | {' | '.join(cells)} |")
kinds = {"plain": plain, "subtle": list_concepts("subtle"), "placebo": placebos}
means = {(o, k): t_interval([found[o, n].estimate for n in names]) for o in ORGANISMS for k, names in kinds.items()}
for name, kind in (("mean over value sets", ("plain", "subtle")), ("mean over placebo axes", ("placebo",))):
    cells = [shown(means[o, k]) if k else "–" for o in ORGANISMS for k in (*kind, "")[:2]]
    print(f"| **{name}** | {' | '.join(cells)} |")
for o in ORGANISMS:
    print(f"\n# {o}\n[own_statements]\n# share answered as cued, on this project's sets: [mean over sets, low, high]")
    for kind in kinds:
        e = means[o, kind]
        print(f"{kind} = [{e.estimate:.4f}, {e.low:.4f}, {e.high:.4f}]")
