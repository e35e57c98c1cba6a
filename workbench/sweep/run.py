"""``sweep``: from a model, a concept and directions to the cube of propensities."""

import warnings
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from workbench.models import Budget, Model, halving
from workbench.models.blocks import resumable
from workbench.sweep.all_positions import clean_streams, entry_layer, steer_all_positions
from workbench.sweep.answer_token import prefix_and_tail, steer_tail, tail_length
from workbench.sweep.judge import judge_propensities
from workbench.sweep.plain import plain_propensities
from workbench.sweep.readouts import Bundle, PromptOf, Questions, bundles
from workbench.sweep.request import MULTIPLIERS, Propensities, Request, cube_of, request
from workbench.sweep.variants import Directions, add
from workbench.types import Concept, Intervention, Pole, Readout, Site, SweepCube


def sweep(  # noqa: PLR0913 - what a sweep is, each with its default
    model: Model,
    concept: Concept,
    directions: Directions,
    *,
    sites: Sequence[Site],
    multipliers: Sequence[float | int] = MULTIPLIERS,
    where: str = "all",
    intervention: Intervention = add,
    readout: Readout | None = None,
    toward: Pole = "aligned",
    prompt: str | PromptOf = "bare",
    batch_tokens: int | Budget = 2048,
) -> SweepCube:
    """Propensity of every pair under every direction, site and multiplier: a cube of log-odds.

    Args:
        directions: name -> a direction (used at every site) or a mapping of sites to directions. All of one call
            share the clean pass and run as rows of one batch, so give own, random and foreign ones together.
        sites: where to steer, one at a time: resid_pre, resid_post, attn_out, mlp_out or z.
        multipliers: 0 is added where it is missing; it is run once. The cube has them in ascending order.
        where: position rule: "all" (BOS included), "after_prompt", "answer" (positions that predict answer tokens),
            "last", "last_k:<k>" (of the prompt).
        intervention: any :class:`~workbench.types.Intervention` that does nothing at multiplier 0; default: adding.
        readout: answers (default) or a judge on generations.
        toward: the pole whose answer is the positive one.
        prompt: "bare", or a function (pair, card) -> text for instructed prompts.
        batch_tokens: tokens per pass, or a :class:`~workbench.models.Budget` in MiB that they follow from; memory
            only, the numbers do not depend on it beyond rounding. A device out of memory halves it and goes on.

    Returns:
        log-odds of the positive against the negative answer, [prompt site direction multiplier]: a difference of
        logits for one-token answers, of summed log-probs otherwise. Equal to :func:`plain_sweep` (1e-5, float32).
    """
    asked = request(
        model, concept, directions, sites=sites, multipliers=multipliers, where=where, intervention=intervention,
        readout=readout, toward=toward, prompt=prompt, batch_tokens=batch_tokens,
    )  # fmt: skip
    if asked.readout.kind == "judge":
        return cube_of(asked, judge_propensities(asked), "generation")
    tokens = asked.questions()
    if not resumable(model):
        family = type(model.bridge.original_model).__name__
        warnings.warn(f"{model.name}: blocks of {family} cannot be entered from outside; sweeping by full passes",
                      stacklevel=2)
        return cube_of(asked, plain_propensities(asked), "plain", tokens)
    with torch.no_grad():
        found = _resumed(asked, tokens)
    return cube_of(asked, found, "resumed", tokens)


def plain_sweep(model: Model, concept: Concept, directions: Directions, **settings) -> SweepCube:
    """The same cube by one full forward pass with a hook per variant: the reference (settings as for :func:`sweep`)."""
    asked = request(model, concept, directions, **settings)
    return cube_of(asked, plain_propensities(asked), "plain", asked.questions())


def _resumed(asked: Request, tokens: Questions) -> Propensities:
    """Every bundle of sequences through the part of the model that its interventions reach."""
    variants = len(asked.names) * len(asked.doses)
    base = np.zeros(len(asked.prompts))
    found = [np.zeros((variants, len(base))) for _ in asked.plans]
    each = bundles(asked.model, tokens, asked.where, max(1, variants), asked.batch_tokens)
    for bundle, (clean, steered) in halving(partial(_run_bundle, asked), each, asked.batch_tokens, Bundle.halves):
        index = bundle.index.numpy()
        np.add.at(base, index, clean)
        for scores, part in zip(found if asked.doses else [], steered, strict=True):
            np.add.at(scores.T, index, part.T)
    return Propensities(base, found)


def _run_bundle(asked: Request, bundle: Bundle, batch_tokens: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """One bundle's scores: unsteered [row], and per site [variant row]."""
    model, sites = asked.model, [plan.site for plan in asked.plans]
    tail = tail_length(model, bundle)
    if tail and asked.doses:
        cached, streams = prefix_and_tail(model, bundle, sites, tail)
    else:
        cached, streams = None, clean_streams(model, bundle.batch, sites)
    final = streams[model.n_layers][None, :, bundle.read]
    clean = bundle.scores(model, final)[0].double().cpu().numpy()
    if not asked.doses:
        return clean, []
    steered = []
    for plan in asked.plans:
        stream = streams[entry_layer(model, plan.site)]
        if cached is None:
            part = steer_all_positions(model, bundle, plan, stream, batch_tokens)
        else:
            part = steer_tail(model, bundle, plan, stream, cached, batch_tokens)
        steered.append(part.double().cpu().numpy())
    return clean, steered
