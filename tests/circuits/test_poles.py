"""Both poles side by side: what is read sums to the effect, a planted one-sided reader is named, symmetry is not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from workbench.circuits import (
    EdgeScores,
    Graph,
    contributions,
    edge_attribution,
    overlap_curve,
    patch_edges,
    pole_circuits,
    score_correlation,
    steered_pairs,
    written,
)
from workbench.circuits.wiring import both_outputs, log_odds, masked
from workbench.models import load
from workbench.types import Direction, Site

READER = 3


@pytest.fixture(scope="module")
def direction():
    vector = torch.zeros(32, dtype=torch.float64)
    vector[0], vector[1] = 2**-0.5, -(2**-0.5)  # without a mean, which LayerNorm would take away
    return Direction(vector.float(), 2.0, Site(0), "drawn")


@pytest.fixture(scope="module")
def one_sided(tiny_module, byte_tokenizer, direction):
    """Small noise, and one neuron of layer 2's MLP that reads the direction (only its positive side) and says Yes."""
    module = tiny_module("gpt2", len(byte_tokenizer), tie_word_embeddings=False)
    aligned, unaligned = (byte_tokenizer(f"{words}")["input_ids"] for words in (" Yesy", " Non"))
    with torch.no_grad():
        for weight in [*module.transformer.h.parameters(), module.lm_head.weight]:
            weight *= 0.25 if weight.ndim == 2 else 1
        module.lm_head.weight[:, :2] = 0  # the logits do not read the direction
        mlp = module.transformer.h[2].mlp
        mlp.c_fc.weight[:, READER], mlp.c_fc.bias[READER] = 2 * direction.vector, -2
        said = module.lm_head.weight[aligned].sum(0) - module.lm_head.weight[unaligned].sum(0)
        mlp.c_proj.weight[READER] = 0.3 * (said - said.mean()) / said.norm()
    return load(module, tokenizer=byte_tokenizer, name="one-sided", dtype=torch.float64)


@pytest.fixture(scope="module")
def always_yes(small_concept):
    """Every question's aligned answer is Yes or y, so that a neuron that says so is a neuron that aligns."""
    answers = [(" Yes", " No"), ("y", "n")]
    pairs = [replace(p, aligned=answers[i % 2][0], unaligned=answers[i % 2][1])
             for i, p in enumerate(small_concept.pairs)]  # fmt: skip
    return small_concept.select(pairs)


@pytest.fixture(scope="module")
def found(one_sided, always_yes, direction):
    return pole_circuits(one_sided, always_yes, direction, steps=8)


def test_a_planted_one_sided_reader_is_what_the_difference_is_made_of(found):
    account, nodes = found.account(), found.nodes().set_index(["role", "node"])
    assert account["gain aligned"].estimate > 3 * abs(account["gain unaligned"].estimate) > 0
    reads = nodes.loc["reads"]["difference"]
    assert reads.abs().idxmax() == "m2" and reads["m2"] > 0.8 * account["difference"].estimate > 0
    assert nodes.loc[("passes on", "m2"), "difference"] > 0.8 * account["difference"].estimate
    assert found.edges().iloc[0][["sender", "receiver"]].tolist() in (["steering", "m2"], ["m2", "logits"])
    assert nodes.loc[("reads", "m2"), "low"] > 0 and (found.edges()["n_groups"] == 6).all()


def test_what_is_read_sums_to_the_measured_effect(found, gpt2_model, small_concept, direction):
    for circuits in (found, pole_circuits(gpt2_model, small_concept, direction, 0.25, steps=8)):
        largest = max(abs(effect).max() for effect in circuits.effects.values())
        for pole, effect in circuits.effects.items():
            edges = circuits.gains[pole].graph.edges
            read = circuits.gains[pole].values[:, [sender == "steering" for sender, _ in edges]].sum(1)
            np.testing.assert_allclose(read, effect, atol=0.03 * largest)
        account = circuits.account()
        assert account["difference, read"].estimate == pytest.approx(account["difference"].estimate, abs=0.02 * largest)


def test_at_a_small_dose_both_poles_use_the_same_edges(one_sided, always_yes, direction):
    small = pole_circuits(one_sided, always_yes, direction, 1e-5, steps=2)
    account = small.account()
    assert abs(account["difference"].estimate) < 0.05 * abs(account["gain aligned"].estimate)
    assert small.correlation(draws=20)["signed"].estimate > 0.98
    assert small.overlap([10], draws=20)["iou"].item() > 0.8


def test_eap_of_a_steered_run_is_the_gradient_in_a_mask_of_edges(any_model, small_concept):
    vector = torch.randn(any_model.d_model, generator=torch.Generator().manual_seed(1))
    direction = Direction(vector / vector.norm(), 1.0, Site(1), "drawn")
    pairs = steered_pairs(any_model, small_concept.select(small_concept.pairs[:4]), direction, 1.0)
    graph, (_, corrupt) = pairs.graph(any_model), both_outputs(any_model, pairs)
    mask = torch.zeros(graph.allowed.shape, requires_grad=True)
    (gradient,) = torch.autograd.grad(log_odds(any_model, pairs, masked(corrupt, mask), grad=True).sum(), [mask])
    brute = gradient.numpy()[graph.allowed]
    scores = edge_attribution(any_model, pairs).values.sum(0)
    np.testing.assert_allclose(scores, brute, atol=1e-4 * abs(brute).max())
    below = [edge[0][1:].startswith(("0", "1")) or edge[0] == "input" for edge in graph.edges]
    assert (scores[below] == 0).all() and abs(scores[[e[0] == "steering" for e in graph.edges]]).min() > 0


def test_gains_agree_with_undoing_single_edges(found, one_sided):
    edges = [(row.sender, row.receiver) for row in found.edges().head(5).itertuples()]
    exact = patch_edges(one_sided, found.pairs["aligned"], edges).groupby(["sender", "receiver"])["effect"].mean()
    table = found.edges().set_index(["sender", "receiver"])["aligned"]
    for edge in edges:
        assert -exact[edge] == pytest.approx(table[edge], abs=0.3 * abs(table[edge]) + 0.02)


def test_edges_that_nothing_changes_are_no_part_of_the_null():
    graph, rng = Graph(2, 4, 4, steered=1), np.random.default_rng(0)
    live = np.array([not sender.startswith(("i", "h0", "m0")) for sender, _ in graph.edges])
    drawn = [np.where(live, rng.standard_normal((6, len(live))), 0) for _ in range(2)]
    one, other = (EdgeScores(graph, values, tuple("abcdef"), "drawn") for values in drawn)
    half = int(live.sum() // 2)
    # two unrelated halves of the live edges share a third of their union; among all edges it would be far less
    assert overlap_curve(one, other, [half], draws=100)["chance_low"].item() > 0.15
    assert abs(score_correlation(one, other, draws=20)["size"].estimate) < 0.5
    assert score_correlation(one, one, draws=20)["signed"].estimate == pytest.approx(1)


def test_what_is_written_is_what_cues_change(gpt2_model, pairs_of, direction):
    pairs = pairs_of(gpt2_model)
    each = [contributions(gpt2_model, batch, direction) for batch in (pairs.clean, pairs.corrupt)]
    got = written(gpt2_model, pairs, direction, rows_at_once=4)
    np.testing.assert_allclose(got.values, each[0].values - each[1].values, atol=1e-5)
    np.testing.assert_allclose(got.values.sum(1), got.total, atol=1e-4)
    assert got.parts == each[0].parts and abs(got.total).max() > 1e-3
