"""Divide a concept into parts that share no group, with both answers equally often the aligned one."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from workbench.concepts.checks import two_answers
from workbench.types import Concept, Pair, WorkbenchError


def split_concept(
    concept: Concept,
    shares: Sequence[float] | Mapping[str, float] = (0.5, 0.5),
    seed: int = 0,
    balance: bool = True,
) -> tuple[Concept, ...]:
    """Parts of a concept with disjoint groups, in the order of ``shares``.

    Groups go to parts in an order drawn from ``seed``, large groups first, each to where it is most wanted.
    Shares are positive and sum to at most 1; what they leave over is in no part. With ``balance``, surplus
    pairs are dropped so that each of two fixed answers (Yes/No, A/B) is the aligned one exactly equally often
    inside every part; concepts whose pairs have answers of their own (stories) are not changed by it.
    A mapping names the shares for the reader: ``{"fit": .5, "test": .5}``.

    Raises WorkbenchError for impossible shares, fewer groups than parts, or a part left empty.
    """
    sizes = _checked(shares)
    groups = concept.groups
    if len(groups) < len(sizes):
        raise WorkbenchError(f"concept {concept.name!r} has {len(groups)} groups; {len(sizes)} parts with disjoint "
                             f"groups need at least {len(sizes)}: ask for fewer parts")
    place = _assign(concept, sizes, seed)
    parts = []
    for index in range(len(sizes)):
        pairs = [p for p in concept.pairs if place[p.group] == index]
        kept = balance_pairs(pairs) if balance and two_answers(concept.pairs) else tuple(pairs)
        if not kept:
            raise WorkbenchError(f"part {index + 1} of concept {concept.name!r} (share {sizes[index]:g}) would hold no "
                                 "pairs of both answers; give it a larger share, or more groups")
        parts.append(concept.select(kept))
    return tuple(parts)


def _checked(shares: Sequence[float] | Mapping[str, float]) -> list[float]:
    sizes = [float(s) for s in (shares.values() if isinstance(shares, Mapping) else shares)]
    if not sizes or min(sizes) <= 0 or sum(sizes) > 1 + 1e-9:
        raise WorkbenchError(f"shares {sizes} are impossible; expected positive numbers that sum to at most 1")
    return sizes


def _assign(concept: Concept, sizes: Sequence[float], seed: int) -> dict[str, int]:
    """A part for every group; the index ``len(sizes)`` means none."""
    answers = two_answers(concept.pairs)
    counts = {g: np.zeros(len(answers) or 1) for g in concept.groups}
    for pair in concept.pairs:
        counts[pair.group][answers.index(pair.aligned) if answers else 0] += 1
    total = sum(counts.values())
    rest = 1 - sum(sizes)
    need = np.outer([*sizes, rest] if rest > 1e-9 else sizes, total)
    order = [concept.groups[i] for i in np.random.default_rng(seed).permutation(len(counts))]
    order.sort(key=lambda g: -int(counts[g].sum()).bit_length())  # by powers of two, so that the seed still matters
    place = {}
    for group in order:
        n = counts[group]
        # the part whose squared distance to its wanted counts falls most
        part = int(np.argmin([float((n * (n - 2 * wanted)).sum()) for wanted in need]))
        need[part] -= n
        place[group] = part
    return place


def balance_pairs(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """The pairs without the surplus of one aligned answer, deterministically and in their order.

    Surplus pairs are taken from the group that has most of them, last pair first, so that groups become
    balanced too. Pairs with answers of their own are returned unchanged; a missing answer leaves nothing.
    """
    answers = two_answers(pairs)
    if not answers:
        return tuple(pairs)
    counts = Counter(p.aligned for p in pairs)
    common, rare = sorted(answers, key=lambda a: -counts[a])
    surplus: Counter[str] = Counter()
    stock: dict[str, list[int]] = {}
    for index, pair in enumerate(pairs):
        surplus[pair.group] += 1 if pair.aligned == common else -1
        if pair.aligned == common:
            stock.setdefault(pair.group, []).append(index)
    dropped = set()
    for _ in range(counts[common] - counts[rare]):
        group = max(stock, key=lambda g: surplus[g])  # the first of equals: groups are in order of appearance
        dropped.add(stock[group].pop())
        surplus[group] -= 1
        if not stock[group]:
            del stock[group]
    return tuple(p for i, p in enumerate(pairs) if i not in dropped)
