"""Texts that begin alike: what they share is run once, and every text goes on from there.

The two prompts of a pair share their question; in a prompt type with an instruction or with the same answered
examples, all prompts of a pole share those. The numbers are those of whole texts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from workbench.models import placement
from workbench.models.batch import bucket, pad, pad_id
from workbench.models.blocks import resumable
from workbench.models.budget import halving
from workbench.models.hooks import attached
from workbench.models.model import Model
from workbench.models.prefixes import PrefixState, prefix, step
from workbench.models.unhooked import may_run_unhooked, whole_streams
from workbench.types import Site

# continuations of one beginning run side by side and attend to each other's slots, so their tokens are bounded
SLOTS = 256
# below this share of saved tokens, whole texts in even batches are as fast
WORTH = 0.1


@dataclass(frozen=True)
class Family:
    """Texts by their index, and how many tokens at their beginning are the same."""

    members: tuple[int, ...]
    length: int

    @property
    def saved(self) -> int:
        """Tokens that need not be run."""
        return (len(self.members) - 1) * self.length


def families(rows: Sequence[Sequence[int]], limits: Sequence[int]) -> list[Family]:
    """A partition of the rows into families that saves many tokens; a row without relatives has length 0.

    No more than ``limits[i]`` tokens of row i are shared: what is to be read must lie behind.
    """
    order = sorted(range(len(rows)), key=lambda i: tuple(rows[i]))
    common = [min(_common(rows[a], rows[b]), limits[a], limits[b]) for a, b in zip(order, order[1:], strict=False)]
    return _families(order, common)


def _families(order: list[int], common: list[int]) -> list[Family]:
    """Of sorted rows and what neighbours have in common: split where that is least, join what gains by it."""
    if len(order) == 1:
        return [Family((order[0],), 0)]
    least = min(common)
    cuts = [0, *(i + 1 for i, c in enumerate(common) if c == least), len(order)]
    parts = [(order[a:b], common[a : b - 1]) for a, b in zip(cuts, cuts[1:], strict=False)]
    found, joined = [], []
    for members, inner in parts:
        own = _families(members, inner)
        if len(members) * least >= sum(f.saved for f in own):
            joined.append((members, own))
        else:
            found += own
    if least == 0 or len(joined) == 1:
        return found + [f for _, own in joined for f in own]
    if joined:
        found.append(Family(tuple(i for members, _ in joined for i in members), least))
    return found


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens at the beginning are the same."""
    for i, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return i
    return min(len(one), len(other))


def worth_sharing(model: Model, rows: Sequence[Sequence[int]], limits: Sequence[int]) -> list[Family]:
    """The families of the rows; none where too little is shared or this model's texts must be run whole.

    They must where blocks cannot be entered, and in a model with hooks of its own, which may ask for whole texts.
    """
    if model.hooks or not resumable(model):
        return []
    found = families(rows, limits)
    return found if sum(f.saved for f in found) >= WORTH * sum(map(len, rows)) else []


def capture_shared(
    model: Model,
    rows: Sequence[Sequence[int]],
    kept: Sequence[Tensor],
    chosen: Sequence[Family],
    sites: Sequence[Site],
    batch_tokens: int,
) -> Iterator[tuple[list[int], dict[Site, Tensor]]]:
    """Activations of every family's members at their positions ``kept``: (indices, values per site), in turn.

    ``kept[i]`` [position] are indices into row i, none of them within what its family shares.
    Values are [n ...] in the order of the indices, then of the positions, as a mask selects them.
    """
    lengths = [family.length for family in chosen]
    # beginnings keep their keys and values of all layers while their members run, so fewer of them go side by side
    parts = ([chosen[i] for i in index] for index in bucket(lengths, max(1, batch_tokens // 4)))
    ask = partial(_of_families, model, rows, kept, sites)
    for _, found in halving(ask, parts, batch_tokens, _halves):
        yield from found


def _halves(some: list[Family]) -> list[list[Family]]:
    """A part for less memory: fewer families, or the same one with a part of its members at a time."""
    middle = (len(some) + 1) // 2
    return [some[:middle], some[middle:]] if len(some) > 1 else [some]


def _of_families(
    model: Model, rows: Any, kept: Any, sites: Sequence[Site], some: list[Family], batch_tokens: int
) -> list[tuple[list[int], dict[Site, Tensor]]]:
    """Runs the beginnings of some families once, then their members, as many side by side as memory allows."""
    batch = pad(model, [rows[family.members[0]][: family.length] for family in some])
    top = max(site.layer for site in sites) + 1
    state = prefix(model, batch, keep=0, stop=top)
    longest = max(len(rows[i]) - family.length for family in some for i in family.members)
    at_once = max(1, min(SLOTS, batch_tokens // len(some)) // longest)
    found = []
    for low in range(0, max(len(family.members) for family in some), at_once):
        part = [replace(family, members=family.members[low : low + at_once]) for family in some]
        # a family whose members are all done waits
        here = [r for r, family in enumerate(part) if family.members]
        now = state if len(here) == len(some) else state.rows(torch.tensor(here, device=model.device))
        found.append(_members(model, rows, kept, sites, ([part[r] for r in here], now)))
    return found


def _members(
    model: Model, rows: Any, kept: Any, sites: Sequence[Site], given: tuple[list[Family], PrefixState]
) -> tuple[list[int], dict[Site, Tensor]]:
    """One step: the members of each family side by side, shorter ones filled up at their end."""
    some, state = given
    variants = max(len(family.members) for family in some)
    width = max(len(rows[i]) - family.length for family in some for i in family.members)
    ids = torch.full((len(some), variants, width), pad_id(model))
    wanted = torch.zeros(ids.shape, dtype=torch.bool)
    for r, family in enumerate(some):
        for v, i in enumerate(family.members):
            own = rows[i][family.length :]
            ids[r, v, : len(own)] = torch.tensor(own)
            wanted[r, v, kept[i] - family.length] = True
    index = [i for family in some for i in family.members]
    return index, _capture_step(model, state, ids.to(model.device), wanted.to(model.device), sites)


def _capture_step(
    model: Model,
    state: PrefixState,
    ids: Int[Tensor, "row variant k"],
    wanted: Bool[Tensor, "row variant k"],
    sites: Sequence[Site],
) -> dict[Site, Tensor]:
    """Activations of the wanted new tokens, no block above the highest site being run."""
    found: dict[Site, Tensor] = {}
    stop = max(site.layer for site in sites) + 1
    if whole_streams(sites) and may_run_unhooked(model):
        leaving: dict[int, Tensor] = {}
        step(model, state, ids, stop=stop, leaving=leaving)
        return {site: leaving[site.layer].reshape(*ids.shape, -1)[wanted].clone() for site in sites}

    def reader(site: Site) -> Any:
        def read(activation: Tensor, hook: Any) -> Tensor:
            value = activation if site.head is None else activation[:, :, site.head]
            kept = value.reshape(*ids.shape, *value.shape[2:])[wanted.to(value.device)]
            found[site] = placement.home(model, kept.clone())
            return activation

        return read

    with attached(model, [(site.hook, reader(site)) for site in dict.fromkeys(sites)]):
        step(model, state, ids, stop=stop)
    # a tensor made in inference mode could never take part in a gradient; its copy can
    return {site: value.clone() for site, value in found.items()}
