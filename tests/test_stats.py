"""Statistics against independent implementations, exact values and simulated coverage."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from workbench.stats import (
    bootstrap_groups,
    clopper_pearson,
    holm,
    jackknife_interval,
    partial_spearman,
    proportion,
    rank_correlation,
    rank_draws,
    share_interval,
    sign_flip_p,
    spearman,
    t_interval,
    tost,
    undetermined,
    within,
)
from workbench.types import WorkbenchError


def test_t_interval_equals_scipy():
    values = np.random.default_rng(0).normal(2, 3, 17)
    effect = t_interval(values, level=0.9, unit="nats")
    expected = scipy_stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert (effect.low, effect.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert (effect.estimate, effect.n, effect.n_groups, effect.unit) == (pytest.approx(values.mean()), 17, 17, "nats")


def test_t_interval_counts_every_group_once():
    effect = t_interval([0, 0, 0, 0, 0, 0, 3, 6], groups=["a"] * 6 + ["b", "c"])
    assert effect.estimate == pytest.approx(3.0)
    assert effect.n_groups == 3 and effect.n == 8
    assert effect.high == pytest.approx(t_interval([0, 3, 6]).high)


@pytest.mark.parametrize("n_groups", [4, 12])
def test_t_interval_over_groups_covers_where_rows_do_not(n_groups):
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(n_groups), 8)
    by_group, by_row = 0, 0
    for _ in range(800):
        values = 1.0 + np.repeat(rng.normal(size=n_groups), 8) + 0.5 * rng.normal(size=len(groups))
        by_group += t_interval(values, groups=groups).covers(1.0)
        by_row += t_interval(values).covers(1.0)
    assert 0.92 <= by_group / 800 <= 0.98
    assert by_row / 800 < 0.75


def test_too_little_to_go_on_covers_everything_and_says_why():
    for effect in (t_interval([1.0]), t_interval([1.0, 2.0], groups=["a", "a"]), proportion([1, 0], ["a", "a"]),
                   bootstrap_groups(np.mean, [np.ones(3)], ["a"] * 3), spearman([1, 2, 3], [1, 2, 3]),
                   spearman([1, 1, 1, 1, 1], [1, 2, 3, 4, 5]), clopper_pearson(0, 0)):  # fmt: skip
        assert effect.low == -np.inf and effect.high == np.inf
        assert effect.method.startswith("undetermined: ")
    assert undetermined(2.0, "no reason").covers(1e9)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: t_interval([1.0, np.nan]), "1 of 2 values are not finite"),
        (lambda: t_interval([]), "expected one non-empty row"),
        (lambda: t_interval([1.0, 2.0], groups=["a"]), "one group name per row"),
        (lambda: t_interval([1.0, 2.0], level=95.0), "share between 0 and 1"),
        (lambda: clopper_pearson(3, 2), "0 <= k <= n"),
        (lambda: proportion([0.2, 0.7], ["a", "b"]), "other than 0 and 1"),
        (lambda: share_interval(1.2, 5.0), "between 0 and 1"),
        (lambda: holm([0.1, 1.2]), "between 0 and 1"),
        (lambda: tost([1.0, 2.0], 0.0), "positive number"),
        (lambda: spearman([1, 2, 3], [1, 2]), "expected one length"),
        (lambda: bootstrap_groups(np.mean, [np.ones(3), np.ones(2)], None), "arrays of one length"),
    ],
)
def test_errors_say_in_one_line_what_was_expected(call, words):
    with pytest.raises(WorkbenchError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_clopper_pearson_bounds_of_the_certificate():
    for n, bound in ((59, 0.05), (299, 0.01), (2995, 0.001)):
        assert clopper_pearson(0, n).high == pytest.approx(bound, rel=0.02)
        assert clopper_pearson(0, n).high <= bound
    assert clopper_pearson(0, 59).low == 0.0 and clopper_pearson(59, 59).low == pytest.approx(0.95, abs=1e-3)
    assert clopper_pearson(59, 59).high == 1.0


def test_clopper_pearson_two_sided_equals_scipy():
    effect = clopper_pearson(7, 40, two_sided=True)
    expected = scipy_stats.binomtest(7, 40).proportion_ci(0.95, method="exact")
    assert (effect.low, effect.high) == pytest.approx((expected.low, expected.high), abs=1e-10)


def test_proportion_respects_groups():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(20), 10)
    grouped, rows = 0, 0
    for _ in range(500):
        flags = rng.random(200) < np.repeat(rng.beta(1, 2, 20), 10)
        grouped += proportion(flags, groups).covers(1 / 3)
        rows += proportion(flags).covers(1 / 3)
    assert 0.92 <= grouped / 500 <= 0.99
    assert rows / 500 < 0.85
    never = proportion(np.zeros(200), groups)
    assert never.high == pytest.approx(1 - 0.025 ** (1 / 20))
    exact, same = clopper_pearson(3, 10, two_sided=True), share_interval(0.3, 10.0)
    assert (same.low, same.high) == pytest.approx((exact.low, exact.high))


def test_bootstrap_of_groups_covers_and_is_deterministic():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(8), 4)
    covered = 0
    for seed in range(100):
        values = np.repeat(rng.normal(size=8), 4)
        covered += bootstrap_groups(np.mean, [values], groups, draws=200, seed=seed).covers(0.0)
    assert covered >= 88
    again = [bootstrap_groups(np.mean, [values], groups, draws=300, seed=5) for _ in range(2)]
    assert again[0] == again[1] and again[0].low < again[0].estimate < again[0].high
    assert again[0].n_groups == 8


def test_bootstrap_takes_frames_and_keeps_rows_of_a_group_together():
    frame = pd.DataFrame({"x": [1.0, 1.0, 2.0, 2.0, 5.0, 5.0], "g": list("aabbcc")})
    seen = []

    def total(part: pd.DataFrame) -> float:
        seen.append(part["g"].value_counts().to_numpy() % 2)
        return float(part["x"].mean())

    effect = bootstrap_groups(total, frame, frame["g"], draws=50)
    assert effect.estimate == pytest.approx(16 / 6)
    assert all((counts == 0).all() for counts in seen)


def test_bootstrap_counts_draws_without_a_number():
    values = np.array([0.0, 1, 2, 3, 4, 5, 6, 7])
    effect = bootstrap_groups(lambda v: np.nan if (v == 0).sum() > 2 else v.mean(), [values], None, draws=400)
    assert "draws not defined" in effect.method and np.isfinite(effect.low)
    lost = bootstrap_groups(lambda v: 1.0 if len(np.unique(v)) == 8 else np.nan, [values], None, draws=100)
    assert lost.high == np.inf


def test_spearman_equals_scipy_with_ties():
    rng = np.random.default_rng(4)
    x = rng.integers(0, 5, 40).astype(float)
    y = x + rng.normal(size=40).round()
    effect = spearman(x, y)
    assert effect.estimate == pytest.approx(scipy_stats.spearmanr(x, y).statistic, abs=1e-12)
    assert effect == spearman(x, y) and effect != spearman(x, y, seed=1)
    assert spearman(np.arange(100.0), np.arange(100) / 100).estimate == pytest.approx(1.0)


def test_weighted_ranks_equal_ranks_of_repeated_rows():
    from workbench.stats.correlation import partial_from, rank_covariances

    rng = np.random.default_rng(5)
    x, y = rng.integers(0, 6, 30).astype(float), rng.normal(size=30)
    weights = rng.multinomial(30, np.full(30, 1 / 30), size=4)
    drawn = partial_from(rank_covariances([x, y], weights.astype(float)), 0, 1)
    for rho, count in zip(drawn, weights, strict=True):
        repeated = scipy_stats.spearmanr(np.repeat(x, count), np.repeat(y, count))
        assert rho == pytest.approx(repeated.statistic, abs=1e-12)


@pytest.mark.parametrize("n", [12, 30])
def test_spearman_interval_covers(n):
    rng = np.random.default_rng(6)
    truth = float(6 / np.pi * np.arcsin(0.5 / 2))
    covered = 0
    for seed in range(300):
        a = rng.normal(size=n)
        covered += spearman(a, 0.5 * a + np.sqrt(0.75) * rng.normal(size=n), draws=300, seed=seed).covers(truth)
    assert 0.91 <= covered / 300 <= 0.99


def test_spearman_of_clusters_is_wider_than_of_rows():
    rng = np.random.default_rng(7)
    groups = np.repeat(np.arange(10), 20)
    x, y = np.repeat(rng.normal(size=(2, 10)), 20, axis=1) + 0.1 * rng.normal(size=(2, 200))
    clustered, rows = spearman(x, y, groups=groups), spearman(x, y)
    assert clustered.estimate == rows.estimate
    assert clustered.high - clustered.low > 2.5 * (rows.high - rows.low)


def test_partial_spearman_equals_regression_of_ranks():
    rng = np.random.default_rng(8)
    z, w = rng.normal(size=(2, 60))
    x, y = z + rng.normal(size=60), z - w + rng.normal(size=60)
    design = np.column_stack([np.ones(60), scipy_stats.rankdata(z), scipy_stats.rankdata(w)])
    ranks = [scipy_stats.rankdata(part) for part in (x, y)]
    left = [r - design @ np.linalg.lstsq(design, r, rcond=None)[0] for r in ranks]
    effect = partial_spearman(x, y, [z, w])
    assert effect.estimate == pytest.approx(np.corrcoef(*left)[0, 1], abs=1e-10)
    with_junk = partial_spearman(x, y, [z, w, np.ones(60), z])
    assert with_junk.estimate == pytest.approx(effect.estimate, abs=1e-8)


def test_many_correlations_from_one_set_of_draws():
    rng = np.random.default_rng(14)
    rows, groups = rng.normal(size=(5, 48)), np.repeat(np.arange(16), 3)
    drawn = rank_draws(list(rows), groups, draws=200, seed=3)
    assert rank_correlation(drawn, 1, 3) == spearman(rows[1], rows[3], draws=200, seed=3, groups=groups)
    alone = partial_spearman(rows[4], rows[0], rows[[2, 1]], groups, draws=200, seed=3)
    shared = rank_correlation(drawn, 4, 0, [2, 1])
    assert (shared.estimate, shared.low, shared.high) == pytest.approx(
        (alone.estimate, alone.low, alone.high), abs=1e-9
    )


def test_partial_spearman_takes_the_common_cause_away():
    rng = np.random.default_rng(9)
    z = rng.normal(size=80)
    x, y = z + 0.3 * rng.normal(size=(2, 80))
    assert spearman(x, y).low > 0.7
    assert partial_spearman(x, y, [z]).covers(0.0)
    assert not np.isfinite(partial_spearman(z, y, [z]).low)


def test_holm_equals_statsmodels():
    rng = np.random.default_rng(13)
    for m in (1, 2, 3, 8, 30):
        for p in (rng.random(m), rng.random(m) / 20, rng.integers(0, 4, m) / 60):
            assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)


def test_sign_flip_exact_and_drawn_agree():
    values = np.array([0.3, 1.2, 0.4, -0.2, 0.9, 1.1, 0.2, 0.8])
    exact = sign_flip_p(values, draws=256)
    scipy_p = scipy_stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    ).pvalue
    assert exact == pytest.approx(scipy_p, abs=1e-12)
    assert sign_flip_p(values, draws=255, seed=1) == pytest.approx(exact, abs=0.02)
    assert sign_flip_p(np.ones(40)) > 0


def test_sign_flip_rejects_at_its_level():
    rng = np.random.default_rng(10)
    rejected = np.mean([sign_flip_p(rng.standard_t(3, 12), draws=4096) < 0.05 for _ in range(400)])
    assert 0.02 <= rejected <= 0.08


def test_tost_equals_statsmodels_decision():
    rng = np.random.default_rng(11)
    for scale in (0.05, 0.3, 0.6):
        values = rng.normal(0.05, scale, 20)
        inside, effect = tost(values, 0.2)
        assert inside == bool(ttost_paired(values, np.zeros(20), -0.2, 0.2)[0] < 0.05)
        assert effect.level == 0.9
    assert not tost([0.1], 0.2)[0]


def test_jackknife_of_a_mean_is_the_t_interval():
    values = np.random.default_rng(12).normal(size=9)
    left_out = (values.sum() - values) / 8
    effect, expected = jackknife_interval(values.mean(), left_out), t_interval(values)
    assert (effect.low, effect.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert jackknife_interval(1.0, [1.0, np.nan, 1.0]).high == np.inf


def test_an_interval_ends_where_its_quantity_ends():
    wide = t_interval([0.9, 1.0, 0.7, 1.0])
    assert wide.high > 1 and within(wide, 0.0, 1.0).high == 1.0 and within(wide, 0.0, 1.0).low == wide.low
    nothing = within(t_interval([0.9]), 0.0, 1.0)
    assert np.isinf(nothing.low) and np.isinf(nothing.high)
