"""From drafted pairs to a concept that passes every check: what is dropped is counted and said on the card."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from workbench.concepts.checks import ANSWERS, MINORITY, check_concept
from workbench.concepts.cluster import group_texts
from workbench.concepts.split import balance_pairs
from workbench.types import Card, Concept, Pair


@dataclass(frozen=True)
class Draft:
    """A pair whose group may still be empty, and the text that tells its topic."""

    pair: Pair
    topic: str


def assemble(card: Card, drafts: Sequence[Draft], where: str, skipped: int = 0) -> Concept:
    """Drop repeated and self-contradicting questions, give topics to pairs without group, balance, check.

    A set is balanced only where it would fail the check, that is with less than ``MINORITY`` of one answer.
    """
    kept, repeated, contrary = _distinct(drafts)
    if any(not d.pair.group for d in kept):
        topics = group_texts([d.topic for d in kept])
        kept = [replace(d, pair=replace(d.pair, group=t)) for d, t in zip(kept, topics, strict=True)]
    pairs = tuple(d.pair for d in kept)
    balanced = _balanced(pairs, card.style)
    dropped = {
        "without two different options": skipped,
        "repeated": repeated,
        "contradicting another": contrary,
        "so that both answers are equally frequent": len(pairs) - len(balanced),
    }
    notes = [f"{count} {why}" for why, count in dropped.items() if count]
    if notes:
        card = replace(card, summary=f"{card.summary} Left out: {', '.join(notes)}.".strip())
    return check_concept(Concept(card.name, balanced, card), where)


def _distinct(drafts: Sequence[Draft]) -> tuple[list[Draft], int, int]:
    """Drafts without repeats and contradictions, and how many of each went."""
    first = {(d.pair.question, d.pair.aligned, d.pair.unaligned): d for d in reversed(drafts)}
    unique = [d for d in drafts if first[d.pair.question, d.pair.aligned, d.pair.unaligned] is d]
    kept = [d for d in unique if (d.pair.question, d.pair.unaligned, d.pair.aligned) not in first]
    return kept, len(drafts) - len(unique), len(unique) - len(kept)


def _balanced(pairs: tuple[Pair, ...], style: str) -> tuple[Pair, ...]:
    counts = Counter(p.aligned for p in pairs)
    if style not in ANSWERS or len(counts) != 2 or min(counts.values()) >= MINORITY * len(pairs):
        return pairs
    return balance_pairs(pairs)
