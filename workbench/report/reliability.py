"""The panels of the reliability report, in reading order."""

from collections.abc import Mapping
from functools import partial

import pandas as pd

from ..plots import (
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
from ..plots.cosine_matrix import clustered
from ..plots.picture import order
from ..plots.words import short
from .panels import Panel, Readout, Selector, options
from .tidy import HEAT_COLUMNS, usual

PREDICTORS = ("c_heldout", "c", "c_loo", "pairwise", "d_prime_split", "d_prime", "overlap", "auc", "effective_rank",
              "first_share", "split_half_cos", "gap", "norm_ratio", "lean", "grasp", "headroom", "patch_share")
OUTCOMES = ("odd", "effect", "even", "steerability", "anti_braun", "anti_tan", "anti_eps", "transplant_odd")
CORRELATION = Readout(
    "correlations", {"predictor": "@x", "outcome": "@y", "prompt_type": "prompt_type", "layer": "layer"},
    "Spearman’s ρ = {rho} [{low}, {high}], n = {n} concepts. With vectors of other concepts (transplant): "
    "{transplant_rho} [{transplant_low}, {transplant_high}]. Partial, given grasp, headroom and lean: "
    "{partial_rho} [{partial_low}, {partial_high}].",
    "The record has no correlation for this choice, so none is claimed.")
Tables = Mapping[str, pd.DataFrame]


def panels(tables: Tables, reasons: Mapping[str, str]) -> list[Panel]:
    """All panels for the derived tables; those whose table is missing carry the reason."""
    made = [*coherence(tables), *curves(tables), *slopes(tables), *geometry(tables), *reading(tables)]
    return [Panel(**{**vars(p), "reason": reasons.get(p.table, "")}) for p in made]


def titles(tables: Tables) -> dict[str, str]:
    """Concept name -> title, where the cells say it."""
    cells = tables.get("cells", pd.DataFrame())
    if "title" not in cells or "concept" not in cells:
        return {}
    return {str(c): f"{t} ({c})" if str(t).lower() != str(c) else str(t)
            for c, t in zip(cells["concept"], cells["title"], strict=True)}


def by(tables: Tables, table: str, column: str, word: str = "", preferred: object = None) -> Selector:
    """A selector over a column's values; starts at ``preferred`` where the table has it."""
    values = order(tables[table][column]) if column in tables.get(table, pd.DataFrame()) else []
    texts = {str(v): v for v in values}
    start = texts.get(str(preferred), values[0] if values else None)
    names = titles(tables) if column == "concept" else {str(v): f"{column} {v}" if column == "layer" else str(v)
                                                        for v in values}
    return Selector(column, word or column.replace("_", " "), options(values, names), start)


def cell(tables: Tables, table: str) -> tuple[Selector, ...]:
    """Concept, prompt type and layer; starting at the first recommended concept."""
    chosen = tables.get("recommendation", pd.DataFrame())
    best = chosen.sort_values("effect").iloc[-1] if len(chosen) and "effect" in chosen else {}
    return tuple(by(tables, table, column, preferred=best.get(column)) for column in ("concept", "prompt_type", "layer"))


def setting(tables: Tables, table: str) -> tuple[Selector, ...]:
    """Prompt type and layer, starting at what most recommendations choose."""
    return tuple(by(tables, table, column, preferred=usual(tables, column, table)) for column in ("prompt_type", "layer"))


def axis(tables: Tables, table: str, name: str, label: str, columns: tuple[str, ...]) -> Selector:
    """A choice among the columns that the table has."""
    found = [c for c in columns if c in tables.get(table, pd.DataFrame())]
    return Selector(name, label, tuple((c, short(c)) for c in found), found[0] if found else columns[0], axis=True)


def with_all(selector: Selector) -> Selector:
    """The selector with "all" in front."""
    names = {"prompt_type": "all prompt types", "layer": "all layers"}
    rest = tuple(o for o in selector.options if str(o[0]) != "all")
    return Selector(selector.name, selector.label, (("all", names[selector.name]), *rest), selector.value)


def coherence(tables: Tables) -> list[Panel]:
    scatter = tuple(with_all(s) for s in setting(tables, "cells"))
    forest = tuple(with_all(s) if "all" in map(str, dict(s.options)) else s for s in setting(tables, "correlations"))
    table = tables.get("correlations", pd.DataFrame())
    predictors = list(dict.fromkeys(table["predictor"])) if "predictor" in table else None
    return [
        Panel("coherence-scatter", "Coherence against reliability", "cells", coherence_scatter,
              "n = {rows} cells of {distinct:concept} concepts; intervals 95 %",
              (axis(tables, "cells", "x", "predictor", PREDICTORS), axis(tables, "cells", "y", "outcome", OUTCOMES),
               *scatter), readout=CORRELATION, height=(480, 400)),
        Panel("correlation-forest", "What predicts the outcome, and is it the vector?", "correlations",
              partial(correlation_forest, predictors=predictors),
              "n = {first:n} concepts; 95 % intervals by resampling concepts",
              (by(tables, "correlations", "outcome", preferred="odd"), *forest), height=(470, 520)),
    ]


def curves(tables: Tables) -> list[Panel]:
    return [
        Panel("propensity-overview", "Propensity of every concept", "curves", propensity_overview,
              "n = {distinct:concept} concepts; bands 95 %; vertical: log-odds of the positive answer; "
              "horizontal: multiplier (1 = the mean difference)", setting(tables, "curves"), height=(640, 1240)),
        Panel("propensity-curve", "Propensity against multiplier, one concept", "curves", propensity_curve,
              "n = {distinct:multiplier} multipliers × {distinct:direction} kinds of direction; bands 95 %",
              cell(tables, "curves"), height=(460, 430)),
    ]


def slopes(tables: Tables) -> list[Panel]:
    best = usual(tables, "layer", "cells")
    return [
        Panel("prompt-slopes", "Slope of every prompt", "prompts", prompt_slopes,
              "n = {rows} prompts in {distinct:group} groups; hover or tap a bar to read the prompt",
              cell(tables, "prompts"), height=(420, 380),
              columns=("concept", "prompt_type", "layer", "rank", "slope", "anti", "question", "group", "positive_answer",
                       "base", "delta_plus")),
        Panel("layer-heatmap", "Layer × prompt type", "heat", layer_heatmap,
              "n = {rows} cells; × marks cells that random directions of the same norm reach",
              (by(tables, "heat", "concept"), axis(tables, "heat", "z", "quantity", HEAT_COLUMNS)), height=(400, 400)),
        Panel("patching", "Where the cue acts: activation patching", "patching", patching_bars,
              "n = {distinct:layer} layers × {distinct:rule} position rules; 95 % intervals",
              (by(tables, "patching", "concept", preferred=best),), height=(400, 380)),
    ]


def geometry(tables: Tables) -> list[Panel]:
    table = tables.get("cosines_concepts", pd.DataFrame())
    names = clustered(table) if {"a", "b", "cosine"} <= set(table) else None
    few = 10 if names is None else len(names)
    return [
        Panel("projections", "Projections onto the difference-of-means line", "projections", projections,
              "n = {rows} prompts, half of each pole", cell(tables, "projections"), height=(480, 430),
              columns=("concept", "prompt_type", "layer", "pole", "kappa", "kappa_steered")),
        Panel("cosines-concepts", "Cosines between concepts", "cosines_concepts", partial(cosine_matrix, names=names),
              "n = {distinct:a} concepts, clustered by average linkage over all prompt types and layers",
              setting(tables, "cosines_concepts"), height=(min(220 + 22 * few, 840), 440)),
        Panel("cosines-types", "Cosines between prompt types", "cosines_types",
              partial(cosine_matrix, between="prompt types"), "n = {distinct:a} prompt types",
              tuple(s for s in cell(tables, "cosines_types") if s.name != "prompt_type"), height=(480, 440)),
    ]


def reading(tables: Tables) -> list[Panel]:
    return [
        Panel("read-write", "Reading against writing", "read_write", read_write,
              "n = {rows} concepts; intervals 95 %",
              (by(tables, "read_write", "probe"), *setting(tables, "read_write")), height=(460, 400)),
        Panel("recommendation", "Effect and backfire at the recommended setting", "recommendation", recommendation_forest,
              "n = {rows} concepts; intervals 95 %", height=(660, 640)),
        Panel("published", "Published numbers beside ours", "published", published_dots,
              "n = {rows} quantities; interval of ours 95 %", height=(360, 400)),
    ]
