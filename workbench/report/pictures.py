"""The panels of the reliability report, in reading order."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pandas as pd

from workbench.plots import (
    coherence_scatter,
    correlation_forest,
    cosine_matrix,
    layer_heatmap,
    patching_bars,
    projections,
    prompt_slopes,
    propensity_curve,
    propensity_overview,
    published_dots,
    read_write,
    recommendation_forest,
)
from workbench.plots.cosine_matrix import clustered
from workbench.plots.words import short
from workbench.report.panels import Panel, Readout
from workbench.report.selectors import Tables, axis, by, cell, pooled, setting, with_all
from workbench.report.tidy import HEAT_COLUMNS

PREDICTORS = (
    "c_heldout",
    "c",
    "c_loo",
    "pairwise",
    "d_prime_split",
    "d_prime",
    "overlap",
    "auc",
    "effective_rank",
    "first_share",
    "split_half_cos",
    "spearman_brown",
    "stability25",
    "gap",
    "norm_ratio",
    "lean",
    "grasp",
    "headroom",
    "patch_share",
)
OUTCOMES = (
    "odd",
    "odd_matched",
    "effect",
    "even",
    "steerability",
    "anti_braun",
    "anti_tan",
    "anti_eps",
    "transplant_odd",
)
CORRELATION = Readout(
    "correlations",
    {"predictor": "@x", "outcome": "@y", "prompt_type": "prompt_type", "layer": "layer"},
    "Spearman’s ρ = {rho} [{low}, {high}] (n = {n} cells of {n_concepts} concepts; {scope}). "
    "With vectors of other concepts (transplant): {transplant_rho} [{transplant_low}, {transplant_high}]. "
    "Partial, given {partial_given}: {partial_rho} [{partial_low}, {partial_high}].",
    "The record has no correlation for this choice, so none is claimed.",
)
BANDS = "the own direction's band is a 95 % interval, a control's the range of its draws"


def panels(tables: Tables, reasons: Mapping[str, str]) -> list[Panel]:
    """All panels for the derived tables; those whose table is missing carry the reason."""
    made = [*coherence(tables), *curves(tables), *slopes(tables), *geometry(tables), *reading(tables)]
    return [replace(p, reason=reasons.get(p.table, "")) for p in made]


def coherence(tables: Tables) -> list[Panel]:
    scatter = tuple(with_all(s) for s in setting(tables, "cells"))
    forest = tuple(pooled(s) for s in setting(tables, "correlations"))
    outcome = by(tables, "correlations", "outcome", preferred="odd")
    outcome = replace(outcome, options=tuple((v, short(str(v))) for v, _ in outcome.options))
    table = tables.get("correlations", pd.DataFrame())
    predictors = list(dict.fromkeys(table["predictor"])) if "predictor" in table else None
    return [
        Panel(
            "coherence-scatter",
            "Coherence against reliability",
            "cells",
            coherence_scatter,
            "n = {rows} cells of {distinct:concept} concepts; intervals 95 %",
            (
                axis(tables, "cells", "x", "predictor", PREDICTORS),
                axis(tables, "cells", "y", "outcome", OUTCOMES),
                *scatter,
            ),
            readout=CORRELATION,
            height=(480, 400),
        ),
        Panel(
            "correlation-forest",
            "What predicts the outcome, and is it the vector?",
            "correlations",
            partial(correlation_forest, predictors=predictors),
            "n = {first:n} cells of {first:n_concepts} concepts ({first:scope}); 95 % intervals by resampling concepts",
            (outcome, *forest),
            height=(470, 520),
        ),
    ]


def curves(tables: Tables) -> list[Panel]:
    return [
        Panel(
            "propensity-overview",
            "Propensity of every concept",
            "curves",
            propensity_overview,
            "n = {range:n_eval} prompts for each of {distinct:concept} concepts; " + BANDS,
            setting(tables, "curves"),
            height=(720, 1500),
        ),
        Panel(
            "propensity-curve",
            "Propensity against multiplier, one concept",
            "curves",
            propensity_curve,
            "n = {first:n_eval} prompts at {distinct:multiplier} multipliers; " + BANDS,
            cell(tables, "curves"),
            height=(460, 430),
        ),
    ]


def slopes(tables: Tables) -> list[Panel]:
    return [
        Panel(
            "prompt-slopes",
            "Slope of every prompt",
            "prompts",
            prompt_slopes,
            "n = {rows} prompts in {distinct:group} groups; hover or tap a bar to read the prompt",
            cell(tables, "prompts"),
            height=(420, 380),
            columns=(
                "concept",
                "prompt_type",
                "layer",
                "rank",
                "slope",
                "anti",
                "question",
                "group",
                "positive_answer",
                "base",
                "delta_plus",
            ),
        ),
        Panel(
            "layer-heatmap",
            "Layer × prompt type",
            "heat",
            layer_heatmap,
            "n = {rows} cells; × marks cells that random directions of the same norm reach (in the mean: for half of "
            "the concepts or more)",
            (by(tables, "heat", "concept"), axis(tables, "heat", "z", "quantity", HEAT_COLUMNS)),
            height=(400, 400),
        ),
        Panel(
            "patching",
            "Where the cue acts: activation patching",
            "patching",
            patching_bars,
            "n = {distinct:layer} layers × {distinct:rule} position rules; 95 % intervals",
            (by(tables, "patching", "concept"),),
            height=(400, 380),
        ),
    ]


def geometry(tables: Tables) -> list[Panel]:
    table = tables.get("cosines_concepts", pd.DataFrame())
    names = clustered(table) if {"a", "b", "cosine"} <= set(table) else None
    few = 10 if names is None else len(names)
    return [
        Panel(
            "projections",
            "Projections onto the difference-of-means line",
            "projections",
            projections,
            "n = {rows} prompts, half of each pole",
            cell(tables, "projections"),
            height=(480, 430),
            columns=("concept", "prompt_type", "layer", "pole", "kappa", "kappa_steered"),
        ),
        Panel(
            "cosines-concepts",
            "Cosines between concepts",
            "cosines_concepts",
            partial(cosine_matrix, names=names),
            "n = {distinct:a} concepts, clustered by average linkage over all prompt types and layers",
            setting(tables, "cosines_concepts"),
            height=(min(220 + 22 * few, 840), 440),
        ),
        Panel(
            "cosines-types",
            "Cosines between prompt types",
            "cosines_types",
            partial(cosine_matrix, between="prompt types"),
            "n = {distinct:a} prompt types",
            tuple(s for s in cell(tables, "cosines_types") if s.name != "prompt_type"),
            height=(480, 440),
        ),
    ]


def reading(tables: Tables) -> list[Panel]:
    return [
        Panel(
            "read-write",
            "Reading against writing",
            "read_write",
            read_write,
            "n = {rows} concepts; intervals 95 %",
            (by(tables, "read_write", "probe"), *setting(tables, "read_write")),
            height=(460, 400),
        ),
        Panel(
            "recommendation",
            "Effect and backfire at the recommended setting",
            "recommendation",
            recommendation_forest,
            "n = {rows} concepts; intervals 95 %",
            height=(660, 640),
        ),
        Panel(
            "published",
            "Published numbers beside ours",
            "published",
            published_dots,
            "n = {rows} quantities; interval of ours 95 %",
            height=(360, 400),
        ),
    ]
