"""Shipped neutral text and unrelated choices: where an intervention should cost nothing."""

import json
from collections.abc import Sequence

from workbench.concepts.load import data_root
from workbench.types import Card, Concept, Pair


def neutral_texts(style: str, count: int) -> list[str]:
    """``count`` neutral texts for concepts of a style ("story" or any other), one of every topic before a second."""
    rows = _rows(f"text-{'story' if style == 'story' else 'assistant'}.jsonl")
    return [row["text"] for row in in_turn(rows)[:count]]


def unrelated_choices(style: str, count: int) -> Concept:
    """``count`` unrelated questions as a concept: the "aligned" answer is correct, the "unaligned" wrong."""
    story = style == "story"
    rows = in_turn(_rows(f"multiple-choice{'-story' if story else ''}.jsonl"))[:count]
    space = "" if story else " "
    pairs = tuple(Pair(r["id"], r["group"], r["question"], space + r["correct"], space + r["wrong"]) for r in rows)
    card = Card("unrelated-choices", "Unrelated choices", style="story" if story else "question")
    return Concept(card.name, pairs, card)


def _rows(name: str) -> list[dict]:
    text = (data_root() / "neutral" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def in_turn(rows: Sequence[dict]) -> list[dict]:
    """One row of every ``group`` before a second of any, groups in order of appearance."""
    seen: dict[str, int] = {}
    order = []
    for row in rows:
        seen[row["group"]] = seen.get(row["group"], 0) + 1
        order.append((seen[row["group"]], len(order), row))
    return [row for *_, row in sorted(order, key=lambda entry: entry[:2])]
