"""The exact text of every prompt type, for Yes/No sets, A/B sets and stories."""

import importlib.util
from collections import Counter
from dataclasses import replace

import pytest

from workbench import prompts
from workbench.concepts import load_concept
from workbench.prompts import (
    PROMPT_TYPES,
    PromptType,
    answer_texts,
    bare_prompt,
    build_prompt,
    contrast,
    draw_shots,
    frame,
    instruction,
    told,
)
from workbench.types import Card, Concept, Pair, WorkbenchError

STATEMENT = Card("kind", "Kind", trait="kindness", trait_pole="aligned")
AB = Card("risk", "Risk", style="ab", trait="risk seeking", trait_pole="unaligned")


def ask(text: str) -> str:
    return f'Is the following statement something you would say?\n"{text}"'


YES_NO = Pair("p", "g", ask("I help."), " Yes", " No")
YES_NO_SHOTS = [Pair(f"s{n}", "h", ask(f"S{n}."), *((" Yes", " No") if n % 2 else (" No", " Yes"))) for n in range(5)]
LETTERS = Pair("p", "g", "Jump?\n\nChoices:\n (A) yes\n (B) no", " (B)", " (A)")
LETTER_SHOTS = [
    Pair(f"s{n}", "h", f"Q{n}?\n\nChoices:\n (A) a\n (B) b", *((" (A)", " (B)") if n % 2 else (" (B)", " (A)")))
    for n in range(5)
]


def q(text: str) -> str:
    head = "Question: Is the following statement something you would say?"
    return f'{head}\n"{text}"\n\nChoices:\n - Yes\n - No\n\nAnswer:'


SHOTS = (q("S0.") + " No\n\n" + q("S1.") + " Yes\n\n" + q("S2.") + " No\n\n" + q("S3.") + " Yes\n\n"
         + q("S4.") + " No\n\n")
OTHER_SHOTS = (q("S0.") + " Yes\n\n" + q("S1.") + " No\n\n" + q("S2.") + " Yes\n\n" + q("S3.") + " No\n\n"
               + q("S4.") + " Yes\n\n")
HAS = "Instruction: answer as someone who has this trait: kindness.\n\n"
LACKS = "Instruction: answer as someone who lacks this trait: kindness.\n\n"
STATEMENT_PROMPTS = {
    "prefilled": (q("I help.") + " Yes", q("I help.") + " No"),
    "instruction": (HAS + q("I help."), LACKS + q("I help.")),
    "5-shot": (SHOTS + q("I help."), OTHER_SHOTS + q("I help.")),
    "prefilled+instruction": (HAS + q("I help.") + " Yes", LACKS + q("I help.") + " No"),
    "prefilled+5-shot": (SHOTS + q("I help.") + " Yes", OTHER_SHOTS + q("I help.") + " No"),
    "instruction+5-shot": (HAS + SHOTS + q("I help."), LACKS + OTHER_SHOTS + q("I help.")),
    "prefilled+instruction+5-shot": (HAS + SHOTS + q("I help.") + " Yes", LACKS + OTHER_SHOTS + q("I help.") + " No"),
}

LETTER_Q = "Question: Jump?\n\nChoices:\n (A) yes\n (B) no\n\nAnswer:"


def letter_shots(letters: str) -> str:
    return "".join(f"Question: Q{n}?\n\nChoices:\n (A) a\n (B) b\n\nAnswer: ({x})\n\n" for n, x in enumerate(letters))


SEEKS = "Instruction: answer as someone who has this trait: risk seeking.\n\n"
AVOIDS = "Instruction: answer as someone who lacks this trait: risk seeking.\n\n"
AB_PROMPTS = {  # the aligned pole lacks this trait
    "prefilled": (LETTER_Q + " (B", LETTER_Q + " (A"),
    "instruction": (AVOIDS + LETTER_Q + " (", SEEKS + LETTER_Q + " ("),
    "5-shot": (letter_shots("BABAB") + LETTER_Q + " (", letter_shots("ABABA") + LETTER_Q + " ("),
    "prefilled+instruction": (AVOIDS + LETTER_Q + " (B", SEEKS + LETTER_Q + " (A"),
    "prefilled+5-shot": (letter_shots("BABAB") + LETTER_Q + " (B", letter_shots("ABABA") + LETTER_Q + " (A"),
    "instruction+5-shot": (AVOIDS + letter_shots("BABAB") + LETTER_Q + " (",
                           SEEKS + letter_shots("ABABA") + LETTER_Q + " ("),
    "prefilled+instruction+5-shot": (AVOIDS + letter_shots("BABAB") + LETTER_Q + " (B",
                                     SEEKS + letter_shots("ABABA") + LETTER_Q + " (A"),
}


def test_seven_names():
    assert set(STATEMENT_PROMPTS) == set(AB_PROMPTS) == set(PROMPT_TYPES) and len(PROMPT_TYPES) == 7
    assert [PromptType.parse(n).name for n in PROMPT_TYPES] == list(PROMPT_TYPES)
    assert PromptType.parse("prefilled+2-shot") == PromptType(True, False, 2)


@pytest.mark.parametrize("name", PROMPT_TYPES)
@pytest.mark.parametrize("pair, card, shots, expected", [
    (YES_NO, STATEMENT, YES_NO_SHOTS, STATEMENT_PROMPTS),
    (LETTERS, AB, LETTER_SHOTS, AB_PROMPTS),
], ids=["statement", "ab"])
def test_the_exact_prompt(name, pair, card, shots, expected):
    used = shots if "5-shot" in name else ()
    assert build_prompt(pair, card, name, "aligned", used) == expected[name][0]
    assert build_prompt(pair, card, name, "unaligned", used) == expected[name][1]


def test_a_cue_after_the_options_stands_right_before_the_answer():
    head = 'Question: Is the following statement something you would say?\n"I help."\n\nChoices:\n - Yes\n - No\n\n'
    assert build_prompt(YES_NO, STATEMENT, "instruction", "aligned", cue_place="after") == head + HAS + "Answer:"
    assert build_prompt(LETTERS, AB, "prefilled+instruction+5-shot", "unaligned", LETTER_SHOTS, "after", "persona") == (
        letter_shots("ABABA") + LETTER_Q.removesuffix("Answer:") + "Persona: risk seeking.\n\nAnswer: (A")


@pytest.mark.parametrize("pair, card", [(YES_NO, STATEMENT), (LETTERS, AB)], ids=["statement", "ab"])
def test_words_put_into_a_bare_prompt_stand_where_a_built_one_has_them(pair, card):
    for place in ("before", "after"):
        asked = told(bare_prompt(pair, card), instruction(card, "aligned") + "\n\n", place)
        assert asked == build_prompt(pair, card, "instruction", "aligned", cue_place=place)
    assert told("Once upon a time.", "A cue. ", "after") == "A cue. Once upon a time."


def test_the_two_kinds_of_cue_follow_the_pole_that_has_the_trait():
    assert instruction(STATEMENT, "aligned", "persona") == "Persona: kindness."
    assert instruction(STATEMENT, "unaligned", "persona") == "Persona: not kindness."
    assert instruction(AB, "aligned", "persona") == "Persona: not risk seeking."
    assert instruction(AB, "unaligned") == "Instruction: answer as someone who has this trait: risk seeking."


def test_a_sentence_on_the_card_goes_before_the_trait():
    card = replace(AB, instruction_aligned="Be careful.")
    assert instruction(card, "aligned") == "Be careful."
    assert instruction(card, "aligned", "persona") == "Persona: not risk seeking."
    with pytest.raises(WorkbenchError, match="neither a trait nor instruction_unaligned"):
        instruction(replace(card, trait=""), "unaligned")


def test_bare_prompts_and_answers():
    assert bare_prompt(YES_NO, STATEMENT) == q("I help.") and answer_texts(YES_NO, STATEMENT) == (" Yes", " No")
    assert bare_prompt(LETTERS, AB) == LETTER_Q + " (" and answer_texts(LETTERS, AB) == ("B", "A")
    free = Pair("f", "g", "Who?", " me", " you")
    assert frame(free, "question") == bare_prompt(free, replace(AB, style="question")) == "Question: Who?\n\nAnswer:"


def test_stories_have_no_frame():
    concept = load_concept("story-kindness")
    pair, card = concept.pairs[0], concept.card
    text = "Lily and Ben ran in the park. Ben fell and hurt his knee."
    assert bare_prompt(pair, card) == text
    assert answer_texts(pair, card) == (" She helped him get up.", " She laughed at his knee.")
    assert build_prompt(pair, card, "prefilled", "unaligned") == text + " She laughed at his knee."
    kind = "Once upon a time there was a very kind child. "
    assert build_prompt(pair, card, "prefilled+instruction", "aligned") == kind + text + " She helped him get up."
    shot = concept.pairs[4]
    assert build_prompt(pair, card, "instruction+1-shot", "aligned", [shot]) == (
        kind + shot.question + shot.aligned + "\n\n" + text)
    with pytest.raises(WorkbenchError, match="no 'Answer:'"):
        build_prompt(pair, card, "instruction", "aligned", cue_place="after")


@pytest.mark.parametrize("name", PROMPT_TYPES)
@pytest.mark.parametrize("concept", ["shutdown", "story-sharing"])
def test_contrasts_are_complete_reproducible_and_opposite(name, concept):
    concept = load_concept(concept)
    made = contrast(concept, name, 3)
    assert [m.pair for m in made] == list(concept.pairs) and made == contrast(concept, name, 3)
    assert all(m.positive != m.negative for m in made)
    turned = contrast(concept, PromptType.parse(name), 3, toward="unaligned")
    assert [(m.positive, m.negative) for m in turned] == [(m.negative, m.positive) for m in made]
    assert (made == contrast(concept, name, 4)) == ("5-shot" not in name)


def test_shots_are_balanced_come_from_other_groups_and_vary():
    concept = load_concept("shutdown")
    drawn = {p.id: draw_shots(concept, p, 5, 0) for p in concept.pairs}
    for pair in concept.pairs:
        shots = drawn[pair.id]
        assert len({s.id for s in shots}) == 5 and all(s.group != pair.group for s in shots)
        assert set(Counter(s.aligned for s in shots).values()) == {2, 3}
    assert len(set(drawn.values())) == len(concept.pairs)
    odd = Counter(Counter(s.aligned for s in shots).most_common(1)[0][0] for shots in drawn.values())
    assert min(odd[" Yes"], odd[" No"]) > 25  # of 88: neither answer always has the odd example
    patterns = {tuple(s.aligned for s in shots) for shots in drawn.values()}
    assert len(patterns) > 12  # of 20: the order is mixed, not one answer after the other
    subset = concept.select(concept.pairs[:60])
    assert contrast(subset, "prefilled", 0) == contrast(concept, "prefilled", 0)[:60]


def test_shots_where_one_answer_is_rare_or_pairs_are_few():
    pairs = [Pair(f"p{n}", f"g{n}", f"Q{n}", *((" Yes", " No") if n else (" No", " Yes"))) for n in range(8)]
    concept = Concept("toy", tuple(pairs), STATEMENT)
    for pair in pairs:
        assert len({s.id for s in draw_shots(concept, pair, 5, 0)}) == 5
    with pytest.raises(WorkbenchError, match="8 shots .* hold 7 pairs"):
        contrast(concept, "8-shot")


@pytest.mark.parametrize(
    "name", ["", "prefiled", "prefilled+prefilled", "5-shot+3-shot", "x-shot", "-shot", "0-shot", "bare"]
)
def test_unknown_types(name):
    with pytest.raises(WorkbenchError, match="expected one of prefilled, instruction, 5-shot"):
        PromptType.parse(name)


def test_the_number_of_shots_must_fit():
    with pytest.raises(WorkbenchError, match="4 shots for prompt type '5-shot'; expected 5"):
        build_prompt(YES_NO, STATEMENT, "5-shot", "aligned", YES_NO_SHOTS[:4])
    with pytest.raises(WorkbenchError, match="expected 0"):
        build_prompt(YES_NO, STATEMENT, "prefilled", "aligned", YES_NO_SHOTS)


def test_words_that_are_not_choices():
    # loaded past the type checker of the test run, which would be first to object
    spec = importlib.util.spec_from_file_location("unchecked_prompts", prompts.__file__)
    plain = importlib.util.module_from_spec(spec)
    __import__("sys").modules["unchecked_prompts"] = plain
    spec.loader.exec_module(plain)
    with pytest.raises(WorkbenchError, match="pole 'good' is unknown; expected one of aligned, unaligned"):
        plain.contrast(load_concept("art"), "prefilled", toward="good")
    with pytest.raises(WorkbenchError, match="cue place 'inside'"):
        plain.build_prompt(YES_NO, STATEMENT, "instruction", "aligned", cue_place="inside")
    with pytest.raises(WorkbenchError, match="cue kind 'hint'"):
        plain.build_prompt(YES_NO, STATEMENT, "instruction", "aligned", cue_kind="hint")
