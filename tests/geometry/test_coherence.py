"""Coherence and discriminability: equal to the authors' released code, and recovering planted truths."""

import json

import numpy as np
import pytest

from workbench.geometry import (
    agreement,
    auc,
    coherence,
    cosine,
    d_prime,
    d_prime_along,
    difference_line,
    heldout_agreement,
    label_imbalance,
    leave_group_out_agreement,
    overlap,
    pairwise_cosine,
    sign_flip_band,
    split_d_prime,
    split_groups,
)
from workbench.types import WorkbenchError


def planted(seed=0, groups=20, size=6, width=64, gap=3.0):
    """Both poles [pair d_model] with a concept direction of length ``gap``, topic offsets, and group names."""
    rng = np.random.default_rng(seed)
    truth = np.eye(width)[3] * gap
    n = groups * size
    topic = np.repeat(rng.normal(size=(groups, width)), size, axis=0)
    positive, negative = (topic + side * truth / 2 + rng.normal(size=(n, width)) for side in (1, -1))
    return positive, negative, [f"topic-{i:02d}" for i in np.repeat(np.arange(groups), size)], truth


@pytest.mark.parametrize("name", ["separable", "weak", "anisotropic"])
def test_equals_the_published_code(shared, name):
    folder = shared / "reference" / "braun2025"
    arrays = np.load(folder / "upstream_metric_reference.npz")
    printed = json.loads((folder / "upstream_metric_reference.json").read_text())[name]
    positive, negative = arrays[f"{name}_pos"], arrays[f"{name}_neg"]
    kappa = difference_line(positive, negative)
    for ours, theirs in zip(kappa, ("kappa_pos", "kappa_neg"), strict=True):
        np.testing.assert_allclose(ours, arrays[f"{name}_{theirs}"], atol=1e-9)
    differences = positive - negative
    np.testing.assert_allclose(agreement(differences), arrays[f"{name}_cos"], atol=1e-9)
    numbers = {
        "mean_cos_to_sv": agreement(differences).mean(), "mean_pairwise_cos": pairwise_cosine(differences),
        "kappa_pos_mean": kappa[0].mean(), "kappa_neg_mean": kappa[1].mean(), "d_prime": d_prime(*kappa),
        "overlap_coef": overlap(*kappa), "roc_auc": auc(*kappa),
    }  # fmt: skip
    assert numbers == pytest.approx(printed, abs=1e-9)
    whole = coherence(positive, negative, groups=[str(i // 5) for i in range(200)])
    assert (whole.c, whole.pairwise, whole.d_prime) == pytest.approx(
        (printed["mean_cos_to_sv"], printed["mean_pairwise_cos"], printed["d_prime"]), abs=1e-9
    )
    assert (whole.overlap, whole.auc, whole.kappa_positive) == pytest.approx(
        (printed["overlap_coef"], printed["roc_auc"], 1.0), abs=1e-9
    )


def test_planted_direction_is_recovered():
    positive, negative, groups, truth = planted()
    first = split_groups(groups)
    s = (positive[first] - negative[first]).mean(0)
    assert cosine(s, truth) > 0.85
    found = coherence(positive, negative, groups)
    expected = cosine(s, truth) * 3 / np.sqrt(9 + 2 * 64)  # ‖truth‖ over the typical length of a difference
    assert found.c_heldout.estimate == pytest.approx(expected, abs=0.04)
    assert found.c_loo == pytest.approx(expected, abs=0.04)
    assert found.d_prime_split.low > 1 and found.d_prime > found.d_prime_split.estimate
    assert found.c > found.null_high and found.c_heldout.low > 0
    assert found.split_half_cos > 0.7 and found.spearman_brown > found.split_half_cos
    assert found.n_pairs == 120 and found.n_groups == 20 and found.c_heldout.n_groups == 10


def test_split_d_prime_covers_the_true_separation_along_its_direction():
    covered = 0
    for seed in range(300):
        positive, negative, groups, truth = planted(seed, groups=24, size=4, width=16)
        first = split_groups(groups, seed=seed)
        s = (positive[first] - negative[first]).mean(0)
        true_d_prime = float(truth @ s / (np.linalg.norm(s) * np.sqrt(2)))  # topic and noise each add variance 1
        covered += split_d_prime(positive, negative, groups, first).covers(true_d_prime)
    assert 0.91 <= covered / 300 <= 0.99


def test_scale_and_shift_change_nothing_but_the_norm_ratio():
    positive, negative, groups, _ = planted()
    one, other = coherence(positive, negative, groups), coherence(7 * positive + 100, 7 * negative + 100, groups)
    for name, value in one.row().items():
        if name != "norm_ratio":
            assert other.row()[name] == pytest.approx(value, abs=1e-6), name
    assert other.norm_ratio < one.norm_ratio


def test_swapping_the_poles_changes_no_figure():
    positive, negative, groups, _ = planted()
    one, other = coherence(positive, negative, groups).row(), coherence(negative, positive, groups).row()
    assert one == pytest.approx(other, abs=1e-9)


def test_in_sample_cosine_of_noise_is_one_over_root_n():
    rng = np.random.default_rng(1)
    for n in (20, 100):
        values = [agreement(rng.normal(size=(n, 512))).mean() for _ in range(20)]
        assert np.mean(values) == pytest.approx(1 / np.sqrt(n), rel=0.05)
    noise = rng.normal(size=(40, 512))
    low, high = sign_flip_band(noise)
    assert low < agreement(noise).mean() < high and low > 0.1


def test_sign_flip_band_is_the_loop_over_flips():
    differences = np.random.default_rng(2).normal(size=(12, 5))
    groups = np.repeat(np.arange(6), 2)
    signs = np.random.default_rng(9).choice((-1.0, 1.0), size=(50, 6))[:, groups]
    loop = [agreement(differences * s[:, None]).mean() for s in signs]
    band = sign_flip_band(differences, groups, draws=50, seed=9)
    assert band == pytest.approx(tuple(np.quantile(loop, (0.025, 0.975))))


def test_leaving_a_group_out_is_the_loop():
    rng = np.random.default_rng(3)
    differences, groups = rng.normal(size=(15, 4)), np.array(list("aaaabbbccccccdd"))
    loop = np.concatenate([agreement(differences[groups == g], differences[groups != g].mean(0)) for g in "abcd"])
    assert leave_group_out_agreement(differences, groups) == pytest.approx(loop.mean())


def test_pairwise_cosine_with_and_without_itself():
    differences = np.random.default_rng(4).normal(size=(7, 3))
    units = differences / np.linalg.norm(differences, axis=1, keepdims=True)
    matrix = units @ units.T
    assert pairwise_cosine(differences) == pytest.approx(matrix[~np.eye(7, dtype=bool)].mean())
    assert pairwise_cosine(differences, diagonal=True) == pytest.approx(matrix.mean())


def test_c_squared_is_p_plus_the_rest_over_n_for_equal_norms():
    rng = np.random.default_rng(5)
    differences = rng.normal(size=(30, 8)) + np.eye(8)[0]
    differences /= np.linalg.norm(differences, axis=1, keepdims=True)
    p = pairwise_cosine(differences)
    assert agreement(differences).mean() ** 2 == pytest.approx(p + (1 - p) / 30)


def test_d_prime_of_noise_grows_with_the_width_and_the_split_one_does_not():
    rng = np.random.default_rng(6)
    n, width = 40, 768
    positive, negative = rng.normal(size=(2, n, width))
    assert d_prime(*difference_line(positive, negative)) == pytest.approx(np.sqrt(2 * width / n), rel=0.15)
    groups = np.repeat(np.arange(20), 2)
    assert split_d_prime(positive, negative, groups, split_groups(groups)).covers(0.0)


def alternating(seed=0, n=80, width=64):
    """Pairs whose positive answer alternates Yes, No: the answer's direction is strong, the concept's is weak."""
    rng = np.random.default_rng(seed)
    yes = np.where(np.arange(n) % 2 == 0, 1.0, -1.0)
    answer, concept = np.eye(width)[0], np.eye(width)[1]
    shift = 4 * yes[:, None] * answer / 2 + 2.4 * concept / 2
    positive, negative = (sign * shift + rng.normal(size=(n, width)) for sign in (1, -1))
    return positive, negative, [f"p{i:02d}" for i in range(n)], np.where(yes > 0, "Yes", "No")


def test_halves_are_stratified_by_label():
    positive, negative, groups, labels = alternating()
    trap = np.arange(80) % 2 == 0
    assert label_imbalance(trap, labels) == 1
    assert split_d_prime(positive, negative, groups, trap).estimate < -1
    for seed in range(20):
        first = split_groups(groups, labels, seed)
        assert label_imbalance(first, labels) == 0 and first.sum() == 40
        assert split_d_prime(positive, negative, groups, first).low > 0
    assert coherence(positive, negative, groups, labels).d_prime_split.estimate > 1
    assert len({split_groups(groups, labels, seed).tobytes() for seed in range(20)}) > 15


def test_halves_keep_groups_whole_and_balanced_where_groups_have_one_label():
    groups = np.repeat([f"g{i}" for i in range(12)], 5)
    labels = np.repeat(["Yes", "Yes", "No", "Yes", "No", "No"] * 2, 5)
    for seed in range(10):
        first = split_groups(groups, labels, seed)
        assert all(len(set(first[groups == g])) == 1 for g in set(groups))
        assert label_imbalance(first, labels) == 0 and first.sum() == 30
    uneven = np.repeat(["big", "a", "b", "c", "d"], [20, 5, 5, 5, 5])
    assert split_groups(uneven).sum() == 20
    assert split_groups(["a"] * 9 + ["b"]).sum() in (1, 9)


def test_one_group_gives_no_heldout_figure():
    positive, negative, _, _ = planted()
    found = coherence(positive, negative, ["only"] * len(positive))
    assert found.c_heldout.low == -np.inf and found.d_prime_split.high == np.inf and np.isnan(found.c_loo)
    assert np.isfinite(found.c)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda p: coherence(p, p[:5], ["a"] * len(p)), "one shape and a group per pair"),
        (lambda p: coherence(p, p, list(range(len(p)))), "class means coincide"),
        (lambda p: coherence(p, p * np.nan, list(range(len(p)))), "not finite"),
        (lambda p: split_groups(["a", "a"]), "at least two"),
        (lambda p: split_groups(["a", "b"], ["Yes"]), "one label per pair"),
    ],
)
def test_errors_in_one_line(call, words):
    with pytest.raises(WorkbenchError, match=words) as caught:
        call(planted()[0])
    assert "\n" not in str(caught.value)


def test_row_is_flat():
    positive, negative, groups, _ = planted()
    row = coherence(positive, negative, groups).row()
    assert row["c_heldout_low"] < row["c_heldout"] < row["c_heldout_high"]
    assert all(isinstance(v, int | float) for v in row.values())


def test_overlap_and_auc_of_known_samples():
    line = np.linspace(0, 1, 1000)
    assert overlap(line, line) == pytest.approx(1.0) and overlap(line, line + 5) == 0
    assert overlap(np.ones(3), np.ones(3)) == 1.0
    assert auc(line + 2, line) == 1.0 and auc(line, line) == 0.5
    assert np.isnan(d_prime(np.ones(3), np.zeros(3)))


def test_d_prime_along_is_exact_far_from_the_origin():
    positive, negative, groups, truth = planted()
    near, far = (d_prime_along(positive + c, negative + c, truth, groups) for c in (0, 1e6))
    assert far.low == pytest.approx(near.low, abs=1e-4)
    assert near.estimate == pytest.approx(d_prime(positive @ truth, negative @ truth))


def test_heldout_agreement_uses_only_the_other_half_for_its_interval():
    positive, negative, groups, _ = planted()
    differences, first = positive - negative, split_groups(groups)
    effect = heldout_agreement(differences, groups, first)
    assert effect.n == int((~first).sum())
    changed = differences.copy()
    changed[~first] *= -1
    assert heldout_agreement(changed, groups, first).estimate == pytest.approx(-effect.estimate)
