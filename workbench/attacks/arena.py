"""Where attacks are searched: a model with its defence in force, the questions to attack, and what may be spent."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from workbench.controls.contrast import default_layers
from workbench.interventions import Add, Conditional
from workbench.models import Hook, Model, batches, capture
from workbench.symmetry.budgets import solve_strength
from workbench.symmetry.measure import site_of
from workbench.symmetry.neutral import Neutral, neutral
from workbench.symmetry.readings import read
from workbench.types import Concept, Pole, Site, WorkbenchError

KINDS = ("norm", "kl")
SLACK = 1.1  # of the budget: the solver's tolerance, and a step of training more or less


@dataclass(frozen=True)
class Effort:
    """What every attack may spend, on each pole the same.

    ``kind`` and ``level`` are the budget: "norm", ‖δ‖ over the stream's median norm (of vectors jointly over several
    sites; of anything else the change measured on neutral text), or "kl", nats per neutral token from the attacked
    model without the attack. Prompts have at most ``examples`` cues or demonstrations. Nothing counts that raises the
    NLL of neutral text by more than the share ``cap``. ``draws`` random directions and ``steps`` of gradient are what
    the searches get; a gradient moves within ``radius`` (a norm share) where the budget is a KL.
    """

    kind: str = "norm"
    level: float = 0.1
    examples: int = 4
    cap: float = 0.05
    draws: int = 8
    steps: int = 8
    radius: float = 0.1
    seed: int = 0

    def __post_init__(self):
        if self.kind not in KINDS:
            raise WorkbenchError(f"budget kind {self.kind!r} is unknown; expected one of {', '.join(KINDS)}")
        if not (0 < self.level < np.inf and self.cap > 0 and 0 < self.radius < np.inf):
            raise WorkbenchError(
                f"budget got level {self.level}, cap {self.cap}, radius {self.radius}; expected positive numbers"
            )
        if min(self.examples, self.draws, self.steps) < 1:
            raise WorkbenchError("budget got no examples, draws or steps; expected at least one of each")

    @property
    def reach(self) -> float:
        """The norm share within which a vector is optimised."""
        return self.level if self.kind == "norm" else self.radius


@dataclass(frozen=True)
class Arena:
    """A model under attack. ``bare`` is without the defence, ``model`` with it (the same one where there is none).

    Attacks are fitted on ``fit`` and compared on ``search``; what they are scored on is not here. ``home`` is the layer
    of the defence. ``scales`` [layer] are median norms of the bare model's stream on neutral text: budgets in norm mean
    the same vector with and without the defence. ``spent`` counts readings and gradients.
    """

    bare: Model
    model: Model
    fit: Concept
    search: Concept
    effort: Effort
    home: int
    quiet: Neutral
    scales: tuple[float, ...]
    base: Float[np.ndarray, " item"]
    spent: dict[str, int] = field(default_factory=lambda: {"readings": 0, "gradients": 0})

    @property
    def layers(self) -> tuple[int, ...]:
        """Where vectors may be added: every layer but the last, after which one only shifts logits."""
        return tuple(range(max(1, self.bare.n_layers - 1)))

    @contextmanager
    def under(self, control: Any, strength: float) -> Iterator[Model]:
        """The defended model under an attack; the defence acts after it (:meth:`behind`)."""
        with control.applied(self.model, strength) as attacked:
            yield self.behind(attacked)

    def behind(self, attacked: Model) -> Model:
        """The attack's hooks before the defence's: at its own site a defence sees what the attack has added.

        Otherwise every vector added at that site would come after the defence, and none could be resisted.
        """
        first, both = len(self.bare.hooks), len(self.model.hooks)
        own, new = self.model.hooks[first:], attacked.hooks[both:]
        return replace(attacked, hooks=attacked.hooks[:first] + new + own)

    def hooked(self, note: str, hook: Hook) -> Model:
        """The defended model with one more hook before the defence's."""
        return self.behind(self.model.altered(note, (hook,)))

    def gain(self, control: Any, strength: float, toward: Pole) -> float:
        """How far an attack moves the search questions toward a pole, log-odds, mean over their groups."""
        self.spent["readings"] += 1
        with self.under(control, strength) as attacked:
            moved = read(attacked, self.search).log_odds - self.base
        return (1 if toward == "aligned" else -1) * over_groups(moved, self.search)

    def cost(self, control: Any, strength: float) -> tuple[float, float]:
        """(KL, relative rise of the NLL) on neutral text, both from this model without the attack."""
        with self.under(control, strength) as attacked:
            return self.quiet.cost(attacked)

    def strength(self, control: Any, exact: bool = True) -> float:
        """The strength at which a control spends the budget, or its limit where that spends less.

        An added vector's norm is known; ``exact`` False extrapolates its KL from one dose. For everything else the
        strength is solved for what is measured. WorkbenchError where the budget is out of reach.
        """
        if not hasattr(control, "applied"):
            raise WorkbenchError(
                f"an attack came as {type(control).__name__}, which cannot be applied; its budget is unknown"
            )
        if not adds(control):
            return self.solved(control)
        size = float(np.sqrt(sum((d.gap / self.scales[d.site.layer]) ** 2 for d in control.each)))
        if not size > 0:
            raise WorkbenchError("an attack's vectors are all zero; it spends nothing")
        full = self.effort.reach / size
        if self.effort.kind == "norm":
            return full
        if not exact:
            return full * float(np.sqrt(self.effort.level / max(self.cost(control, full)[0], 1e-12)))
        return self.solved(control, full)

    def solved(self, control: Any, start: float = 1.0) -> float:
        """The strength that spends the budget as measured, by a secant; no more than the control's ``limit``."""
        kind, level, limit = self.effort.kind, self.effort.level, float(getattr(control, "limit", np.inf))
        spent, order = (self.share, 1.0) if kind == "norm" else (lambda c, s: self.cost(c, s)[0], 2.0)
        found = solve_strength(lambda s: spent(control, s), level, min(start, limit), limit, order)
        if found is not None:
            return found[0]
        if np.isfinite(limit) and spent(control, limit) <= level:
            return limit  # all that there is of it stays within the budget
        name = "norm" if kind == "norm" else "KL"
        raise WorkbenchError(f"{name} {level:g} is not reached by this attack at any strength; use a smaller budget")

    def share(self, control: Any, strength: float) -> float:
        """‖δ‖ over the stream's median norm as measured on neutral text of the bare model, root mean square: a share.

        At the last site that the control names; where it names none (weights), at the layer that moves most. Weights
        are measured by what they do, not by ‖ΔW‖: so everything that is no prompt spends the same thing.
        """
        site = site_of(control)
        layers = [site.layer] if site is not None else list(range(self.bare.n_layers))
        before = streams(self.bare, self.quiet.texts, layers)
        with control.applied(self.bare, strength) as changed:
            # the bare model's prompts: what a control puts before them is no change of the stream
            after = streams(replace(changed, chat=self.bare.chat), self.quiet.texts, layers)
        moved = [(new - old).square().sum(-1).mean().sqrt() for new, old in zip(after, before, strict=True)]
        return max(float(root) / self.scales[layer] for root, layer in zip(moved, layers, strict=True))

    def within(self, control: Any, strength: float, kl: float) -> bool:
        """Whether a point keeps the budget, ``kl`` being what it costs: of norms only a training's is still open."""
        if self.effort.kind == "kl":
            return kl <= SLACK * self.effort.level
        return not trained(control) or self.share(control, strength) <= SLACK * self.effort.level


def arena_of(  # noqa: PLR0913 - the parts of an arena
    bare: Model, model: Model, fit: Concept, search: Concept, effort: Effort, texts: Sequence[str], home: int = -1
) -> Arena:
    """The arena of one concept; ``fit`` and ``search`` share no group (WorkbenchError otherwise)."""
    shared = set(fit.groups) & set(search.groups)
    if shared:
        raise WorkbenchError(f"group {sorted(shared)[0]!r} is in two parts; use disjoint groups")
    base = read(model, search).log_odds
    home = default_layers(bare)[0] if home < 0 else home
    return Arena(bare, model, fit, search, effort, home, neutral(model, texts), scales_of(bare, texts), base)


def adds(control: Any) -> bool:
    """Whether a control adds vectors (behind a gate as well), so that its norm is known without a measurement."""
    change = getattr(control, "intervention", None)
    change = change.inner if isinstance(change, Conditional) else change
    return bool(getattr(control, "each", ())) and isinstance(change, Add)


def trained(control: Any) -> bool:
    """Whether a control's only strengths are numbers of steps, of which it knows what each spends; prompts do not."""
    return bool(getattr(control, "doses", ())) and callable(getattr(control, "spent", None))


def scales_of(model: Model, texts: Sequence[str]) -> tuple[float, ...]:
    """Median norm of the stream after every layer, on texts."""
    rows = streams(model, texts, range(model.n_layers))
    return tuple(float(row.norm(dim=-1).median()) for row in rows)


def streams(model: Model, texts: Sequence[str], layers: Sequence[int]) -> list[Float[torch.Tensor, "token d_model"]]:
    """The stream after each layer at every token of the texts, in float64."""
    sites = [Site(layer) for layer in layers]
    rows: list[list[torch.Tensor]] = [[] for _ in sites]
    for _, batch in batches(model, list(texts)):
        found = capture(model, batch, sites, batch.real)
        for row, site in zip(rows, sites, strict=True):
            row.append(found[site].double().cpu())
    return [torch.cat(row) for row in rows]


def over_groups(values: Float[np.ndarray, " item"], concept: Concept) -> float:
    """The mean over groups of the means over their items."""
    _, codes = np.unique([pair.group for pair in concept.pairs], return_inverse=True)
    return float((np.bincount(codes, values) / np.bincount(codes)).mean())
