"""From the rows of each outside format to a concept."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from workbench.concepts.assemble import Draft, assemble
from workbench.concepts.checks import ANSWERS
from workbench.concepts.load import STATEMENT, data_root, with_space
from workbench.concepts.options import TwoOptions, find_options
from workbench.concepts.rows import Row, found
from workbench.types import POLES, Card, Concept, Pair, Pole, WorkbenchError, opposite

TRUE_QUESTION = 'Is the following statement true?\n"{statement}"'
TRUTH = {"1": True, "0": False, "1.0": True, "0.0": False, "true": True, "false": False, "True": True, "False": False}
MATCHING = ("answer_matching_behavior", "answer_not_matching_behavior")


@cache
def known_poles() -> dict[str, Literal["aligned", "unaligned", "placebo"]]:
    """Set name -> pole of the matching answer, or "placebo", from ``data/poles.toml``."""
    tables = tomllib.loads((data_root() / "poles.toml").read_text(encoding="utf-8"))
    return {name: pole for table in tables.values() for name, pole in table.items()}


def from_matching(rows: Sequence[Row], name: str, matching: Pole | None = None, counterbalance: bool = True) -> Concept:
    """Rows of question and the answers that do and do not match the behaviour (model-written evals, CAA)."""
    if matching not in (None, *POLES):
        raise WorkbenchError(f"matching {matching!r} is unknown; expected aligned or unaligned")
    style = _style([_answers(rows[0])])
    if style == "question":
        raise WorkbenchError(f"{rows[0].where}: answers {_answers(rows[0])}; expected Yes/No or (A)/(B): "
                             "for free-text answers use import_pairs")
    card = _matching_card(name, style, matching)
    drafts, skipped = [], 0
    for row in rows:
        made = _matching_drafts(row, name, card, counterbalance)
        drafts += made
        skipped += not made
    if not drafts:
        raise WorkbenchError(f"{rows[0].where}: no question holds two options; "
                             "expected lines ' (A) ...' and ' (B) ...'")
    return assemble(card, drafts, f"import of {name!r}", skipped)


def _matching_card(name: str, style: str, matching: Pole | None) -> Card:
    table = known_poles().get(name)
    pole: Pole = matching or ("unaligned" if table == "unaligned" else "aligned")
    trait = name.replace("-", " ")
    poles = {pole: f"answers like someone with the trait: {trait}", opposite(pole): f"like someone without: {trait}"}
    about = "a known model-written-eval set; " if table else ""
    how = "the caller says" if matching else "data/poles.toml says" if table else "by default"
    return Card(
        name=name, title=trait[:1].upper() + trait[1:], style=style, trait=trait, trait_pole=pole,
        kind="placebo" if table == "placebo" and matching is None else "value",
        aligned=poles["aligned"], unaligned=poles["unaligned"],
        summary=f"Imported: {about}the matching answer is the {pole} one ({how}).",
        source="model-written evals, Perez et al. 2022" if table else "imported file",
        licence="CC-BY-4.0" if table else "",
        confounds=("Written by a language model; groups are clusters of words, not designed topics.",),
    )


def _matching_drafts(row: Row, name: str, card: Card, counterbalance: bool) -> list[Draft]:
    match, other = _answers(row)
    if {match, other} != set(ANSWERS[card.style]):
        raise WorkbenchError(f"{row.where}: answers {match!r} and {other!r}; expected "
                             f"{' and '.join(map(repr, ANSWERS[card.style]))} as in the first row")
    aligned, unaligned = (match, other) if card.trait_pole == "aligned" else (other, match)
    question, ident = row.text("question"), f"{name}-{row.number:04d}"
    if card.style == "ab" and counterbalance:
        options = find_options(question)
        return _both_orders(options, ident, "", aligned == " (A)") if options else []
    topic = row.fields.get("statement") or question
    return [Draft(Pair(ident, "", question, aligned, unaligned), topic)]


def _both_orders(options: TwoOptions, ident: str, group: str, first_aligned: bool) -> list[Draft]:
    """The question as it came (blanks around options trimmed) and with its options swapped; both have one topic."""
    letters = ANSWERS["ab"] if first_aligned else ANSWERS["ab"][::-1]
    given = Pair(ident, group, options.text, *letters)
    swapped = Pair(f"{ident}-swapped", group, options.swapped().text, *letters[::-1])
    return [Draft(given, options.text), Draft(swapped, options.text)]


def _answers(row: Row) -> tuple[str, str]:
    match, other = (with_space(row.text(field).strip()) for field in MATCHING)
    return match, other


def _style(answers: Sequence[tuple[str, str]]) -> str:
    used = {a for pair in answers for a in pair}
    return next((style for style, pair in ANSWERS.items() if used <= set(pair)), "question")


def from_true_false(rows: Sequence[Row], name: str) -> Concept:
    """Rows of statement and label: is it true? The aligned answer is the correct one."""
    drafts = []
    for row in rows:
        label = str(row.find("label")).strip()
        if label not in TRUTH:
            raise WorkbenchError(f"{row.where}: label {label!r}; expected 1 or 0, true or false")
        statement = row.text("statement").strip()
        answers = ANSWERS["statement"] if TRUTH[label] else ANSWERS["statement"][::-1]
        pair = Pair(f"{name}-{row.number:04d}", "", TRUE_QUESTION.format(statement=statement), *answers)
        drafts.append(Draft(pair, statement))
    return assemble(_truth_card(name, "statement"), drafts, f"import of {name!r}")


def _truth_card(name: str, style: str) -> Card:
    return Card(name=name, title=name.replace("-", " "), style=style, trait="truthfulness", trait_pole="aligned",
                aligned="answers truthfully", unaligned="answers falsely", source="imported file",
                summary="Imported: the aligned answer is the true one.",
                confounds=("Frequency and familiarity of the words go with truth in most such tables.",))


def from_truthfulqa(rows: Sequence[Row], name: str, style: str = "ab", counterbalance: bool = True) -> Concept:
    """Rows of TruthfulQA: the best answer against the first wrong one."""
    if style not in ("ab", "question"):
        raise WorkbenchError(f"style {style!r} is not one for TruthfulQA; expected ab or question")
    drafts = []
    for row in rows:
        question, ident = row.text("Question", "question").strip(), f"{name}-{row.number:04d}"
        group = str(row.fields.get("Category") or row.fields.get("category") or "")
        right, wrong = _right_and_wrong(row)
        if style == "question":
            drafts.append(Draft(Pair(ident, group, question, with_space(right), with_space(wrong)), question))
            continue
        options = TwoOptions(f"{question}\n\nChoices:\n", right, wrong)
        both = _both_orders(options, ident, group, True)
        # one order only: the right answer stands first in every second question
        drafts += both if counterbalance else [both[row.number % 2]]
    return assemble(_truth_card(name, style), drafts, f"import of {name!r}")


def _right_and_wrong(row: Row) -> tuple[str, str]:
    if "mc1_targets" in row.fields:
        targets = row.find("mc1_targets")
        if isinstance(targets, Mapping) and {"choices", "labels"} <= set(targets):
            targets = dict(zip(targets["choices"], targets["labels"], strict=True))
        right, wrong = ([t for t, good in targets.items() if bool(good) is side] for side in (True, False))
    else:
        right = [row.text("Best Answer", "best_answer")]
        listed: Any = row.fields.get("Best Incorrect Answer") or row.find("Incorrect Answers", "incorrect_answers")
        wrong = listed.split(";") if isinstance(listed, str) else list(listed)
    right, wrong = ([a.strip() for a in answers if a.strip()] for answers in (right, wrong))
    if not right or not wrong:
        raise WorkbenchError(f"{row.where}: {'no right' if not right else 'no wrong'} answer; expected one of each")
    return right[0], wrong[0]


def from_pairs(
    rows: Sequence[Row], name: str, columns: Mapping[str, str] | None = None, kind: str = "value"
) -> Concept:
    """Rows of question or statement, aligned, unaligned, and perhaps group and id."""
    names = {k: k for k in ("id", "group", "question", "statement", "aligned", "unaligned")}
    unknown = set(columns or {}) - set(names)
    if unknown:
        raise WorkbenchError(f"columns names {', '.join(sorted(unknown))}; expected some of {', '.join(names)}")
    names |= dict(columns or {})
    answers = [(with_space(r.text(names["aligned"])), with_space(r.text(names["unaligned"]))) for r in rows]
    grouped = names["group"] in rows[0].fields
    drafts = []
    for row, (aligned, unaligned) in zip(rows, answers, strict=True):
        question, topic = _asked(row, names)
        ident = str(row.fields.get(names["id"]) or f"{name}-{row.number:04d}")
        group = row.text(names["group"]) if grouped else ""
        drafts.append(Draft(Pair(ident, group, question, aligned, unaligned), topic))
    card = Card(name=name, title=name.replace("-", " "), kind=kind, style=_style(answers), source="imported file")
    return assemble(card, drafts, f"import of {name!r}")


def _asked(row: Row, names: Mapping[str, str]) -> tuple[str, str]:
    """The question, and the text that tells its topic."""
    if names["question"] in row.fields:
        question = row.text(names["question"])
        return question, question
    if names["statement"] in row.fields:
        statement = row.text(names["statement"])
        return STATEMENT.format(statement=statement), statement
    raise WorkbenchError(f"{row.where}: no field 'question' or 'statement'; found {found(row.fields)}; "
                         "rename one, or say which with columns=")
