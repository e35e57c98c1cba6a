"""First-order screen: the slope at multiplier 0 of every site, position rule and direction, from one backward pass.

For adding, d m / d multiplier at 0 is the gradient of the propensity m at the site, summed over the rule's positions,
along the direction's step. One forward and one backward pass per batch of prompts give it for all of them at once. It
is an approximation of what steering does: curvature, saturation and flips are beyond it, so it proposes where the
exact sweep looks and never takes its place.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from html import escape
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from workbench.models import Budget, Hook, Model, exclusive, forward, halving
from workbench.models.blocks import resumable
from workbench.sweep.readouts import Bundle, PromptOf, bundles
from workbench.sweep.request import Request, request
from workbench.sweep.variants import Directions, touched
from workbench.types import Concept, Pole, Site, SweepCube, WorkbenchError

MARK = "first-order approximation"


@dataclass(frozen=True)
class Proposal:
    """Where to look exactly: ``slope`` is the mean first-order slope, log-odds per unit of multiplier."""

    site: Site
    rule: str
    direction: str
    slope: float


@dataclass(frozen=True)
class ScreenError:
    """How far first-order effects are from an exact sweep's, over its sites and directions.

    ``largest`` and ``typical`` (root mean square) errors of a prompt's effect in log-odds, ``relative`` = typical error
    over typical exact effect, per ``multipliers``; ``rank`` = Spearman correlation of mean slope and exact mean odd
    effect over the cells at the largest multiplier that the sweep has on both sides (NaN with fewer than three cells).
    """

    rule: str
    multipliers: tuple[float, ...]
    largest: tuple[float, ...]
    typical: tuple[float, ...]
    relative: tuple[float, ...]
    rank: float

    def __str__(self) -> str:
        parts = [f"{100 * r:.0f} % at {m:+g}" for m, r in zip(self.multipliers, self.relative, strict=True)]
        return f"error of the first-order effect ({self.rule}): {', '.join(parts)}; rank correlation {self.rank:.2f}"


@dataclass(frozen=True)
class Screen:
    """First-order slopes ``values`` [prompt site rule direction], log-odds per unit of multiplier. An approximation.

    ``source["method"]`` says so; :meth:`error` shows by how much, beside an exact sweep of some of it.
    """

    values: Float[np.ndarray, "prompt site rule direction"]
    prompts: tuple[str, ...]
    groups: tuple[str, ...]
    sites: tuple[Site, ...]
    rules: tuple[str, ...]
    directions: tuple[str, ...]
    source: Mapping[str, Any] = field(default_factory=dict)

    def slopes(self, site: Site, direction: str, rule: str) -> Float[np.ndarray, " prompt"]:
        """The slope of every prompt in one cell."""
        return self.values[:, self.sites.index(site), self.rules.index(rule), self.directions.index(direction)]

    def propose(self, count: int = 3) -> list[Proposal]:
        """The cells with the largest mean slope of either sign, largest first: run the exact sweep there."""
        mean = self.values.mean(0)
        best = np.argsort(-np.abs(mean), axis=None, kind="stable")[:count]
        cells = [np.unravel_index(i, mean.shape) for i in best]
        return [Proposal(self.sites[s], self.rules[r], self.directions[d], float(mean[s, r, d])) for s, r, d in cells]

    def error(self, cube: SweepCube) -> ScreenError:
        """The error against an exact sweep of some of its sites and directions, on the same prompts."""
        rule = self._rule_of(cube)
        slopes = np.stack([[self.slopes(s, d, rule) for d in cube.directions] for s in cube.sites]).transpose(2, 0, 1)
        zero = cube.multipliers.index(0.0)
        doses = [m for m in cube.multipliers if m]
        exact = (cube.values - cube.values[..., [zero]])[..., [cube.multipliers.index(m) for m in doses]]
        off = slopes[..., None] * np.array(doses) - exact
        axes = (0, 1, 2)
        typical, size = (np.sqrt(np.square(x).mean(axes)) for x in (off, exact))
        relative = np.divide(typical, size, out=np.full_like(size, np.nan), where=size > 0)
        both = [m for m in doses if m > 0 and -m in doses]
        rank = float("nan")
        if both and slopes[0].size > 2:
            from scipy.stats import spearmanr

            odd = (exact[..., doses.index(both[-1])] - exact[..., doses.index(-both[-1])]) / 2
            rank = float(spearmanr(slopes.mean(0).ravel(), odd.mean(0).ravel())[0])  # pyright: ignore[reportArgumentType]
        largest, typical, relative = (tuple(map(float, x)) for x in (np.abs(off).max(axes), typical, relative))
        return ScreenError(rule, tuple(doses), largest, typical, relative, rank)

    def _rule_of(self, cube: SweepCube) -> str:
        rule = cube.source.get("where", self.rules[0])
        unknown = [x for x in (*cube.sites, *cube.directions) if x not in self.sites + self.directions]
        same = all(self.source.get(k) == cube.source.get(k) for k in ("model", "concept", "toward", "prompt"))
        if unknown or rule not in self.rules or cube.prompts != self.prompts or not same:
            raise WorkbenchError(
                f"a sweep of {len(cube.prompts)} prompts at positions {rule!r} is not one of this "
                "screen's; expected the same model, concept and prompts, and some of its sites, "
                "directions and rules"
            )
        return rule

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(str(p.site))}</td><td>{escape(p.rule)}</td><td>{escape(p.direction)}</td>"
            f"<td>{p.slope:+.3f}</td></tr>"
            for p in self.propose(5)
        )
        return (
            f"<b>Screen</b> of {len(self.prompts)} prompts: slopes at multiplier 0, a {MARK}; look exactly at"
            f"<table><tr><th>site</th><th>positions</th><th>direction</th><th>slope</th></tr>{rows}</table>"
        )


def screen(  # noqa: PLR0913 - as for sweep
    model: Model,
    concept: Concept,
    directions: Directions,
    *,
    sites: Sequence[Site],
    where: Sequence[str] = ("all",),
    toward: Pole = "aligned",
    prompt: str | PromptOf = "bare",
    batch_tokens: int | Budget = 2048,
) -> Screen:
    """First-order slopes of adding every direction at every site, under every position rule of ``where``.

    The settings are those of :func:`~workbench.sweep.sweep`; any model that the bridge runs. No weight changes, and
    none gets a gradient.

    Raises:
        WorkbenchError: as ``sweep``; also where no position rule came.
    """
    rules = (where,) if isinstance(where, str) else tuple(dict.fromkeys(where))
    if not rules:
        raise WorkbenchError("no position rules came; expected at least one, such as 'all'")
    each = [request(model, concept, directions, sites=sites, multipliers=(1.0,), where=rule, toward=toward,
                    prompt=prompt, batch_tokens=batch_tokens) for rule in rules]  # fmt: skip
    asked = each[0]
    if not resumable(model):
        # through their own masks the gradient of padding, and with it of everything, may be NaN
        warnings.warn(f"{model.name}: the screen of a {type(model.bridge.original_model).__name__} runs one prompt at "
                      "a time, without padding", stacklevel=2)  # fmt: skip
        asked = replace(asked, batch_tokens=1)
    values = np.zeros((len(asked.prompts), len(asked.plans), len(rules), len(asked.names)))
    parts = bundles(model, asked.questions(), "all", 1, asked.batch_tokens)
    with frozen(model):
        for bundle, found in halving(partial(_slopes, asked, rules), parts, asked.batch_tokens, Bundle.halves):
            np.add.at(values, bundle.index.numpy(), found)
    return _labelled(asked, rules, values)


def _labelled(asked: Request, rules: Sequence[str], values: np.ndarray) -> Screen:
    """The slopes with their axes, and what they are of."""
    model, concept, pairs = asked.model, asked.concept, asked.concept.pairs
    source = {
        "model": model.digest, "model_name": model.name, "concept": concept.digest, "concept_name": concept.name,
        "toward": asked.toward, "prompt": asked.prompt_name, "method": MARK, "batch_tokens": asked.batch_tokens,
    }  # fmt: skip
    return Screen(
        values, tuple(p.id for p in pairs), tuple(p.group for p in pairs), tuple(plan.site for plan in asked.plans),
        tuple(rules), asked.names, source,
    )  # fmt: skip


def _slopes(
    asked: Request, rules: Sequence[str], bundle: Bundle, _: int
) -> Float[np.ndarray, "row site rule direction"]:
    """Slopes of one bundle: gradients at the sites, summed over each rule's positions, along the steps."""
    slopes = np.zeros((len(bundle.batch), len(asked.plans), len(rules), len(asked.names)))
    # in a sequence without its last token every answer position predicts one
    named = ["after_prompt" if rule == "answer" else rule for rule in rules]
    masks = torch.stack([touched(rule, bundle.batch) for rule in named])
    if not bool(masks.flatten(1).any(1).all()):
        raise WorkbenchError(
            f"positions {list(rules)} are none in a prompt with one-token answers; use 'answer' or 'all'"
        )
    grads = gradients(asked.model, bundle, [plan.site for plan in asked.plans])
    if not all(bool(grad.isfinite().all()) for grad in grads):
        raise WorkbenchError(f"the gradients of {asked.model.name} are not finite; use the exact sweep, or float32")
    for at, (plan, grad) in enumerate(zip(asked.plans, grads, strict=True)):
        steps = torch.stack([direction.step.float() for direction in plan.directions]).to(grad)
        summed = torch.einsum("rbp,bpd->brd", masks.to(grad), grad)
        slopes[:, at] = (summed @ steps.T).double().cpu().numpy()
    return slopes


def gradients(model: Model, bundle: Bundle, sites: Sequence[Site]) -> list[Float[Tensor, "row position _"]]:
    """The gradient of every row's propensity at each site; a row's depends on its own activations only."""
    found: dict[Site, Tensor] = {}

    def reader(site: Site) -> Hook:
        def read(activation: Tensor, hook: Any) -> Tensor:
            # the graph begins at the lowest site: nothing below it is remembered
            found[site] = activation if activation.requires_grad else activation.detach().requires_grad_()
            return found[site]

        return site.hook, read

    with torch.enable_grad():
        # the model's own hooks come first, as the steering would after them
        final = forward(model, bundle.batch, hooks=[reader(s) for s in sites], upto=model.n_layers, grad=True)
        total = bundle.scores(model, final[None, :, bundle.read], grad=True).sum()
        grads = torch.autograd.grad(total, [found[site] for site in sites])
    parts = []
    for site, grad in zip(sites, grads, strict=True):
        if site.stream == "z":
            grad = grad.flatten(2) if site.head is None else grad[:, :, site.head]
        parts.append(grad.detach())
    return parts


@contextmanager
def frozen(model: Model) -> Iterator[None]:
    """No weight takes part in a gradient inside; afterwards those that did do again."""
    with exclusive(model):
        taking = [weight for weight in model.bridge.original_model.parameters() if weight.requires_grad]
        taking += [weight for weight in model.bridge.parameters() if weight.requires_grad]
        try:
            for weight in taking:
                weight.requires_grad_(False)
            yield
        finally:
            for weight in taking:
                weight.requires_grad_(True)
