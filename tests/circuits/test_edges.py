"""Edges: the masked pass is the clean run at 0 and the corrupt one at 1, and EAP is its gradient at 0."""

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr, spearmanr

from workbench.circuits import Graph, clean_corrupt, corrupted, edge_attribution, patch_edges, patch_nodes
from workbench.circuits.wiring import log_odds, masked, sender_outputs
from workbench.models import capture, forward, load
from workbench.types import Site, WorkbenchError


@pytest.fixture(scope="module")
def pairs(any_model, pairs_of):
    return pairs_of(any_model)


def test_edges_go_upstream_to_downstream_only():
    graph = Graph(2, 2, 1)
    assert graph.senders == ("input", "h0.0", "h0.1", "m0", "h1.0", "h1.1", "m1")
    assert graph.receivers[:6] == ("h0.0.q", "h0.1.q", "h0.0.k", "h0.0.v", "m0", "h1.0.q")
    assert ("h0.1", "m0") in graph.edges and ("m0", "h1.0.k") in graph.edges and ("m1", "logits") in graph.edges
    assert ("m0", "m0") not in graph.edges and ("h1.0", "h1.1.q") not in graph.edges
    assert len(graph.edges) == 4 * 1 + 3 + 4 * 4 + 6 + 7
    with pytest.raises(WorkbenchError, match="does not exist"):
        graph.index(("m1", "h0.0.q"))


def test_a_mask_of_zeros_is_the_clean_run_and_one_of_ones_the_corrupt_one(any_model, pairs):
    graph = Graph.of(any_model)
    got = corrupted(any_model, pairs, [np.zeros(graph.allowed.shape), graph.allowed.astype(float)], rows_at_once=4)
    for row, batch in zip(got, (pairs.clean, pairs.corrupt), strict=True):
        plain = forward(any_model, batch, positions="last", columns=pairs.answers)
        np.testing.assert_allclose(row, (plain[:, 0] - plain[:, 1]).numpy(), atol=2e-4)
    assert abs(got[0] - got[1]).max() > 0.1


def test_eap_is_the_gradient_in_a_mask_of_edges_at_zero(any_model, pairs):
    graph = Graph.of(any_model)
    corrupt = sender_outputs(any_model, pairs.corrupt)
    mask = torch.zeros(graph.allowed.shape, requires_grad=True)
    total = log_odds(any_model, pairs, masked(corrupt, mask), grad=True).sum()
    (gradient,) = torch.autograd.grad(total, [mask])  # not backward(): the model is shared
    brute = gradient.numpy()[graph.allowed]
    scores = edge_attribution(any_model, pairs, rows_at_once=4).values.sum(0)
    np.testing.assert_allclose(scores, brute, atol=1e-4 * abs(brute).max())
    assert (abs(brute) > 1e-6).mean() > 0.9


def test_eap_agrees_with_finite_differences_of_the_exact_pass(gpt2_model, pairs_of):
    pairs, graph = pairs_of(gpt2_model), Graph.of(gpt2_model)
    mean = edge_attribution(gpt2_model, pairs).values.mean(0)
    best = np.argsort(-abs(mean))[:6]
    step = 0.02
    masks = [sign * step * graph.mask(np.eye(len(mean))[i]) for i in best for sign in (1, -1)]
    up, down = corrupted(gpt2_model, pairs, masks).mean(1).reshape(-1, 2).T
    np.testing.assert_allclose((up - down) / (2 * step), mean[best], rtol=0.05)


def test_patching_a_node_equals_writing_its_corrupt_value(any_model, pairs):
    effects = patch_nodes(any_model, pairs, ["h1.2", "m0"]).pivot(index="prompt", columns="node", values="effect")
    clean = forward(any_model, pairs.clean, positions="last", columns=pairs.answers)
    z = capture(any_model, pairs.corrupt, [Site(1, "z")])[Site(1, "z")]
    out = capture(any_model, pairs.corrupt, [Site(0, "mlp_out")])[Site(0, "mlp_out")]

    def write_head(activation, hook):
        activation = activation.clone()
        activation[:, :, 2] = z[:, :, 2]
        return activation

    hooks = {"h1.2": (Site(1, "z").hook, write_head), "m0": (Site(0, "mlp_out").hook, lambda a, hook: out)}
    for node, hook in hooks.items():
        got = forward(any_model, pairs.clean, hooks=[hook], positions="last", columns=pairs.answers)
        np.testing.assert_allclose(effects[node], (got - clean)[:, 0] - (got - clean)[:, 1], atol=3e-4)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_attribution_ranks_edges_as_exact_path_patching_does(family, tiny_module, byte_tokenizer, pairs_of, capsys):
    module = tiny_module(family, len(byte_tokenizer))
    with torch.no_grad():  # gentler weights: a first-order score can only rank what is not far from linear
        for weight in module.parameters():
            weight *= 0.5 if weight.ndim == 2 else 1
    model = load(module, tokenizer=byte_tokenizer)
    graph, pairs = Graph.of(model), pairs_of(model).rows(torch.tensor([0, 3, 5]))
    some = np.random.default_rng(0).choice(len(graph.edges), 30, replace=False)
    exact = patch_edges(model, pairs, [graph.edges[i] for i in some])["effect"].to_numpy().reshape(30, 3).T
    for steps in (1, 5):
        scores = edge_attribution(model, pairs, steps).values[:, some]
        found = pearsonr(scores.ravel(), exact.ravel())[0], spearmanr(scores.ravel(), exact.ravel())[0]
        with capsys.disabled():
            print(f"\n{family}, {steps} steps against exact: pearson {found[0]:.2f}, spearman {found[1]:.2f}")
        assert min(found) > 0.65


def test_nodes_are_the_sums_of_their_edges(gpt2_model, pairs_of):
    scores = edge_attribution(gpt2_model, pairs_of(gpt2_model))
    table = scores.nodes().pivot(index="prompt", columns="node", values="score")
    wanted = [i for i, (sender, _) in enumerate(scores.graph.edges) if sender == "h2.1"]
    np.testing.assert_allclose(table["h2.1"], scores.values[:, wanted].sum(1))
    frame = scores.frame()
    assert list(frame["score"].abs()) == sorted(frame["score"].abs(), reverse=True)
    assert (frame["n_groups"] == 3).all() and (frame["low"] <= frame["score"]).all()


def test_what_does_not_fit_is_refused(gpt2_model, pairs_of, tiny_module, byte_tokenizer):
    with pytest.raises(WorkbenchError, match="token for token"):
        clean_corrupt(gpt2_model, ["a"], ["ab"], [(" Yes", " No")], ["g"])
    with pytest.raises(WorkbenchError, match="one-token"):
        clean_corrupt(gpt2_model, ["a"], ["b"], [(" Yes", " maybe")], ["g"])
    with pytest.raises(WorkbenchError, match="at least 1"):
        edge_attribution(gpt2_model, pairs_of(gpt2_model), steps=0)
    with pytest.raises(WorkbenchError, match="unknown"):
        patch_nodes(gpt2_model, pairs_of(gpt2_model), ["h9.9"])
    for family, said in (("gemma2", "norms a sublayer"), ("gpt_neox", "side by side")):
        model = load(tiny_module(family, len(byte_tokenizer)), tokenizer=byte_tokenizer)
        with pytest.raises(WorkbenchError, match=said):
            sender_outputs(model, pairs_of(model).clean)
