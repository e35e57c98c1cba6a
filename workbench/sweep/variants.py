"""What is done at one site: every direction at every multiplier, as rows of one batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from workbench.models import Batch, Model, check_rule, check_sites, position_mask
from workbench.types import Direction, Intervention, Site, WorkbenchError

Directions = Mapping[str, Direction | Mapping[Site, Direction]]
STREAMS = ("resid_pre", "attn_out", "mlp_out", "resid_post", "z")


def add(
    h: Float[Tensor, "batch position d_model"],
    direction: Direction,
    multiplier: Float[Tensor, " batch"],
    mask: Bool[Tensor, "batch position"],
) -> Float[Tensor, "batch position d_model"]:
    """The default intervention: h + multiplier · gap · vector at the masked positions."""
    return h + (multiplier.to(h)[:, None] * mask.to(h))[..., None] * direction.step.to(h)


@dataclass(frozen=True)
class Variants:
    """All variants of one site: variant i is direction i // len(multipliers) at multiplier i % len(multipliers)."""

    site: Site
    directions: tuple[Direction, ...]
    multipliers: tuple[float, ...]
    intervention: Intervention = add

    def __len__(self) -> int:
        return len(self.directions) * len(self.multipliers)

    @cached_property
    def steps(self) -> Float[Tensor, "variant d_model"]:
        """What each variant adds, where the intervention is :func:`add`."""
        each = torch.stack([direction.step.float() for direction in self.directions])
        return (each[:, None] * torch.tensor(self.multipliers)[:, None]).flatten(0, 1)

    def change(
        self, h: Float[Tensor, "variant row position width"], low: int, mask: Bool[Tensor, "row position"]
    ) -> Float[Tensor, "variant row position width"]:
        """The activations of variants ``low``, ``low + 1``, … after their interventions."""
        if self.intervention is add:
            steps = self.steps[low : low + len(h)].to(h)
            return h + mask.to(h)[None, :, :, None] * steps[:, None, None]
        parts, at = [], low
        while at < low + len(h):
            which, first = divmod(at, len(self.multipliers))
            count = min(len(self.multipliers) - first, low + len(h) - at)
            dose = torch.tensor(self.multipliers[first : first + count]).repeat_interleave(h.shape[1])
            part = h[at - low : at - low + count].flatten(0, 1)
            changed = self.intervention(part, self.directions[which], dose.to(h), mask.repeat(count, 1))
            parts.append(self._checked(changed, part).unflatten(0, (count, h.shape[1])))
            at += count
        return torch.cat(parts)

    def _checked(self, changed: Tensor, before: Tensor) -> Tensor:
        if changed.shape != before.shape:
            raise WorkbenchError(
                f"intervention {self.intervention!r} returned {tuple(changed.shape)} for activations "
                f"{tuple(before.shape)}; expected the same shape"
            )
        return changed


def at_site(activation: Tensor, site: Site, change: Callable[[Tensor], Tensor]) -> Tensor:
    """``change`` [batch position width] applied to what the site means: the whole stream, all heads, or one head."""
    if site.stream != "z":
        return change(activation)
    if site.head is None:
        return change(activation.flatten(2)).view(activation.shape)
    out = activation.clone()
    out[:, :, site.head] = change(activation[:, :, site.head])
    return out


def touched(rule: str, batch: Batch) -> Bool[Tensor, "batch position"]:
    """The positions an intervention means: as :func:`~workbench.models.position_mask`, but ``last`` is of the prompt.

    Behind a prompt may stand a teacher-forced answer, as a generated one would; both are not the prompt's end.
    """
    check_rule(rule)
    if not rule.startswith("last"):
        return position_mask(rule, batch)
    count = 1 if rule == "last" else int(rule.partition(":")[2])
    first = batch.prompt_lengths[:, None]
    return batch.real & (batch.position_ids < first) & (batch.position_ids >= first - count)


def steering_hook(
    site: Site, direction: Direction, multiplier: float, intervention: Intervention = add, where: str = "all"
) -> tuple[str, Callable[..., Tensor]]:
    """One intervention as a hook that knows padding, prompt lengths and cached tokens from the running batch."""
    check_rule(where)

    def steer(activation: Tensor, hook: Any, batch: Batch) -> Tensor:
        mask = touched(where, batch)

        def change(h: Tensor) -> Tensor:
            return intervention(h, direction, torch.full((len(h),), multiplier).to(h), mask)

        return at_site(activation, site, change)

    return site.hook, steer


def resolve(
    model: Model,
    directions: Directions,
    sites: Sequence[Site],
    multipliers: Sequence[float],
    intervention: Intervention,
) -> list[Variants]:
    """The variants of each site, checked: known sites that may be intervened on, a fitting direction for each.

    A bare direction stands for itself at every site.
    """
    check_sites(model, sites)
    if not directions:
        raise WorkbenchError("no directions came; expected a mapping of names to directions")
    plans = []
    for site in sites:
        if site.stream not in STREAMS:
            raise WorkbenchError(f"site {site} may be read but not intervened on; use one of {', '.join(STREAMS)}")
        found = tuple(_direction(model, name, given, site) for name, given in directions.items())
        plans.append(Variants(site, found, tuple(multipliers), intervention))
    return plans


def _direction(model: Model, name: str, given: Direction | Mapping[Site, Direction], site: Site) -> Direction:
    if not isinstance(given, Direction) and site not in given:
        raise WorkbenchError(f"direction {name!r} has none for {site}; expected one for every swept site")
    direction = given if isinstance(given, Direction) else given[site]
    width = model.d_model
    if site.stream == "z":
        each = int(model.bridge.cfg.d_head)
        width = each if site.head is not None else each * model.n_heads
    if len(direction.vector) != width:
        raise WorkbenchError(f"direction {name!r} has {len(direction.vector)} numbers; expected {width} at {site}")
    return direction
