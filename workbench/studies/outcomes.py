# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
# pyright: reportOptionalMemberAccess=false
"""What steering did to one concept: effects per cell, curves per direction, rows per prompt, patching."""

import numpy as np
import torch

from workbench.evaluation import anti_steerable, deltas, mean_effect, odd_even, prompt_table, slope_bound, steerability
from workbench.models import Model, batches, patch_residual
from workbench.prompts import PromptType, answer_texts, build_prompt
from workbench.stats import t_interval
from workbench.studies.cells import answers_are_single_tokens, limited, pole_of
from workbench.sweep import sweep
from workbench.types import Concept, Direction, Effect, Pole, Site, SweepCube, opposite

UNIT = (-1.0, 0.0, 1.0)
# control families whose spread is a band
BANDS = ("random/", "shuffled/", "level/")
Cubes = tuple[SweepCube, SweepCube]


def outcomes(model: Model, config, concept: Concept, fitted: dict, named: dict[str, dict[Site, Direction]]) -> dict:
    """Everything the study reports of one concept, as JSON rows."""
    settings = {"sites": [Site(k) for k in config.layers], "where": config.where, "toward": pole_of(config, concept)}
    own = {name: sites for name, sites in named.items() if name.startswith("own/")}
    bands = {name: sites for name, sites in named.items() if name.startswith(BANDS)}
    others = {name: sites for name, sites in named.items() if name not in own | bands}
    curves = sweep(model, concept, own, multipliers=config.multipliers, **settings)
    # What is compared prompt by prompt, or correlated, is measured on all prompts. A band is the spread over draws of
    # direction, to which prompts add little: the same work gives a narrower one from more draws on fewer prompts.
    cubes = (
        sweep(model, concept, others, multipliers=UNIT, **settings),
        sweep(model, limited(concept, config.max_band), bands, multipliers=UNIT, **settings),
    )
    grasp = model_grasp(model, config, concept)
    cells, points, prompts = [], [], []
    for name in own:
        kind = name.removeprefix("own/")
        for site in settings["sites"]:
            cells.append({"prompt_type": kind, "layer": site.layer, **cell(curves, cubes, site, kind), **grasp})
            points += [{"prompt_type": kind, "layer": site.layer, **p} for p in curve_points(curves, cubes, site, kind)]
            prompts.append(prompt_rows(curves, concept, site, name, config))
    base = curves.values[:, 0, 0, curves.multipliers.index(0.0)]
    lean = flat("lean", t_interval(base, groups=np.asarray(curves.groups)))
    return {
        "cells": [{**row, **lean, "n_eval": len(base)} for row in cells],
        "curves": points,
        "prompts": [row for part in prompts for row in part],
        "patching": patching(model, config, concept),
    }


def flat(name: str, effect: Effect) -> dict[str, float]:
    """An effect as three columns."""
    return {name: effect.estimate, f"{name}_low": effect.low, f"{name}_high": effect.high}


def cell(curves: SweepCube, cubes: Cubes, site: Site, kind: str) -> dict:
    """One cell's outcomes: effect, odd and even part, steerability, anti-steerable shares, and the control bands."""
    cube, bands = cubes
    name, names, groups = f"own/{kind}", curves.groups, np.asarray(curves.groups)
    curve, doses = curves.curve(site, name), curves.multipliers
    odd, even = parts_at_one(curve, doses)
    random = members(bands, f"random/{kind}/")
    anti = anti_steerable(curve, doses, names, epsilon=slope_bound(bands, site, random) if random else None)
    row = flat("effect", mean_effect(curve, doses, 1.0, names)) | flat("odd", t_interval(odd, groups=groups))
    row |= {"even": float(even.mean())} | flat("steerability", steerability(curve, doses, names))
    row |= {f"anti_{key}": effect.estimate for key, effect in anti.items()}
    row |= flat("anti_braun_interval", anti["braun"])
    for family in ("random", "shuffled"):
        band = [
            float(parts_at_one(bands.curve(site, m), bands.multipliers)[0].mean())
            for m in members(bands, f"{family}/{kind}/")
        ]
        row |= band_of(band, family)
    given = members(cube, f"transplant/{kind}/")
    if given:
        parts = np.mean([parts_at_one(cube.curve(site, m), cube.multipliers)[0] for m in given], axis=0)
        row |= flat("transplant_odd", t_interval(parts, groups=groups))
    matched = parts_at_one(cube.curve(site, f"matched/{kind}"), cube.multipliers)[0]
    row |= flat("odd_matched", t_interval(matched, groups=groups))
    draws = [parts_at_one(bands.curve(site, m), bands.multipliers)[0].mean() for m in members(bands, "level/")]
    row |= band_of([float(draw) for draw in draws], "random_matched")
    row["beats_random"] = bool(row["odd_matched_low"] > max(0.0, row["random_matched_high"]))
    return row


def parts_at_one(curve: np.ndarray, doses) -> tuple[np.ndarray, np.ndarray]:
    """Odd and even part of each prompt's effect at multiplier 1."""
    at, odd, even = odd_even(curve, doses)
    column = int(np.flatnonzero(np.isclose(at, 1.0))[0])
    return odd[:, column], even[:, column]


def members(cube: SweepCube, prefix: str) -> list[str]:
    """The directions of one control family."""
    return [name for name in cube.directions if name.startswith(prefix)]


def band_of(means: list[float], family: str) -> dict[str, float]:
    """A symmetric 95 % band for the mean odd effect of a control family.

    The odd part of a direction and of its opposite differ in sign only, so the band is centred on 0; its half
    width is a t quantile times the root mean square of the draws (few draws make a wide band, not a narrow one).
    """
    if len(means) < 2:
        return {f"{family}_low": float("nan"), f"{family}_high": float("nan")}
    from scipy.stats import t

    half = float(t.ppf(0.975, len(means)) * np.sqrt(np.mean(np.square(means))))
    return {f"{family}_low": -half, f"{family}_high": half}


def curve_points(curves: SweepCube, cubes: Cubes, site: Site, kind: str) -> list[dict]:
    """Mean change of the log-odds at every multiplier: the own direction's interval, the controls' bands."""
    rows = []
    change = deltas(curves.curve(site, f"own/{kind}"), curves.multipliers)
    for k, dose in enumerate(curves.multipliers):
        effect = t_interval(change[:, k], groups=np.asarray(curves.groups))
        rows.append(
            {"direction": "own", "multiplier": dose, "mean": effect.estimate, "low": effect.low, "high": effect.high}
        )
    for family in ("random", "shuffled", "transplant"):
        cube = cubes[0] if family == "transplant" else cubes[1]
        names = members(cube, f"{family}/{kind}/")
        if not names:
            continue
        means = np.array([deltas(cube.curve(site, m), cube.multipliers).mean(0) for m in names])
        for k, dose in enumerate(cube.multipliers):
            rows.append(
                {
                    "direction": family,
                    "multiplier": dose,
                    "mean": float(means[:, k].mean()),
                    "low": float(means[:, k].min()),
                    "high": float(means[:, k].max()),
                }
            )
    return rows


def prompt_rows(curves: SweepCube, concept: Concept, site: Site, name: str, config) -> list[dict]:
    """One row per prompt of one cell."""
    only = SweepCube(
        curves.curve(site, name)[:, None, None],
        curves.prompts,
        curves.groups,
        (site,),
        (name,),
        curves.multipliers,
        curves.source,
    )
    table = prompt_table(only, concept, toward=pole_of(config, concept))
    questions = {pair.id: pair.question for pair in concept.pairs}
    rows = []
    for _, r in table.iterrows():
        rows.append(
            {
                "prompt_type": name.removeprefix("own/"),
                "layer": site.layer,
                "pair": r["prompt"],
                "group": r["group"],
                "question": questions[r["prompt"]],
                "positive_answer": r["positive"],
                "length": int(r["length"]),
                "base": round(float(r["base"]), 5),
                "slope": round(float(r["slope"]), 5),
                "delta_plus": round(float(r["delta_plus"]), 5),
                "delta_minus": round(float(r["delta_minus"]), 5),
                "anti": bool(r["delta_plus"] < 0),
            }
        )
    return rows


def cued(concept: Concept, pole, config):
    """The prompt function of an instructed question toward ``pole``."""
    place = "before" if concept.card.style == "story" else config.cue_place
    return lambda pair, card: build_prompt(pair, card, PromptType(instruction=True), pole, (), place, config.cue_kind)


def model_grasp(model: Model, config, concept: Concept) -> dict[str, float]:
    """How far the model follows a cue on these questions: accuracy, and half the distance cues can move the log-odds.

    NaN where the concept has no cue. Headroom is the effect that a cue reaches; grasp the share of questions
    answered as cued, over both poles.
    """
    card, toward = concept.card, pole_of(config, concept)
    if not (card.trait or card.instruction_aligned):
        return {"grasp": float("nan"), "headroom": float("nan")}
    margins = [cued_propensities(model, config, concept, pole) for pole in (toward, opposite(toward))]
    both = np.stack(margins)
    return {"grasp": float((both > 0).mean()), "headroom": float(both.mean())}


def cued_propensities(model: Model, config, concept: Concept, pole: Pole) -> np.ndarray:
    """Log-odds [pair] of ``pole``'s answer to every question that is cued toward ``pole``."""
    nothing = {"none": Direction(torch.eye(model.d_model)[0], 0.0, Site(0), "none")}
    prompt = cued(concept, pole, config)
    return base_of(sweep(model, concept, nothing, sites=[Site(0)], multipliers=(0.0,), toward=pole, prompt=prompt))


def base_of(cube: SweepCube) -> np.ndarray:
    """The unsteered propensities of a sweep."""
    return cube.values.reshape(len(cube.prompts), -1)[:, 0]


def patching(model: Model, config, concept: Concept) -> list[dict]:
    """Share of a cue's effect that the last token's residual carries, per layer, with an interval over groups.

    The run cued toward the positive pole is patched into the run cued away from it. Empty where there is no cue,
    where answers are longer than a token, or where the two cues are not equally long.
    """
    card = concept.card
    if not (card.trait or card.instruction_aligned) or not answers_are_single_tokens(model, concept):
        return []
    toward = pole_of(config, concept)
    poles = (toward, opposite(toward))
    texts = [[cued(concept, pole, config)(pair, card) for pair in concept.pairs] for pole in poles]
    sites = [Site(k) for k in range(model.n_layers)]
    shares = np.full((len(sites), len(RULES), len(concept.pairs)), np.nan)
    ids = {  # what follows the prompt: of " (A)" the letter, since the prompt ends with " ("
        answer: model.tokenizer(text, add_special_tokens=False)["input_ids"][0]
        for pair in concept.pairs
        for answer, text in zip((pair.aligned, pair.unaligned), answer_texts(pair, card), strict=True)
    }
    parts = [list(batches(model, column, None, 4096)) for column in texts]
    for (index, clean), (other, corrupt) in zip(*parts, strict=True):
        if list(index) != list(other) or clean.ids.shape != corrupt.ids.shape:
            return []
        columns = [(ids[concept.pairs[i].answer(poles[0])], ids[concept.pairs[i].answer(poles[1])]) for i in index]
        shares[:, :, list(index)] = patch_residual(model, clean, corrupt, sites, RULES, metric(columns))
    rows = []
    for i, site in enumerate(sites):
        for j, rule in enumerate(RULES):
            effect = robust_share(shares[i, j], [pair.group for pair in concept.pairs])
            rows.append(
                {"layer": site.layer, "rule": rule, "share": effect.estimate, "low": effect.low, "high": effect.high}
            )
    return rows


RULES = ("last", "last_k:3")


def metric(columns: list[tuple[int, int]]):
    """Log-odds of the positive answer from the last position's logits."""

    def score(logits: torch.Tensor) -> torch.Tensor:
        rows = torch.arange(len(columns), device=logits.device)
        pair = torch.tensor(columns, device=logits.device)
        return logits[rows, pair[:, 0]] - logits[rows, pair[:, 1]]

    return score


def robust_share(values: np.ndarray, groups: list[str]) -> Effect:
    """Mean share over groups; shares are clipped to [-1, 2], since a prompt the cue hardly moves has none.

    NaN where the cue moves no prompt at all.
    """
    kept = ~np.isnan(values)
    if not kept.any():
        return Effect(np.nan, np.nan, np.nan, unit="share")
    return t_interval(np.clip(values[kept], -1, 2), groups=np.asarray(groups)[kept], unit="share")
