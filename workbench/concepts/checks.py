"""What every concept must satisfy, whether it was loaded, imported or is about to be written."""

import re
from collections import Counter
from collections.abc import Sequence

from workbench.types import Concept, Pair, WorkbenchError

KINDS = ("value", "placebo", "subtle", "story")
ANSWERS = {"statement": (" Yes", " No"), "ab": (" (A)", " (B)")}
STYLES = ("statement", "ab", "question", "story")
MINORITY = 0.4  # least share of the rarer answer: below it, "always say Yes" looks like the concept
NAME = re.compile(r"[\w][\w.+ -]*")


def check_name(name: str, where: str) -> str:
    """The name, if it can be a folder's name."""
    if not NAME.fullmatch(name):
        raise WorkbenchError(
            f"{where}: concept name {name!r} cannot be a folder name; use letters, digits, '-' and '_', no slash"
        )
    return name


def two_answers(pairs: Sequence[Pair]) -> tuple[str, ...]:
    """The two answers that all pairs share (Yes/No, A/B), or () where every pair has answers of its own."""
    answers = {a for p in pairs for a in (p.aligned, p.unaligned)}
    return tuple(sorted(answers)) if len(answers) == 2 else ()


def check_concept(concept: Concept, where: str) -> Concept:
    """The concept itself, or a WorkbenchError that says what is wrong with it.

    Checked: name, kind and style; at least two groups (the unit of splitting and of resampling); unique ids;
    two different answers per pair; and for sets of two fixed answers (Yes/No, A/B) that each of them is the
    aligned one in at least ``MINORITY`` of the pairs, since otherwise the concept cannot be told from a letter.
    """
    check_name(concept.name, where)
    _check_choice(concept.card.kind, KINDS, "kind", where)
    _check_choice(concept.card.style, STYLES, "style", where)
    _check_pairs(concept.pairs, where)
    if concept.card.style in ANSWERS:
        _check_answers(concept, where)
    return concept


def _check_choice(value: str, choices: Sequence[str], what: str, where: str) -> None:
    if value not in choices:
        raise WorkbenchError(f"{where}: {what} {value!r} is unknown; expected one of {', '.join(choices)}")


def _check_pairs(pairs: Sequence[Pair], where: str) -> None:
    if not pairs:
        raise WorkbenchError(f"{where}: no pairs; a concept needs at least two groups of pairs")
    twice = [i for i, n in Counter(p.id for p in pairs).items() if n > 1]
    if twice:
        raise WorkbenchError(f"{where}: id {twice[0]!r} occurs more than once; ids must be unique, rename one")
    for pair in pairs:
        if pair.aligned == pair.unaligned:
            raise WorkbenchError(f"{where}: pair {pair.id!r} has the answer {pair.aligned!r} at both poles; "
                                 "expected two different answers")
    groups = {p.group for p in pairs}
    if len(groups) < 2:
        raise WorkbenchError(f"{where}: one group only ({groups.pop()!r}); splits and intervals are by group, "
                             "name at least two topics or templates")


def _check_answers(concept: Concept, where: str) -> None:
    expected = ANSWERS[concept.card.style]
    for pair in concept.pairs:
        if {pair.aligned, pair.unaligned} != set(expected):
            raise WorkbenchError(f"{where}: pair {pair.id!r} has the answers {pair.aligned!r} and {pair.unaligned!r}; "
                                 f"style {concept.card.style!r} expects {expected[0]!r} and {expected[1]!r}")
    counts = Counter(p.aligned for p in concept.pairs)
    rare = min(expected, key=lambda answer: counts[answer])
    if not counts[rare]:
        raise WorkbenchError(f"{where}: empty class: no pair has {rare.strip()!r} as its aligned answer; "
                             "add such pairs, or the answer and the concept are one")
    if counts[rare] < MINORITY * len(concept.pairs):
        raise WorkbenchError(f"{where}: imbalance: {rare.strip()!r} is the aligned answer of {counts[rare]} of "
                             f"{len(concept.pairs)} pairs; expected at least {MINORITY:.0%}, add or remove pairs")
