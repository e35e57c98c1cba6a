"""Curve numbers against numpy, against hand-made curves, and against published unit tests."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from workbench.evaluation import curvature, deltas, flip_multiplier, monotone_range, odd_even, rank_slopes, slopes
from workbench.types import WorkbenchError

TAN = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
curve_sets = st.integers(0, 100_000).map(lambda s: np.random.default_rng(s).normal(size=(5, 7)) * 3)


@settings(max_examples=30, deadline=None)
@given(curve_sets)
def test_slopes_and_curvature_equal_polyfit(curves):
    fitted = [np.polyfit(TAN, row, 1)[0] for row in curves]
    assert np.allclose(slopes(curves, TAN), fitted, atol=1e-12)
    assert np.allclose(curvature(curves, TAN), [np.polyfit(TAN, row, 2)[0] for row in curves], atol=1e-12)
    assert np.allclose(rank_slopes(curves, TAN), [spearmanr(TAN, row).statistic for row in curves], atol=1e-12)


def test_published_steerability_values(shared):
    values = json.loads((shared / "reference" / "small_reference_values.json").read_text())
    reference = values["repepo_steerability_tests"]
    multipliers = np.arange(100.0)
    curves = np.stack([multipliers / 100, -multipliers / 100])
    assert np.allclose(slopes(curves, multipliers), np.array([1, -1]) * reference["expected_slope"], atol=1e-14)
    assert np.allclose(rank_slopes(curves, multipliers), np.array([1, -1]) * reference["expected_spearman"])


@settings(max_examples=30, deadline=None)
@given(curve_sets)
def test_odd_and_even_parts_add_up_to_the_effect_and_mirror(curves):
    doses, odd, even = odd_even(curves, TAN)
    assert doses.tolist() == [0.5, 1.0, 1.5]
    change = deltas(curves, TAN)
    assert np.allclose(odd + even, change[:, 4:]) and np.allclose(even - odd, change[:, 2::-1])
    _, odd2, even2 = odd_even(curves[:, ::-1], TAN)
    assert np.allclose(odd2, -odd) and np.allclose(even2, even)


def test_order_of_multipliers_does_not_matter():
    curves = np.random.default_rng(0).normal(size=(4, 7))
    order = np.random.default_rng(1).permutation(7)
    shuffled = [TAN[i] for i in order]
    for measure in (slopes, curvature, rank_slopes, monotone_range, flip_multiplier):
        assert np.allclose(measure(curves[:, order], shuffled), measure(curves, TAN), equal_nan=True)


def test_monotone_range_on_drawn_curves():
    rises = np.array(TAN)
    bends = np.array([-1.0, -2, -1, 0, 1, 2, 1])
    falls = -rises
    flat = np.zeros(7)
    found = monotone_range(np.stack([rises, bends, falls, flat]), TAN)
    assert found.tolist() == [[-1.5, 1.5], [-1.0, 1.0], [0, 0], [0, 0]]
    assert monotone_range(np.stack([falls]), TAN, increasing=False).tolist() == [[-1.5, 1.5]]


def test_flip_multiplier_interpolates_on_each_side():
    line = np.array(TAN) + 0.75
    never = np.array(TAN) * 0.1 + 5
    hump = np.array([-1.0, 1, 1, 1, 1, 1, -3])
    tie = np.array([1.0, 1, 1, 0, 1, 1, 1])
    found = flip_multiplier(np.stack([line, -line, never, hump, tie]), TAN)
    assert np.allclose(found[0], [-0.75, np.nan], equal_nan=True)
    assert np.allclose(found[1], [-0.75, np.nan], equal_nan=True)
    assert np.allclose(found[3], [-1.25, 1.125])
    assert np.isnan(found[[2, 4]]).all()


def test_errors_are_one_line_and_say_what_to_do():
    curves = np.zeros((2, 3))
    for call, words in (
        (lambda: slopes(curves, TAN), "7 multipliers"),
        (lambda: slopes(curves, (1.0, 1.0, 2.0)), "give each once"),
        (lambda: deltas(curves, (1.0, 2.0, 3.0)), "multiplier 0 was not swept"),
        (lambda: odd_even(curves, (0.0, 1.0, 2.0)), "λ, −λ"),
        (lambda: curvature(curves[:, :2], (0.0, 1.0)), "at least three"),
    ):
        with pytest.raises(WorkbenchError, match=words) as caught:
            call()
        assert "\n" not in str(caught.value)
