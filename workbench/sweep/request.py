"""What a sweep was asked for, checked; and the cube made of its numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from workbench.models import Budget, Model, check_rule, planned
from workbench.sweep.readouts import Prompt, PromptOf, Questions, prompts_of, questions
from workbench.sweep.variants import Directions, Variants, add, resolve
from workbench.types import POLES, Concept, Intervention, Pole, Readout, Site, SweepCube, WorkbenchError

MULTIPLIERS = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)


@dataclass(frozen=True)
class Request:
    """One sweep, checked. ``doses`` are the multipliers without 0, which is run once for all directions and sites."""

    model: Model
    concept: Concept
    names: tuple[str, ...]
    plans: tuple[Variants, ...]
    doses: tuple[float, ...]
    where: str
    readout: Readout
    toward: Pole
    prompts: tuple[Prompt, ...]
    batch_tokens: int
    prompt_name: str

    def questions(self) -> Questions:
        return questions(self.model, self.concept, self.toward, self.prompts)


@dataclass(frozen=True)
class Propensities:
    """What a way of running found: unsteered [prompt], and per site [variant prompt] in the order of its Variants."""

    base: Float[np.ndarray, " prompt"]
    steered: Sequence[Float[np.ndarray, "variant prompt"]]


def request(  # noqa: PLR0913 - the settings of sweep, with its defaults
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
) -> Request:
    """The settings of :func:`workbench.sweep.sweep`, checked before anything is run."""
    check_rule(where)
    if toward not in POLES:
        raise WorkbenchError(f"toward {toward!r} is no pole; expected one of {', '.join(POLES)}")
    doses = tuple(sorted({float(m) for m in multipliers} - {0.0}))
    if not np.isfinite(doses).all():
        raise WorkbenchError(f"multipliers {list(multipliers)} are not all finite; expected numbers such as -1, 0, 1")
    plans = resolve(model, directions, list(dict.fromkeys(sites)), doses, intervention)
    texts = tuple(prompts_of(concept, prompt))
    if isinstance(batch_tokens, Budget):
        asked = questions(model, concept, toward, texts)
        answers = zip(asked.prompts, asked.positive, asked.negative, strict=True)
        batch_tokens = planned(batch_tokens, model, (len(p) + max(len(a), len(b)) for p, a, b in answers))
    return Request(
        model, concept, tuple(directions), tuple(plans), doses, where, readout or Readout(), toward, texts,
        planned(batch_tokens, model, ()), prompt if isinstance(prompt, str) else _name(prompt),
    )  # fmt: skip


def cube_of(asked: Request, found: Propensities, method: str, asked_questions: Questions | None = None) -> SweepCube:
    """The labelled cube, with the unsteered propensities at multiplier 0 of every direction and site."""
    multipliers = tuple(sorted((*asked.doses, 0.0)))
    shape = (len(asked.prompts), len(asked.plans), len(asked.names), len(multipliers))
    values = np.empty(shape)
    values[..., multipliers.index(0.0)] = found.base[:, None, None]
    others = [i for i, m in enumerate(multipliers) if m]
    for site, scores in enumerate(found.steered):
        by_name = scores.reshape(len(asked.names), len(asked.doses), len(asked.prompts))
        values[:, site][..., others] = by_name.transpose(2, 0, 1)
    pairs = asked.concept.pairs
    return SweepCube(
        values, tuple(p.id for p in pairs), tuple(p.group for p in pairs), tuple(plan.site for plan in asked.plans),
        asked.names, multipliers, _source(asked, method, asked_questions),
    )  # fmt: skip


def _source(asked: Request, method: str, asked_questions: Questions | None) -> dict:
    source = {
        "model": asked.model.digest, "model_name": asked.model.name, "concept": asked.concept.digest,
        "concept_name": asked.concept.name, "toward": asked.toward, "where": asked.where, "prompt": asked.prompt_name,
        "intervention": _name(asked.plans[0].intervention), "readout": asked.readout.kind, "method": method,
        "batch_tokens": asked.batch_tokens,
        "positive": [pair.answer(asked.toward).strip() for pair in asked.concept.pairs],
    }  # fmt: skip
    if asked_questions is not None:
        source["lengths"] = [len(tokens) for tokens in asked_questions.prompts]
    return source


def _name(given: Callable) -> str:
    return getattr(given, "__qualname__", None) or repr(given)
