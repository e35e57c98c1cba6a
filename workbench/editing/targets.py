"""What the memory should return for a subject: the stream's change δ that makes the model say the target."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workbench.editing.facts import Rewrite, batch_nll, subject_positions
from workbench.models import Batch, Model, capture, encode, exclusive, forward
from workbench.types import Site, WorkbenchError


@dataclass(frozen=True)
class Fitting:
    """How δ is fitted (defaults: GPT-2 XL's in arXiv 2202.05262).

    Adam for at most ``steps`` steps at ``rate`` on: mean over ``prefixes`` of the target's NLL per token
    + ``kl`` · KL(clean ‖ changed) after ``essence`` at the subject's last token + ``decay`` · ‖δ‖/‖v₀‖²; a fact stops
    once its loss is below ``stop``; ‖δ‖ ≤ ``clip`` · ‖v₀‖. ``prefixes`` stand before the prompt and must contain ""
    first: v₀ is read there. ``essence`` is a text with {} for the subject, or empty for no such term.
    """

    steps: int = 20
    rate: float = 0.5
    kl: float = 0.0625
    decay: float = 0.5
    clip: float = 4.0
    stop: float = 0.05
    prefixes: tuple[str, ...] = ("",)
    essence: str = "{} is a"

    def __post_init__(self):
        if self.steps < 1 or self.rate <= 0 or self.clip <= 0:
            raise WorkbenchError(
                f"fitting got steps {self.steps}, rate {self.rate}, clip {self.clip}; expected each > 0"
            )
        if self.prefixes[:1] != ("",):
            raise WorkbenchError("fitting got prefixes that do not begin with the empty one; put '' first")


@dataclass(frozen=True)
class Targets:
    """Fitted values: ``delta`` and the clean ``start`` v₀ at each rewrite's subject, both float64; steps taken."""

    delta: Float[Tensor, "fact d_model"]
    start: Float[Tensor, "fact d_model"]
    steps: int


def fit_targets(model: Model, rewrites: Sequence[Rewrite], site: Site, fitting: Fitting) -> Targets:
    """δ per rewrite, to be added at ``site`` to the subject's last token (ROME: mlp_out; MEMIT: resid_post).

    All rewrites are fitted in one batch; they do not see each other, so each gets what it would get alone.
    """
    asked = _Asked(model, rewrites, fitting)
    plain = encode(model, [r.prompt for r in rewrites])
    where = subject_positions(model, rewrites, plain)
    start = capture(model, plain, [site])[site][torch.arange(len(plain)), where].detach()
    scale = start.norm(dim=1)
    delta = torch.zeros_like(start, requires_grad=True)
    adam = torch.optim.Adam([delta], lr=fitting.rate)
    active, taken = torch.ones(len(rewrites), dtype=torch.bool, device=delta.device), 0
    for _ in range(fitting.steps):
        # the norm has no derivative at zero, where δ starts
        size = (delta.square().sum(1) + 1e-20).sqrt()
        with exclusive(model):
            loss = asked.loss(site, delta) + fitting.decay * size / scale.square()
            active &= loss.detach() >= fitting.stop
            if not bool(active.any()):
                break
            old = delta.detach().clone()
            adam.zero_grad()
            (delta.grad,) = torch.autograd.grad(loss.sum(), [delta])
        adam.step()
        taken += 1
        with torch.no_grad():
            limit = fitting.clip * scale
            shrink = (limit / delta.norm(dim=1).clamp_min(1e-20)).clamp(max=1.0)
            delta.copy_(torch.where(active[:, None], delta * shrink[:, None], old))
    return Targets(delta.detach().double().cpu(), start.double().cpu(), taken)


class _Asked:
    """The encoded prompts of a fitting, made once: targets after every prefix, and essences with clean predictions."""

    def __init__(self, model: Model, rewrites: Sequence[Rewrite], fitting: Fitting):
        self.model, self.fitting, self.count = model, fitting, len(rewrites)
        starts = [prefix for prefix in fitting.prefixes for _ in rewrites]
        rows = list(rewrites) * len(fitting.prefixes)
        texts = [start + row.prompt for start, row in zip(starts, rows, strict=True)]
        self.batch = encode(model, texts, [row.target for row in rows])
        self.where = subject_positions(model, rows, self.batch, starts)
        self.essence = None
        if fitting.essence and fitting.kl:
            said = [Rewrite(fitting.essence.format(r.subject), r.subject, r.target) for r in rewrites]
            batch = encode(model, [r.prompt for r in said])
            at = subject_positions(model, said, batch)
            self.essence = (batch, at, self._predicted(batch, at, (), False))

    def loss(self, site: Site, delta: Float[Tensor, "fact d_model"]) -> Float[Tensor, " fact"]:
        """Per fact: NLL of the target, and the essence's KL."""
        hook = (site.hook, adding(delta.repeat(len(self.fitting.prefixes), 1), self.where))
        loss = batch_nll(self.model, self.batch, [hook], True).reshape(-1, self.count).mean(0)
        if self.essence is not None:
            batch, at, clean = self.essence
            now = self._predicted(batch, at, [(site.hook, adding(delta, at))], True)
            loss = loss + self.fitting.kl * (clean.exp() * (clean - now)).sum(1)
        return loss

    def _predicted(self, batch: Batch, at: Int[Tensor, " row"], hooks: Any, grad: bool) -> Float[Tensor, "row vocab"]:
        return forward(self.model, batch, hooks=hooks, positions=at[:, None], grad=grad)[:, 0].log_softmax(-1)


def adding(delta: Float[Tensor, "row d_model"], where: Int[Tensor, " row"]) -> Callable[..., Tensor]:
    """A hook that adds one vector per row at one position per row."""

    def add(activation: Float[Tensor, "row position d_model"], hook: Any) -> Float[Tensor, "row position d_model"]:
        rows = torch.arange(len(where), device=activation.device)
        wide = torch.zeros_like(activation).index_put((rows, where), delta.to(activation.dtype))
        return activation + wide

    return add
