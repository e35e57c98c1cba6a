"""Similarity of directions and dimensions of difference matrices, on matrices whose answer is known."""

import json

import numpy as np
import pytest
import torch

from workbench.geometry import (
    cosine,
    cosine_matrix,
    effective_rank,
    euclidean_similarity,
    first_share,
    norm_variance_similarity,
    pairwise_cosine,
    principal_angles,
    spearman_brown,
    split_half_cosine,
    subsample_stability,
)
from workbench.types import Direction, Site, WorkbenchError


def direction(values):
    vector = torch.tensor(values, dtype=torch.float32)
    return Direction(vector / vector.norm(), 1.0, Site(0), "planted")


def test_equals_the_values_printed_by_repepo(shared):
    table = json.loads((shared / "reference" / "small_reference_values.json").read_text())
    table = table["repepo_concept_metrics_snapshot"]
    differences = np.array(table["diff_vecs"], dtype=np.float64)
    ours = [pairwise_cosine(differences, diagonal=True), euclidean_similarity(differences)]
    ours.append(norm_variance_similarity(differences))
    theirs = [value for name, value in table.items() if "sim" in name]
    assert ours == pytest.approx(theirs, abs=1e-6)


def test_effective_rank_of_known_matrices():
    assert effective_rank(np.eye(6)) == pytest.approx(6)
    assert effective_rank(np.outer(np.arange(1.0, 9), [1.0, 2, 3])) == pytest.approx(1)
    shares = np.array([4, 1, 1]) / 6
    assert effective_rank(np.diag([2.0, 1.0, 1.0])) == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))
    tall, wide = np.random.default_rng(0).normal(size=(50, 5)), np.random.default_rng(0).normal(size=(5, 50))
    for matrix in (tall, wide):
        shares = np.linalg.svd(matrix, compute_uv=False) ** 2
        shares /= shares.sum()
        assert effective_rank(matrix) == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))
        assert first_share(matrix) == pytest.approx(shares[0])
    assert first_share(np.diag([2.0, 1.0, 1.0])) == pytest.approx(4 / 6)
    with pytest.raises(WorkbenchError, match="all differences are zero"):
        effective_rank(np.zeros((3, 3)))


def test_principal_angles_of_known_subspaces():
    e = np.eye(5)
    assert principal_angles(e[:2], e[2:4]) == pytest.approx([np.pi / 2, np.pi / 2])
    assert principal_angles(e[:2], np.stack([e[0] + e[1], e[0] - e[1]])) == pytest.approx([0, 0], abs=1e-7)
    tilted = np.stack([e[0], np.cos(0.4) * e[1] + np.sin(0.4) * e[2]])
    assert principal_angles(e[:2], tilted) == pytest.approx([0, 0.4], abs=1e-7)
    assert principal_angles(e[:1], 5 * (e[:1] + e[1:2])) == pytest.approx([np.pi / 4])
    with pytest.raises(WorkbenchError, match="same number"):
        principal_angles(e, np.eye(4))


def test_cosine_matrix_of_lists_and_mappings():
    members = {"a": direction([1.0, 0, 0]), "b": direction([1.0, 1, 0]), "c": direction([0.0, 0, -2])}
    expected = [[1, np.sqrt(0.5), 0], [np.sqrt(0.5), 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(cosine_matrix(members), expected, atol=1e-6)
    np.testing.assert_allclose(cosine_matrix(list(members.values())), expected, atol=1e-6)
    with pytest.raises(WorkbenchError, match="one width"):
        cosine_matrix([direction([1.0, 0]), direction([1.0, 0, 0])])
    with pytest.raises(WorkbenchError, match="one width"):
        cosine_matrix([])


def test_stability_of_disjoint_subsamples():
    rng = np.random.default_rng(1)
    noise, concept = rng.normal(size=(100, 200)), rng.normal(size=200)
    assert abs(subsample_stability(noise)) < 0.1
    assert subsample_stability(noise * 0 + concept) == pytest.approx(1)
    planted = noise + 0.4 * concept
    signal = 0.16 * (concept @ concept)
    assert subsample_stability(planted) == pytest.approx(signal / (signal + 200 / 25), abs=0.05)
    assert np.isnan(subsample_stability(noise[:1])) and np.isfinite(subsample_stability(noise[:9]))


def test_halves_and_spearman_brown():
    differences = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    assert split_half_cosine(differences, np.array([True, True, False, False])) == 0
    assert split_half_cosine(differences, np.array([True, False, True, False])) == pytest.approx(1)
    assert spearman_brown(0.5) == pytest.approx(2 / 3) and np.isnan(spearman_brown(-1.0))
    assert cosine(np.zeros(3), np.ones(3)) == 0
