"""One verdict over methods: any for asymmetric, all for symmetric, less what was shown to do nothing."""

import numpy as np
import pytest

from workbench.symmetry import ASYMMETRIC, SYMMETRIC, UNDETERMINED, Gains, MethodVerdict, judge, overall
from workbench.symmetry.index import BACKWARDS, NO_CONTROL, SAME_WAY
from workbench.types import Effect

NAN = float("nan")
BIG, SMALL, WIDE = Effect(2.0, 1.5, 2.5), Effect(0.02, -0.05, 0.09), Effect(3.0, -0.5, 6.5)
WRONG, NULL = Effect(-1.5, -2.0, -1.0), Effect(0.0, -0.1, 0.1)
S = MethodVerdict("s", SYMMETRIC, 0.01, "", (BIG, BIG))
U = MethodVerdict("u", UNDETERMINED, 0.3, "", (BIG, BIG))
UP, DOWN = (MethodVerdict(name, ASYMMETRIC, a, "", (BIG, BIG)) for name, a in (("up", 0.6), ("down", -0.6)))
IDLE = MethodVerdict("idle", UNDETERMINED, NAN, NO_CONTROL, (SMALL, SMALL))
UNSURE = MethodVerdict("unsure", UNDETERMINED, NAN, NO_CONTROL, (WIDE, WIDE))


@pytest.mark.parametrize(
    ("methods", "verdict"),
    [
        ([S, S], SYMMETRIC),
        ([S, IDLE], SYMMETRIC),
        ([S, U], UNDETERMINED),
        ([S, UNSURE], UNDETERMINED),  # not told from 0 is not the same as small
        ([S, MethodVerdict("failed")], UNDETERMINED),  # neither is not having been measured
        ([S, MethodVerdict("back", UNDETERMINED, -0.2, BACKWARDS, (WRONG, WRONG))], UNDETERMINED),
        ([IDLE], UNDETERMINED),
        ([], UNDETERMINED),
        ([S, UP], ASYMMETRIC),
        ([UP, DOWN], ASYMMETRIC),
        # one pole answers and the other does not; and one that moves the model, but away from what was asked for
        ([S, MethodVerdict("one", ASYMMETRIC, 1.0, SAME_WAY, (BIG, NULL))], ASYMMETRIC),
        ([S, MethodVerdict("wrong", ASYMMETRIC, 1.0, SAME_WAY, (NULL, WRONG))], UNDETERMINED),
    ],
)
def test_one_method_is_enough_for_asymmetric_and_all_are_needed_for_symmetric(methods, verdict):
    assert overall(methods)[0] == verdict


def test_the_reason_names_methods_and_poles():
    assert overall([UP, DOWN, S, IDLE])[1] == (
        "easier toward the aligned pole through up, easier toward the unaligned pole through down; "
        "symmetric through s; next to no control by idle"
    )
    assert overall([S, UNSURE])[1] == "symmetric through s; not to be told for unsure"
    assert overall([MethodVerdict(name) for name in "abcde"])[1] == "not to be told for 5 methods"
    assert overall([])[1] == "no method could be judged"


def test_what_works_backwards_gets_no_verdict_and_what_answers_on_one_side_does():
    random = np.random.default_rng(0)

    def judged(plus, minus):
        groups = tuple("abcdefgh")
        parts = [Gains(plus + random.normal(0, 0.01, 8), minus + random.normal(0, 0.01, 8), groups) for _ in range(8)]
        return judge(parts, 0.1)

    back, other = judged(-1.0, -1.0), judged(0.1, -1.0)
    assert (back.verdict, back.reason) == (UNDETERMINED, BACKWARDS)
    assert (other.verdict, other.reason) == (UNDETERMINED, SAME_WAY)
    one_sided = judged(1.0, -0.02)
    assert one_sided.verdict == ASYMMETRIC and SAME_WAY in one_sided.reason
