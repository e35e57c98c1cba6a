"""Exact parts sum to the stream, lenses end at the model's own answer, circuits are kept, cut and compared."""

import numpy as np
import pytest
import torch

from workbench.circuits import (
    EdgeScores,
    Graph,
    answer_lens,
    attention_patterns,
    contributions,
    direction_lens,
    direction_tokens,
    edge_attribution,
    edge_kinds,
    faithfulness,
    faithfulness_curve,
    neuron_contributions,
    overlap,
    overlap_curve,
    score_correlation,
)
from workbench.models import capture, forward, load
from workbench.types import Direction, Site, WorkbenchError


def pointing(model, site=None):
    vector = torch.randn(model.d_model, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return Direction((vector / vector.norm()).to(model.dtype), 1.0, site or Site(2), "drawn")


@pytest.mark.parametrize("site", [Site(0, "resid_pre"), Site(1, "resid_mid"), Site(3)])
def test_parts_sum_to_the_projection(any_model, pairs_of, site):
    batch, direction = pairs_of(any_model).clean, pointing(any_model)
    found = contributions(any_model, batch, direction, site)
    stream = capture(any_model, batch, [site], "last")[site] @ direction.vector
    size = abs(found.values).sum(1)
    assert (abs(found.values.sum(1) - stream.numpy()) <= 1e-4 * size).all()
    assert {"resid_pre": 0, "resid_mid": 1, "resid_post": 4}[site.stream] == sum(p[0] == "m" for p in found.parts)
    assert len(found.frame(["g"] * 6)) == 6 * len(found.parts)


def test_float64_sums_are_tighter_and_each_head_is_its_own(tiny_module, byte_tokenizer, pairs_of):
    model = load(tiny_module("llama", len(byte_tokenizer)), tokenizer=byte_tokenizer, dtype=torch.float64)
    batch, direction = pairs_of(model).clean, pointing(model)
    found = contributions(model, batch, direction, position=-2)
    assert (abs(found.values.sum(1) - found.total) <= 1e-12 * abs(found.values).sum(1)).all()
    z = capture(model, batch, [Site(1, "z", 3)], -2)[Site(1, "z", 3)]
    alone = z @ model.bridge.blocks[1].attn.W_O[3].detach() @ direction.vector
    np.testing.assert_allclose(found.values[:, found.parts.index("h1.3")], alone, rtol=1e-10)
    neurons = neuron_contributions(model, batch, direction, 1, position=-2)
    np.testing.assert_allclose(neurons.values.sum(1), found.values[:, found.parts.index("m1")], rtol=1e-9)
    effects = neurons.effects(["a", "b", "c"] * 2)
    assert effects["n0"].n_groups == 3 and len(effects) == 65


def test_a_steered_model_and_a_head_site_are_refused(gpt2_model, pairs_of):
    batch = pairs_of(gpt2_model).clean
    steered = gpt2_model.altered("up", ((Site(1).hook, lambda activation, hook: activation + 1),))
    with pytest.raises(WorkbenchError, match="miss the whole"):
        contributions(steered, batch, pointing(gpt2_model))
    with pytest.raises(WorkbenchError, match="no residual stream"):
        contributions(gpt2_model, batch, pointing(gpt2_model), Site(1, "z"))
    with pytest.raises(WorkbenchError, match="beyond"):
        attention_patterns(gpt2_model, batch, [(0, 9)])


def test_lenses_and_patterns(any_model, pairs_of):
    pairs, direction = pairs_of(any_model), pointing(any_model)
    seen = direction_lens(any_model, pairs.clean, direction)
    np.testing.assert_array_equal(np.isnan(seen[:, 0]), ~pairs.clean.real.numpy())
    np.testing.assert_allclose(seen[:, 3, -1], contributions(any_model, pairs.clean, direction).total, rtol=1e-4)
    own = forward(any_model, pairs.clean, positions="last", columns=pairs.answers)
    lens = answer_lens(any_model, pairs.clean, pairs.answers)
    assert lens.shape == (6, 5)
    np.testing.assert_allclose(lens[:, -1], own[:, 0] - own[:, 1], atol=1e-4)
    patterns = attention_patterns(any_model, pairs.clean, [(2, 1), (0, 3)])
    width = pairs.clean.ids.shape[1]
    assert patterns.shape == (6, 2, width, width)
    real = pairs.clean.real.numpy()
    np.testing.assert_allclose(patterns.sum(-1).transpose(0, 2, 1)[real], 1, atol=1e-5)
    assert abs(np.triu(patterns[real.all(1)], 1)).max() < 1e-6
    named = direction_tokens(any_model, direction, 3)
    assert named["promoted"][0][1] > 0 > named["demoted"][0][1]


def test_faithfulness_runs_from_corrupt_to_clean(gpt2_model, pairs_of):
    pairs = pairs_of(gpt2_model)
    scores = edge_attribution(gpt2_model, pairs)
    count = len(scores.graph.edges)
    rows = faithfulness(gpt2_model, pairs, scores, [0, 60, count], draws=3)
    curve = faithfulness_curve(rows, draws=50).set_index("size")
    assert curve.loc[0, "share"] == pytest.approx(0, abs=1e-3)
    assert curve.loc[count, "share"] == pytest.approx(1, abs=1e-3)
    assert (curve["n_groups"] == 3).all() and curve.loc[count, "random_low"] == pytest.approx(1, abs=1e-3)
    with pytest.raises(WorkbenchError, match="expected 0 to"):
        scores.top(count + 1)


def drawn(graph, seed, shared, groups=12):
    rng = np.random.default_rng(seed)
    signal = np.zeros(len(graph.edges))
    signal[np.random.default_rng(shared).choice(len(signal), 20, replace=False)] = 3
    return EdgeScores(graph, signal + 0.5 * rng.standard_normal((groups, len(signal))),
                      tuple(f"g{i}" for i in range(groups)), "drawn")  # fmt: skip


def test_one_circuit_and_two_circuits_are_told_apart():
    graph = Graph(2, 4, 4)
    one, again, other = drawn(graph, 0, 7), drawn(graph, 1, 7), drawn(graph, 2, 8)
    alike, different = (overlap_curve(one, b, [20], draws=60).iloc[0] for b in (again, other))
    assert alike["iou"] > 0.9 > alike["chance_high"]
    assert alike["across"] >= alike["within_low"]
    assert different["across"] < different["within_low"]
    assert different["chance_low"] <= different["iou"] <= different["chance_high"]
    turned = EdgeScores(graph, -again.values, again.groups, "drawn")
    rho = score_correlation(one, turned, draws=60)
    assert rho["signed"].estimate < -0.3 and rho["size"].estimate > 0.1
    assert overlap(one.mean, turned.mean, 20) > 0.9
    assert set(edge_kinds(graph)) >= {"i q", "h v", "m logits", "h m"}
    with pytest.raises(WorkbenchError, match="same edges"):
        overlap_curve(one, drawn(graph, 0, 7, groups=3), [5])
