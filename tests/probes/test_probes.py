"""Probes find a planted direction on unseen groups, nothing where there is nothing, and refuse one class."""

import numpy as np
import pytest
import torch

from probes import PROBES, evaluate
from probes.evaluate import control_labels, folds_of
from workbench.types import Activations, Site, WorkbenchError


def planted(strength: float, seed: int = 0, n: int = 120, d: int = 24) -> Activations:
    """Pairs in 20 groups; the classes differ by ``strength`` along the first axis of anisotropic noise."""
    rng = np.random.default_rng(seed)
    scale = np.linspace(0.5, 3, d)
    noise = rng.normal(size=(2 * n, d)) * scale
    labels = np.r_[np.ones(n), -np.ones(n)].astype(int)
    noise[:, 0] += strength * labels / 2
    groups = tuple(f"g{i % 20}" for i in range(n)) * 2
    values = torch.from_numpy(noise).float()[:, None]
    return Activations(values, torch.ones(2 * n, 1, dtype=torch.bool), tuple(labels.tolist()), groups, Site(0))


@pytest.mark.parametrize("name", PROBES)
def test_planted_direction_is_read_on_unseen_groups(name):
    score = evaluate(PROBES[name](), planted(3.0))
    assert score.auroc.estimate > 0.9
    assert score.selectivity > 0.3


@pytest.mark.parametrize("name", PROBES)
def test_nothing_is_read_where_there_is_nothing(name):
    scores = [evaluate(PROBES[name](), planted(0.0, seed)).auroc.estimate for seed in range(12)]
    assert abs(np.mean(scores) - 0.5) < 0.06


def test_lda_beats_mean_difference_under_anisotropic_noise():
    acts = planted(1.5)
    assert (
        evaluate(PROBES["LDA"](), acts).auroc.estimate > evaluate(PROBES["difference of means"](), acts).auroc.estimate
    )


def test_groups_are_never_split_between_folds():
    groups = [f"g{i % 7}" for i in range(70)]
    fold = folds_of(groups, 5, 0)
    assert all(len({f for f, g in zip(fold, groups, strict=True) if g == name}) == 1 for name in set(groups))


def test_control_labels_are_balanced_and_constant_within_a_group_and_class():
    acts = planted(1.0)
    control = control_labels(acts, 0)
    assert control.sum() == 0
    assert (control[:120] == -control[120:]).all()


def test_one_class_is_refused():
    acts = planted(1.0)
    one = Activations(acts.values, acts.mask, (1,) * len(acts), acts.groups, acts.site)
    with pytest.raises(WorkbenchError, match="expected both"):
        PROBES["LDA"]().fit(one)


def test_auroc_is_that_of_scikit_learn_ties_included():
    import numpy as np
    from sklearn.metrics import roc_auc_score

    from probes.evaluate import auroc

    rng = np.random.default_rng(0)
    for _ in range(20):
        labels, scores = np.resize([1, -1, -1], 24), rng.integers(0, 6, 24) / 2
        assert abs(auroc(labels, scores) - roc_auc_score(labels, scores)) < 1e-12
