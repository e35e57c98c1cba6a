"""Each method finds what was planted, with the right sign and gap; nulls are matched in norm and know no label."""

import pytest
import torch
from torch.nn.functional import cosine_similarity

from workbench.directions import METHODS, find_method, fit, random_directions, shuffled_directions
from workbench.directions.methods import lda
from workbench.types import Activations, Site, WorkbenchError


def cos(a, b):
    return float(cosine_similarity(a.double(), b.double(), dim=0))


def relabelled(acts, labels):
    return Activations(acts.values, acts.mask, tuple(labels), acts.groups, acts.site, acts.source)


def test_multiplier_one_adds_the_raw_mean_difference(planted):
    acts, _ = planted()
    acts = Activations(acts.values.float(), acts.mask, acts.labels, acts.groups, acts.site)
    positive, negative = acts.values[:200, 0].double(), acts.values[200:, 0].double()
    raw = positive.mean(0) - negative.mean(0)
    direction = fit(acts)
    torch.testing.assert_close(1.0 * direction.gap * direction.vector, raw.float(), rtol=1e-6, atol=1e-7)
    assert direction.gap == pytest.approx(float(raw.norm()), rel=1e-12)
    assert float(direction.vector.double().norm()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_all_methods_agree_on_isotropic_planted_data(planted, method):
    acts, unit = planted(gap=80)
    direction = fit(acts, method)
    assert cos(direction.vector, unit) > 0.98
    assert cos(direction.vector, fit(acts).vector) > 0.98
    assert direction.gap == pytest.approx(80, rel=0.02)
    assert direction.method == method and direction.site == Site(2)


@pytest.mark.parametrize("method", METHODS)
def test_sign_is_fixed_by_the_class_means(planted, method):
    acts, unit = planted(gap=80)
    turned = fit(relabelled(acts, [-label for label in acts.labels]), method)
    assert cos(turned.vector, unit) < -0.98 and turned.gap > 0


def test_paired_pca_needs_no_centring_of_differences(planted):
    """With little spread, centring the differences would leave only noise."""
    acts, unit = planted(n=40, gap=10, spread=0.1, shared=30.0)
    assert cos(fit(acts, "paired_pca").vector, unit) > 0.999


def test_order_of_examples_does_not_matter(planted):
    acts, _ = planted()
    mixed = torch.stack([torch.arange(200), torch.arange(200) + 200], 1).flatten()
    interleaved = Activations(acts.values[mixed], acts.mask[mixed], (1, -1) * 200, acts.groups, acts.site)
    torch.testing.assert_close(fit(interleaved).vector, fit(acts).vector)


def test_actadd_uses_one_pair(planted):
    acts, _ = planted()
    for pair in (0, 17):
        expected = acts.values[pair, 0] - acts.values[200 + pair, 0]
        assert abs(cos(fit(acts, "actadd", pair=pair).vector, expected)) == pytest.approx(1, abs=1e-6)
    others = acts.values.clone()
    others[1:200], others[201:] = others[1:200] + 5 * torch.randn(199, 1, 32), others[201:] * 1.5
    changed = Activations(others, acts.mask, acts.labels, acts.groups, acts.site)
    assert abs(cos(fit(changed, "actadd").vector, fit(acts, "actadd").vector)) == pytest.approx(1, abs=1e-6)
    with pytest.raises(WorkbenchError, match="among 200 pairs"):
        fit(acts, "actadd", pair=200)


def test_lda_beats_mean_difference_under_anisotropic_noise(planted):
    spread = torch.ones(32)
    spread[:4] = 40.0
    acts, unit = planted(gap=3, spread=spread)
    by_mean, by_lda, by_logistic = (cos(fit(acts, m).vector, unit) for m in ("mean_difference", "lda", "logistic"))
    assert by_lda > 0.9 and by_lda > by_mean + 0.2
    assert by_logistic > by_mean + 0.2


def test_lda_with_fewer_examples_than_dimensions_equals_the_direct_solution(planted):
    acts, _ = planted(n=20, d=90, gap=3)
    positive, negative = acts.values[:20, 0], acts.values[20:, 0]
    found = lda(positive, negative, shrinkage=0.3)
    rows = torch.cat([positive - positive.mean(0), negative - negative.mean(0)])
    covariance = rows.T @ rows / 40
    shrunk = 0.7 * covariance + 0.3 * covariance.trace() / 90 * torch.eye(90, dtype=torch.float64)
    torch.testing.assert_close(found, torch.linalg.solve(shrunk, positive.mean(0) - negative.mean(0)))


def test_lda_fully_shrunk_is_the_mean_difference(planted):
    acts, _ = planted(gap=2)
    assert cos(fit(acts, "lda", shrinkage=1.0).vector, fit(acts).vector) == pytest.approx(1, abs=1e-9)


def norm_weighted(positive, negative):
    return (positive - negative).sum(0) * 3


def test_own_methods_by_function_and_by_name(planted):
    acts, _ = planted()
    for method in (norm_weighted, f"{__name__}:norm_weighted"):
        torch.testing.assert_close(fit(acts, method).step, fit(acts).step)
    assert find_method("workbench.directions.methods:lda") is lda


def test_pooling_over_positions(planted):
    acts, _ = planted()
    values = torch.cat([torch.zeros_like(acts.values), 3 * acts.values, acts.values], 1)
    mask = torch.tensor([False, True, True]).expand(400, 3)
    wide = Activations(values, mask, acts.labels, acts.groups, acts.site)
    assert fit(wide).gap == pytest.approx(fit(acts).gap)
    assert fit(wide, pool="mean").gap == pytest.approx(2 * fit(acts).gap)


def test_random_directions_match_gap_and_norm_and_nothing_else(planted):
    acts, _ = planted()
    real = fit(acts)
    drawn = random_directions(real, 100, seed=3)
    assert all(d.gap == real.gap and d.site == real.site for d in drawn)
    assert all(float(d.step.norm()) == pytest.approx(float(real.step.norm()), rel=1e-6) for d in drawn)
    similar = torch.tensor([cos(d.vector, real.vector) for d in drawn])
    assert abs(float(similar.mean())) < 4 / (32 * 100) ** 0.5
    assert float(similar.square().mean()) == pytest.approx(1 / 32, rel=0.5)
    again, other = random_directions(real, 2, seed=3), random_directions(real, 2, seed=4)
    assert torch.equal(again[1].vector, drawn[1].vector) and not torch.equal(other[1].vector, drawn[1].vector)


def test_shuffled_labels_flip_within_pairs(planted):
    """What pair members share must still cancel: with labels shuffled across pairs it would dominate."""
    acts, unit = planted(gap=8, shared=1000.0)
    real = fit(acts)
    for direction in shuffled_directions(acts, n=10):
        assert direction.source["own_gap"] < 4
        assert direction.gap == real.gap
        assert direction.source["flips"] == 100


def test_shuffled_directions_do_not_lean_to_the_concept(planted):
    acts, unit = planted(n=50, gap=8)
    similar = torch.tensor([cos(d.vector, unit) for d in shuffled_directions(acts, n=200, seed=1)])
    assert abs(float((similar > 0).double().mean()) - 0.5) < 0.15  # four standard errors


@pytest.mark.parametrize("n", [50, 51])
def test_shuffled_directions_lose_a_concept_on_which_all_pairs_agree(planted, n):
    """With a coin per pair a surplus of one sign remains, and a coherent concept comes back at full size."""
    acts, unit = planted(n=n, gap=200)
    similar = torch.tensor([abs(cos(d.vector, unit)) for d in shuffled_directions(acts, n=50, seed=2)])
    assert float(similar.mean()) < 0.35  # a random direction in 32 dimensions has .14, a coin per pair gives .99


def test_the_labels_of_one_pair_cannot_be_shuffled(planted):
    with pytest.raises(WorkbenchError, match="one pair"):
        shuffled_directions(planted(n=1)[0], n=1)


def test_shuffled_directions_of_other_methods_and_seeds(planted):
    acts, _ = planted(n=30)
    one, two = shuffled_directions(acts, "lda", n=2, seed=5, shrinkage=0.5)
    assert one.method == "shuffled lda" and not torch.equal(one.vector, two.vector)
    again = shuffled_directions(acts, "lda", n=2, seed=5, shrinkage=0.5)
    assert torch.equal(again[1].vector, two.vector)


@pytest.mark.parametrize(("change", "message"), [
    (lambda a: relabelled(a, [1] * 400), "400 positive and 0 negative"),
    (lambda a: relabelled(a, [1] * 201 + [-1] * 199), "201 positive and 199"),
    (lambda a: Activations(a.values * float("nan"), a.mask, a.labels, a.groups, a.site), "not finite"),
    (lambda a: Activations(a.values * 0, a.mask, a.labels, a.groups, a.site), "same at layer 2"),
    (lambda a: Activations(a.values * 1e-7 + 1, a.mask, a.labels, a.groups, a.site), "same at layer 2"),
])
def test_bad_activations_are_refused_in_one_line(planted, change, message):
    acts, _ = planted()
    with pytest.raises(WorkbenchError, match=message) as caught:
        fit(change(acts))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("method", "message"), [
    ("nothing", "expected one of mean_difference"),
    ("no.such.module:f", "cannot be loaded"),
    ("workbench.directions.methods:f", "cannot be loaded"),
    (lambda p, n: p, "returned shape"),
    (lambda p, n: p[0] * 0, "found none"),
])
def test_bad_methods_are_refused(planted, method, message):
    with pytest.raises(WorkbenchError, match=message):
        fit(planted()[0], method)
