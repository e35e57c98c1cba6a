# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""From the cells of twins to a record: one table of cells, differences between twins, what follows, in sentences."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from workbench.organisms.microworld_truth import followed
from workbench.records import Record
from workbench.reliability.causal import CONTROL, TWINS, causal_links, knob_effects, twin_differences
from workbench.reliability.causal_words import causal_summary, causal_verdicts
from workbench.studies.assemble import model_card
from workbench.studies.sources import parts
from workbench.types import Concept


def assemble(config, measured: Sequence[dict], seconds: float) -> Record:
    """The record of a causal study; ``measured`` holds one dictionary per organism."""
    cells = pd.concat([cells_of(one) for one in measured], ignore_index=True)
    differences = twin_differences(cells)
    links, effects = causal_links(differences), knob_effects(differences)
    chosen = chosen_layers(cells)
    models = {one["model"].name: model_card(one["model"]) for one in measured}
    return Record(
        study="causal-coherence",
        config=asdict(config) | {"chosen_layers": chosen},
        seeds=(config.seed,),
        model={"name": ", ".join(models), "models": models},
        concepts={c.name: c.digest for c in measured[0]["concepts"]},
        tables={"cells": cells, "differences": differences, "links": links, "effects": effects},
        results={
            "summary": causal_summary(cells, links, effects, chosen),
            "verdicts": causal_verdicts(links, effects, chosen),
        },
        warnings=warnings_of(config, cells, effects),
        seconds=seconds,
    )


def cells_of(one: dict) -> pd.DataFrame:
    """One row per concept, labelling and layer of one organism, with the truth beside what was measured."""
    frames = []
    for concept, fitted, found in zip(one["concepts"], one["fitted"], one["found"], strict=True):
        keys = ["prompt_type", "layer"]
        frame = pd.DataFrame(fitted["rows"]).merge(pd.DataFrame(found["cells"]), on=keys, validate="one_to_one")
        frame = frame.rename(columns={"prompt_type": "labelling"})
        about = {"concept": concept.name, "title": concept.card.title, "kind": concept.card.kind}
        about |= knob_shares(one["knob"], concept, one["settings"].seed) | {"against_cue": fitted["against_cue"]}
        frames.append(frame.assign(**about))
    table = pd.concat(frames, ignore_index=True)
    table = table.assign(twin=one["twin"], seed=one["seed"], model=one["model"].name)
    first = ["twin", "seed", "model", "concept", "title", "kind", "labelling", "layer", "knob_fit", "knob_eval"]
    return table[first + [c for c in table.columns if c not in first]]


def knob_shares(knob: str, concept: Concept, seed: int) -> dict[str, float]:
    """Share of templates that follow, among those the vectors come from and among those they are tried on."""
    signs = followed(knob, concept.name)
    _, fit, evaluate = parts(concept, seed)
    shares = {}
    for name, part in (("knob_fit", fit), ("knob_eval", evaluate)):
        shares[name] = float(np.mean([signs[group] > 0 for group in sorted(set(part.groups))]))
    return shares


def chosen_layers(cells: pd.DataFrame) -> dict[str, int]:
    """Per labelling the layer of the largest mean odd effect at matched norm over all models: by effect, not by ρ."""
    mean = cells.groupby(["labelling", "layer"], sort=False)["odd_matched"].mean()
    return {name: int(mean[name].idxmax()) for name in dict.fromkeys(mean.index.get_level_values(0))}


def warnings_of(config, cells: pd.DataFrame, effects: pd.DataFrame) -> list[str]:
    """What a reader has to know before believing the page."""
    notes = []
    seeds = len(config.twins_a)
    if seeds < 3:
        some = f"{seeds} training seed{'s' * (seeds > 1)}"
        notes.append(f"{some}: what is a seed's cannot be told from what is a knob's.")
    moved = effects[(effects["comparison"] == CONTROL) & ((effects["low"] > 0) | (effects["high"] < 0))]
    total = int((effects["comparison"] == CONTROL).sum())
    if len(moved) > max(1, 0.1 * total):
        notes.append(
            f"{len(moved)} of {total} control rows (same knob, other seed) leave zero: intervals are too narrow here."
        )
    spread = effects[effects["comparison"] == TWINS]["concepts"].min()
    if spread < 12:
        notes.append(f"{int(spread)} concepts: correlations over so few have wide intervals.")
    return notes
