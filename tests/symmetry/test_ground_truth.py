"""The measure itself, on data whose truth is known: what is symmetric reads so, what was planted is found."""

import numpy as np
import pytest
import torch

from workbench.symmetry import (
    SYMMETRIC,
    Curve,
    Response,
    asymmetry,
    asymmetry_interval,
    at_zero_lean,
    bootstrap_effect,
    fieller,
    gains,
    judge,
    matched_lean,
    two_level,
)

DOSES = np.array([0.1, 0.3, 1.0, 3.0])


def response(readout, start: np.ndarray, groups=None, scale: float = 1.0) -> Response:
    """Both poles of a control that moves the hidden coordinate by ± the dose, read out as log-odds."""
    groups = tuple(groups if groups is not None else (str(i // 2) for i in range(len(start))))
    curves = {
        pole: Curve(DOSES, readout(start[:, None] + sign * scale * DOSES), {"norm": DOSES, "kl": DOSES**2 / 2})
        for pole, sign in (("aligned", 1.0), ("unaligned", -1.0))
    }
    return Response("c", "m", "value", readout(start), groups, curves)


def softplus(x):
    return np.logaddexp(0.0, x)


def test_a_linear_readout_is_symmetric_at_every_dose_and_budget():
    rng = np.random.default_rng(0)
    measured = response(lambda x: 1.7 * x - 0.4, rng.normal(1.5, 1, 20))
    for kind, levels in (("norm", (0.1, 0.2, 3.0)), ("kl", (0.005, 0.02, 4.5))):
        for level in levels:
            found = measured.gains_at(kind, level)
            assert found is not None and abs(asymmetry(*found.means())) < 1e-12
            assert asymmetry_interval(*found.by_group()).covers(0)
    verdict = judge([measured.gains_at("norm", 1.0)] * 1, None)
    assert verdict.verdict == SYMMETRIC


@pytest.mark.parametrize("dose", DOSES)
def test_a_softplus_readout_reads_its_known_index(dose):
    # at the origin A(b) = [sp(b) + sp(−b) − 2 sp(0)]/[sp(b) − sp(−b)] = 2 ln cosh(b/2)/b
    found = response(softplus, np.zeros(8)).gains_at("norm", float(dose))
    assert found is not None
    assert float(asymmetry(*found.means())) == pytest.approx(2 * np.log(np.cosh(dose / 2)) / dose, rel=1e-9)


def planted(
    rng: np.random.Generator, runs: int, concepts: int = 12, kept: float = 0.4
) -> tuple[np.ndarray, np.ndarray]:
    """Gains [run concept]: the unaligned arm keeps a share of the aligned one's; concepts differ, arms go together."""
    strength = rng.gamma(8, 1 / 8, size=(runs, concepts))
    noise = rng.normal(0, 0.25, size=(2, runs, concepts))
    return 2 * strength + noise[0], 2 * kept * strength + noise[1]


def test_sixty_percent_suppression_of_one_side_reads_within_its_interval():
    truth = 0.6 / 1.4
    low, high = fieller(*planted(np.random.default_rng(1), 1000))
    assert 0.92 <= np.mean((low <= truth) & (truth <= high)) <= 0.98
    assert np.mean(low > 0) > 0.99


def test_log_odds_tell_what_probabilities_hide():
    rng = np.random.default_rng(2)
    base = rng.normal(2, 1, 4000)
    probability = lambda y: 1 / (1 + np.exp(-y))  # noqa: E731
    even = gains(base, base + 2, base - 2, map(str, range(4000)))
    assert abs(asymmetry(*even.means())) < 1e-12
    wrong = asymmetry(
        np.mean(probability(base + 2) - probability(base)), np.mean(probability(base) - probability(base - 2))
    )
    assert wrong < -0.3


def test_a_planted_suppression_of_one_side_vanishes_in_probabilities():
    """The unaligned arm does 40 % of the other: plain in log-odds, called symmetric in probabilities at lean +2."""
    rng, parts = np.random.default_rng(9), ([], [])
    for concept in range(12):
        base, strength = rng.normal(2, 0.8, 40), 2 * rng.gamma(40, 1 / 40)
        readings = np.stack([base, base + strength, base - 0.4 * strength]) + rng.normal(0, 0.1, (3, 40))
        for found, y in zip(parts, (readings, 1 / (1 + np.exp(-readings))), strict=True):
            found.append(gains(*y, [str(i // 4) for i in range(40)], str(concept)))
    odds, share = (judge(found, 0.2) for found in parts)
    assert odds.verdict == "asymmetric" and odds.wide.low <= 0.6 / 1.4 <= odds.wide.high and odds.wide.low > 0.35
    assert share.verdict == SYMMETRIC and abs(share.wide.estimate) < 0.05 and share.wide.covers(0)


def test_swapping_the_poles_flips_the_sign_exactly():
    rng = np.random.default_rng(3)
    measured = response(lambda x: softplus(x) + 0.1 * x**2, rng.normal(0.7, 1, 24))
    for level in (0.1, 0.77, 3.0):
        one, other = measured.gains_at("norm", level), measured.swapped().gains_at("norm", level)
        a, b = asymmetry_interval(*one.by_group()), asymmetry_interval(*other.by_group())
        assert (a.estimate, a.low, a.high) == (-b.estimate, -b.high, -b.low)
        assert judge([one], 0.1).p == judge([other], 0.1).p and judge([one], 0.1).verdict == judge([other], 0.1).verdict


@pytest.mark.parametrize("units", [6, 12, 24])
def test_under_permuted_poles_the_interval_covers_zero_at_its_rate(units):
    rng = np.random.default_rng(4)
    plus, minus = planted(rng, 1000, units)
    flip = rng.random(plus.shape) < 0.5
    low, high = fieller(np.where(flip, minus, plus), np.where(flip, plus, minus))
    assert 0.92 <= np.mean((low <= 0) & (high >= 0)) <= 0.98


def test_the_two_level_bootstrap_covers_the_difference_of_permuted_poles():
    rng = np.random.default_rng(5)
    hits = 0
    for run in range(300):
        strength = rng.gamma(8, 1 / 8, size=(16, 1, 1)) + rng.normal(0, 0.4, size=(16, 5, 2))
        drawn = two_level(list(strength), draws=400, seed=run)
        difference = drawn[:, 0] - drawn[:, 1]
        estimate = float((strength[..., 0] - strength[..., 1]).mean())
        hits += bootstrap_effect(estimate, difference, 16).covers(0)
    # conservative: the noise of the groups counts once more where groups are drawn again
    assert 0.92 <= hits / 300 <= 1.0


def leaning(rng: np.random.Generator, concepts: int, pull: float, noise: float = 0.4):
    """Gains [concept] and two independent readings of the lean; ``pull`` is how far a lean makes gains uneven.

    Leans of 2 ± 1.5 with item noise of 20 % of the lean; y(0) inside the gains has its own noise.
    """
    lean = rng.normal(2, 1.5, concepts)
    zero = rng.normal(0, noise, concepts)
    plus = 3 - pull * lean / 2 + rng.normal(0, noise, concepts) - zero
    minus = 3 + pull * lean / 2 + rng.normal(0, noise, concepts) + zero
    return plus, minus, lean + rng.normal(0, noise, concepts), lean + rng.normal(0, noise, concepts), lean + zero


@pytest.mark.parametrize("pull", [0.0, 0.8])
def test_the_lean_correction_makes_no_asymmetry(pull):
    rng, hits, defined = np.random.default_rng(6), 0, 0
    for _ in range(400):
        plus, minus, lean, second, _ = leaning(rng, 20, pull)
        fit = at_zero_lean(plus, minus, lean, second)
        if np.isfinite(fit.difference.low):
            defined += 1
            hits += fit.difference.covers(0)
    assert defined > 300 and 0.92 <= hits / defined <= 0.98


def test_a_lean_with_the_same_zero_would_make_one():
    rng, shared, apart = np.random.default_rng(7), [], []
    for _ in range(200):
        plus, minus, lean, _, same = leaning(rng, 40, 0.0, noise=0.8)
        shared.append(at_zero_lean(plus, minus, same).difference.estimate)
        apart.append(at_zero_lean(plus, minus, lean).difference.estimate)
    assert np.nanmean(shared) > 0.5 and abs(np.nanmean(apart)) < 0.15


def test_leaning_twins_have_opposite_raw_signs_and_the_same_corrected_value():
    rng, corrected = np.random.default_rng(8), []
    for sign in (1, -1):
        start = sign * (1.2 + 0.9 * rng.standard_normal(30))
        # a saturating readout: pushing further in the direction of the lean does less
        parts = [response(lambda x: 6 * np.tanh(x / 3), np.full(4, x)).gains_at("norm", 3.0) for x in start]
        plus, minus = np.array([part.means() for part in parts]).T
        raw = asymmetry_interval(plus, minus)
        assert raw.high * sign < 0 if sign > 0 else raw.low > 0
        lean = 6 * np.tanh(start / 3)
        corrected.append(at_zero_lean(plus, minus, lean + rng.normal(0, 0.2, 30)).index)
    assert all(abs(c.estimate) < 0.12 for c in corrected)


def test_no_correction_beyond_the_leans_that_were_seen():
    ones = np.ones(6)
    fit = at_zero_lean(ones, ones, np.linspace(1, 3, 6))
    assert fit.difference.low == -np.inf and "zero is outside the leans" in fit.difference.method
    assert matched_lean([2.0, -2.05, 0.01, 3.0, 1.0], caliper=0.2) == [0, 1, 2]


def test_any_smooth_network_is_symmetric_at_small_dose():
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(16, 64), torch.nn.GELU(), torch.nn.Linear(64, 64), torch.nn.GELU(), torch.nn.Linear(64, 1)
    ).double()
    h, v = torch.randn(16).double(), torch.randn(16).double()

    def index(dose: float) -> float:
        with torch.no_grad():
            y = [float(net(h + k * dose * v)) for k in (-1, 0, 1)]
        return abs(float(asymmetry(y[2] - y[1], y[1] - y[0])))

    # A(b) = O(b): a tenth of the dose, a tenth of the index
    assert index(0.01) / index(0.1) == pytest.approx(0.1, rel=0.2)
    assert index(0.001) / index(0.01) == pytest.approx(0.1, rel=0.02)
    assert index(0.001) < 0.01


def test_a_kink_at_the_operating_point_stays_uneven_however_small_the_dose():
    hinge = response(lambda x: np.maximum(x, 0.3 * x), np.zeros(6))
    small, large = (asymmetry(*hinge.gains_at("norm", level).means()) for level in (0.1, 3.0))
    assert small == pytest.approx(large) == pytest.approx(0.7 / 1.3)


def test_the_index_at_zero_lean_knows_that_its_total_is_estimated():
    """Planted slopes give A = 1/3 at zero lean; the interval covers it, and 0 exactly where the difference does."""
    rng, hits, same, runs = np.random.default_rng(5), 0, 0, 300
    for _ in range(runs):
        lean = rng.normal(0, 1, 14)
        size = rng.normal(1.0, 0.35, 14)  # how strongly a concept is controlled at all
        tilt = 0.3 * lean
        plus, minus = 2 * size + tilt + rng.normal(0, 0.2, 14), size - tilt + rng.normal(0, 0.2, 14)
        fit = at_zero_lean(plus, minus, lean)
        hits += fit.index.covers(1 / 3)
        same += fit.index.covers(0) == fit.difference.covers(0)
    assert 0.92 <= hits / runs <= 0.98 and same == runs
