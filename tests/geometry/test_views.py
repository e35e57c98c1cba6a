"""Views of activations: κ along a direction, and the plane of principal components."""

import numpy as np
import pytest
import torch

from workbench.geometry import difference_line, pca_view, project_line
from workbench.types import Activations, Direction, Site, WorkbenchError


def activations(seed=0, n=20, width=8):
    """Poles apart along the first axis, read at the last of two positions (the other holds rubbish)."""
    values = torch.full((2 * n, 2, width), 1e3)
    values[:, 1] = torch.randn(2 * n, width, generator=torch.Generator().manual_seed(seed))
    values[:n, 1, 0] += 6
    labels = (1,) * n + (-1,) * n
    groups = tuple(str(i) for i in range(n)) * 2
    return Activations(values, torch.ones(2 * n, 2, dtype=torch.bool), labels, groups, Site(1))


def mean_difference(acts):
    n = len(acts) // 2
    s = (acts.last()[:n] - acts.last()[n:]).mean(0)
    return Direction(s / s.norm(), float(s.norm()), acts.site, "mean_difference")


def test_the_line_is_kappa_of_the_mean_difference():
    acts = activations()
    kappa = project_line(acts, mean_difference(acts))
    rows = acts.last().double().numpy()
    np.testing.assert_allclose(kappa, np.concatenate(difference_line(rows[:20], rows[20:])), atol=1e-5)
    assert kappa[:20].mean() == pytest.approx(1, abs=1e-6) and kappa[20:].mean() == pytest.approx(-1, abs=1e-6)


def test_a_multiplier_moves_the_line_by_twice_itself():
    acts = activations()
    direction = mean_difference(acts)
    moved = Activations(acts.values + 1.5 * direction.step, acts.mask, acts.labels, acts.groups, acts.site)
    rows, steered = acts.last().double().numpy(), moved.last().double().numpy()
    middle = (rows[:20].mean(0) + rows[20:].mean(0)) / 2
    kappa = [2 * (r - middle) @ direction.vector.double().numpy() / direction.gap for r in (rows, steered)]
    np.testing.assert_allclose(kappa[1] - kappa[0], 3.0, atol=1e-5)


def test_unlabelled_examples_are_centred_on_their_mean():
    acts = activations()
    bare = Activations(acts.values, acts.mask, (0,) * len(acts), acts.groups, acts.site)
    assert project_line(bare, mean_difference(acts)).mean() == pytest.approx(0, abs=1e-5)


def test_pca_finds_the_separating_axis_with_positive_up():
    view = pca_view(activations(), k=3)
    assert view.points.shape == (40, 3) and view.components.shape == (3, 8)
    assert abs(view.components[0, 0]) > 0.95
    assert view.points[:20, 0].mean() > 0 > view.points[20:, 0].mean()
    assert view.shares[0] > 0.4 and (np.diff(view.shares) <= 0).all() and view.shares.sum() < 1
    np.testing.assert_allclose(view.components @ view.components.T, np.eye(3), atol=1e-9)


def test_errors_in_one_line():
    acts = activations()
    narrow = Direction(torch.tensor([1.0, 0.0]), 1.0, Site(1), "planted")
    flat = Direction(torch.eye(8)[0], 0.0, Site(1), "random")
    for call, words in (
        (lambda: project_line(acts, narrow), "expected the same site"),
        (lambda: project_line(acts, flat), "gap 0"),
        (lambda: pca_view(acts, k=9), "expected 1 to 8"),
    ):
        with pytest.raises(WorkbenchError, match=words):
            call()
