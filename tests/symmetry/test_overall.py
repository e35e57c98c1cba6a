"""One verdict over methods: exists for asymmetric, all for symmetric, and no control speaks for neither."""

import pytest

from workbench.symmetry import ASYMMETRIC, SYMMETRIC, UNDETERMINED, overall
from workbench.symmetry.index import BACKWARDS, NO_CONTROL

S, U, NONE = (SYMMETRIC, 0.01, ""), (UNDETERMINED, 0.3, ""), (UNDETERMINED, float("nan"), NO_CONTROL)
UP, DOWN = (ASYMMETRIC, 0.6, ""), (ASYMMETRIC, -0.6, "")


@pytest.mark.parametrize(
    ("methods", "verdict"),
    [
        ({"a": S, "b": S}, SYMMETRIC),
        ({"a": S, "b": NONE}, SYMMETRIC),
        ({"a": S, "b": U}, UNDETERMINED),
        ({"a": S, "b": (UNDETERMINED, -0.2, BACKWARDS)}, UNDETERMINED),  # it moves the model: it would have to pass
        ({"a": NONE}, UNDETERMINED),
        ({}, UNDETERMINED),
        ({"a": S, "b": UP}, ASYMMETRIC),
        ({"a": UP, "b": DOWN}, ASYMMETRIC),
    ],
)
def test_one_method_is_enough_for_asymmetric_and_all_are_needed_for_symmetric(methods, verdict):
    assert overall(methods)[0] == verdict


def test_the_reason_names_methods_and_poles():
    assert overall({"a": UP, "b": DOWN, "c": S, "d": NONE})[1] == (
        "easier toward the aligned pole through a, easier toward the unaligned pole through b; symmetric through c; "
        "no control by d"
    )
    assert overall({"a": S, "b": NONE})[1] == "symmetric through a; no control by b"
    assert overall({name: U for name in "abcde"})[1] == "not to be told for 5 methods"
    assert overall({})[1] == "no method could be judged"
