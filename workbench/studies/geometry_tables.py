# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
# pyright: reportOptionalMemberAccess=false
"""Tables of a study that compare directions with each other, and project prompts onto them."""

import numpy as np
import pandas as pd

from workbench.activations import by_class, extract
from workbench.prompts import PromptType
from workbench.studies.cells import limited, pole_of, unpacked
from workbench.studies.sources import parts
from workbench.types import Site


def unit_vectors(fitted: dict) -> dict[tuple[str, int], np.ndarray]:
    """(prompt type, layer) -> unit vector."""
    return {
        (kind, int(layer)): unpacked(entry["vector"]).double().numpy()
        for kind, layers in fitted["directions"].items()
        for layer, entry in layers.items()
    }


def cosines_between_concepts(concepts, fitted: list[dict]) -> pd.DataFrame:
    """Cosine of every two concepts' directions, per prompt type and layer."""
    vectors = [unit_vectors(f) for f in fitted]
    rows = []
    for kind, layer in dict.fromkeys(key for v in vectors for key in v):
        have = [i for i, v in enumerate(vectors) if (kind, layer) in v]
        matrix = np.stack([vectors[i][kind, layer] for i in have])
        cosine = np.clip(matrix @ matrix.T, -1, 1)
        rows += [
            (kind, layer, concepts[i].name, concepts[j].name, round(float(cosine[a, b]), 4))
            for a, i in enumerate(have)
            for b, j in enumerate(have)
        ]
    return pd.DataFrame(rows, columns=["prompt_type", "layer", "a", "b", "cosine"])


def cosines_between_types(concepts, fitted: list[dict]) -> pd.DataFrame:
    """Cosine of every two prompt types' directions, per concept and layer."""
    rows = []
    for concept, fit in zip(concepts, fitted, strict=True):
        vectors = unit_vectors(fit)
        for layer in sorted({layer for _, layer in vectors}):
            kinds = [kind for kind, other in vectors if other == layer]
            rows += [
                (concept.name, layer, a, b, round(float(np.clip(vectors[a, layer] @ vectors[b, layer], -1, 1)), 4))
                for a in kinds
                for b in kinds
            ]
    return pd.DataFrame(rows, columns=["concept", "layer", "a", "b", "cosine"])


def projections(config, model, concepts, fitted: list[dict], chosen: pd.DataFrame) -> pd.DataFrame:
    """κ of held-out prompts at each concept's recommended cell, steered by 1 and not.

    κ is ±1 at the class means of the fitting half; adding the vector once at the same site shifts κ by 2.
    """
    by_name = {c.name: (c, f) for c, f in zip(concepts, fitted, strict=True)}
    rows = []
    for _, best in chosen.iterrows():
        concept, fit = by_name[best["concept"]]
        entry = fit["directions"].get(best["prompt_type"], {}).get(str(best["layer"]))
        if entry is None or not entry["gap"]:
            continue
        shots, _, half = parts(concept, config.seed)
        half = limited(half, 24)
        acts = extract(
            model,
            half,
            prompt_type=PromptType.parse(best["prompt_type"]),
            sites=[Site(int(best["layer"]))],
            toward=pole_of(config, concept),
            shots=shots.pairs,
            shots_seed=config.seed,
            cue_place=config.cue_place,
            cue_kind=config.cue_kind,
        )
        vector = unpacked(entry["vector"]).double()
        for pole, values in zip(("positive", "negative"), by_class(acts[Site(int(best["layer"]))]), strict=True):
            kappa = 2 * (values @ vector - entry["middle"]).numpy() / entry["gap"]
            rows += [
                (
                    concept.name,
                    best["prompt_type"],
                    int(best["layer"]),
                    pair.id,
                    pole,
                    round(float(k), 4),
                    round(float(k) + 2, 4),
                )
                for pair, k in zip(half.pairs, kappa, strict=True)
            ]
    return pd.DataFrame(rows, columns=["concept", "prompt_type", "layer", "pair", "pole", "kappa", "kappa_steered"])
