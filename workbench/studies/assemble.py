# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
# pyright: reportOptionalMemberAccess=false
"""From measured cells to a record: tables, correlations, recommendations, and the sentences of the summary."""

import numpy as np
import pandas as pd

from workbench.records import Record
from workbench.reliability import (
    backfire_verdict,
    coherence_verdict,
    correlate,
    inert_verdict,
    recommend,
    steering_verdict,
)
from workbench.studies.geometry_tables import cosines_between_concepts, cosines_between_types, projections
from workbench.studies.published import published_table
from workbench.studies.summary import summary, warnings_of

PREDICTORS = (
    "c_heldout",
    "c",
    "d_prime_split",
    "d_prime",
    "pairwise",
    "split_half_cos",
    "norm_ratio",
    "lean",
    "grasp",
    "headroom",
)
OUTCOMES = ("odd", "odd_matched", "effect", "steerability", "anti_braun", "anti_eps")
INERT_SHARE = 0.1


def assemble(config, model, concepts, fitted: list[dict], measured: list[dict], seconds: float) -> Record:
    """The record of a study from its cells, in the order of ``concepts``."""
    from dataclasses import asdict

    cells = cells_table(concepts, fitted, measured)
    tables = {"cells": cells}
    for name in ("curves", "prompts", "patching"):
        tables[name] = long_table(concepts, measured, name)
    tables["probes"] = long_table(concepts, fitted, "probes")
    tables["cosines_concepts"] = cosines_between_concepts(concepts, fitted)
    tables["cosines_types"] = cosines_between_types(concepts, fitted)
    found = correlate(cells, usable(cells, PREDICTORS), usable(cells, OUTCOMES), seed=config.seed)
    tables["correlations"] = renamed(found)
    tables["recommendation"] = recommendation(cells, tables["curves"])
    tables["projections"] = projections(config, model, concepts, fitted, tables["recommendation"])
    tables["published"] = published_table(cells, tables["cosines_types"], tables["correlations"])
    verdicts = {
        "Does steering work?": steering_verdict(cells),
        "On whom does it backfire?": backfire_verdict(cells),
        "Does coherence predict reliability?": coherence_verdict(found, cells=cells),
        "Is a concept decodable where it does nothing?": inert_verdict(cells),
    }
    return Record(
        study="reliability",
        config=asdict(config),
        seeds=(config.seed,),
        model=model_card(model),
        concepts={c.name: c.digest for c in concepts},
        tables={k: t for k, t in tables.items() if len(t)},
        results={"summary": summary(model, tables), "verdicts": verdicts},
        warnings=warnings_of(config, concepts, tables),
        seconds=seconds,
    )


def model_card(model) -> dict:
    """What a record says of its model."""
    return {
        "name": model.name,
        "digest": model.digest,
        "weights_mode": model.weights_mode,
        "bos_rule": model.bos_rule,
        "layers": model.n_layers,
        "d_model": model.d_model,
        "dtype": str(model.dtype),
        "chat_template": model.chat is not None,
        "system_prompt": (model.chat.system_prompt or "") if model.chat else "",
    }


def cells_table(concepts, fitted: list[dict], measured: list[dict]) -> pd.DataFrame:
    """One row per concept × prompt type × layer: coherence beside outcomes, and whether the site is inert."""
    frames = []
    for concept, fit, got in zip(concepts, fitted, measured, strict=True):
        keys = ["prompt_type", "layer"]
        frame = pd.DataFrame(fit["rows"]).merge(pd.DataFrame(got["cells"]), on=keys, how="inner", validate="one_to_one")
        shares = pd.DataFrame(got["patching"], columns=["layer", "rule", "share", "low", "high"])
        shares = shares[shares["rule"] == "last"].drop(columns="rule")
        shares = shares.rename(columns={"share": "patch_share", "low": "patch_share_low", "high": "patch_share_high"})
        frame = frame.merge(shares, on="layer", how="left")
        frame.insert(0, "concept", concept.name)
        frame.insert(1, "title", concept.card.title)
        frame.insert(2, "kind", concept.card.kind)
        frames.append(frame)
    table = pd.concat(frames, ignore_index=True)
    table = table.rename(
        columns={
            "null_low": "c_null_low",
            "null_high": "c_null_high",
            "anti_braun_interval_low": "anti_braun_low",
            "anti_braun_interval_high": "anti_braun_high",
        }
    )
    table["inert"] = inert(table)
    return table.drop(columns=["anti_braun_interval"], errors="ignore")


def inert(cells: pd.DataFrame) -> pd.Series:
    """Decodable, and yet steering along the direction does nothing.

    Decodable: the split-half d′ lies above 0. Nothing: at matched norm the odd effect does not leave the band of
    random directions, and stays below a tenth of the effect a cue reaches. Patching beside it says which kind of
    inert: a site that carries nothing, or one that matters but not along this direction.
    """
    decodable = cells["d_prime_split_low"] > 0
    bound = np.maximum(2 * cells["random_matched_high"].abs(), INERT_SHARE * cells["headroom"].abs().fillna(0.0))
    return decodable & ~cells["beats_random"].astype(bool) & (cells["odd_matched_high"] < bound)


def long_table(concepts, parts: list[dict], name: str) -> pd.DataFrame:
    """The rows of one table over all concepts."""
    rows = [{"concept": c.name, **row} for c, part in zip(concepts, parts, strict=True) for row in part.get(name, [])]
    return pd.DataFrame(rows)


def usable(cells: pd.DataFrame, names: tuple[str, ...]) -> list[str]:
    """Columns with at least one finite number that is not the same everywhere."""
    return [n for n in names if n in cells and np.isfinite(cells[n]).any() and cells[n].nunique() > 1]


def renamed(found: pd.DataFrame) -> pd.DataFrame:
    """The correlations as the report names them: pooled rows have layer "all"."""
    table = found.rename(columns={"rho_transplant": "transplant_rho"}).copy()
    table["layer"] = [("all" if layer == -1 else layer) for layer in table["layer"]]
    raw, within = table["prompt_type"] == "all", table["prompt_type"] == "all (within)"
    table.loc[raw, "prompt_type"] = "all (raw)"
    table.loc[within, "prompt_type"] = "all"
    return table


def recommendation(cells: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """One row per concept: of its prompt types, the one with the largest reliable effect."""
    table = recommend(cells, curves)
    if table.empty:
        return table
    ordered = table.sort_values(["reliable", "effect"], ascending=[False, False], kind="stable")
    best = ordered.drop_duplicates("concept").set_index("concept")
    best = best.loc[[c for c in cells["concept"].drop_duplicates() if c in best.index]].reset_index()
    titles = cells.drop_duplicates("concept").set_index("concept")["title"]
    if "title" not in best:
        best.insert(1, "title", best["concept"].map(titles))
    return best
