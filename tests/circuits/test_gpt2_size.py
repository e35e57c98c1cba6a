"""Circuits at GPT-2 small's size, on the public IOI and greater-than prompts: shapes, sums and scores hold.

The weights are random (no model of that size is at hand), so this speaks of the machinery and not of those circuits.
"""

import json
import time

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr

from workbench.circuits import contributions, edge_attribution, patch_edges, prompt_set
from workbench.models import capture, forward, load
from workbench.types import Direction, Site, WorkbenchError

pytestmark = pytest.mark.slow
# what Conmy et al. 2023 (ACDC, arXiv 2304.14997) count for GPT-2 small, from 157 senders
EDGES = 32_491
SETS = {"ioi": "ioi_prompts.json", "greater-than": "greaterthan_gpt2-small_prompts.json"}
LIMIT, ROWS = 20, 2


@pytest.fixture(scope="module")
def model(shared):
    """12 layers, 12 heads, d_model 768, GPT-2's tokenizer; random weights, as GPT-2's training begins with."""
    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    folder = shared / "models" / "tokenizers" / "gpt2"
    if not folder.is_dir():
        pytest.skip(f"no GPT-2 tokenizer at {folder}")
    torch.manual_seed(0)
    module = GPT2LMHeadModel(GPT2Config()).eval()
    return load(module, tokenizer=AutoTokenizer.from_pretrained(folder), name="gpt2-small-size")


@pytest.fixture(scope="module")
def sets(model, shared):
    return {name: prompt_set(model, shared / "data" / "circuits" / file, LIMIT) for name, file in SETS.items()}


@pytest.fixture(scope="module")
def scores(model, sets):
    found = {}
    for name, pairs in sets.items():
        began = time.process_time()
        found[name] = edge_attribution(model, pairs.rows(torch.arange(ROWS)))
        spent = (time.process_time() - began) / ROWS
        began = time.process_time()
        forward(model, pairs.clean.rows(torch.arange(ROWS)), positions="last", columns=[0])
        passes = spent / ((time.process_time() - began) / ROWS)
        print(f"\n{name}: {EDGES} edges in {spent:.2f} s of processor per prompt, {passes:.0f} forward passes")
    return found


def test_the_public_prompts_pair_token_for_token(model, sets):
    for pairs in sets.values():
        assert len(pairs) == LIMIT and 1 < len(set(pairs.groups)) <= LIMIT
        differ = (pairs.clean.ids != pairs.corrupt.ids) & pairs.clean.real
        assert differ.any(1).all() and (differ.sum(1) <= 3).all()
    said = model.tokenizer.batch_decode(sets["ioi"].answers.T[:, :1])
    assert said == [" Victoria", " Jane"]
    years = [[int(model.tokenizer.decode([i])) for i in row] for row in sets["greater-than"].answers]
    assert all(right == wrong + 1 for right, wrong in years)
    assert sets["greater-than"].groups[0].endswith("from the year 13_ to 13")


def test_every_edge_has_a_score_and_nodes_are_their_sums(scores):
    for found in scores.values():
        assert found.values.shape == (ROWS, EDGES) and np.isfinite(found.values).all()
        assert (found.values != 0).mean() > 0.99
        nodes = found.nodes()
        assert nodes["node"].nunique() == 157
        np.testing.assert_allclose(nodes.groupby("prompt")["score"].sum(), found.values.sum(1), rtol=1e-9)


def test_scores_agree_with_exact_patching(model, sets, scores):
    found = scores["ioi"]
    some = np.argsort(-abs(found.mean))[[0, 1, 4, 16, 64, 256]]
    edges = [found.graph.edges[i] for i in some]
    exact = patch_edges(model, sets["ioi"].rows(torch.arange(ROWS)), edges)["effect"].to_numpy()
    fit = pearsonr(exact, found.values[:, some].T.ravel())[0]
    print(f"\nioi: EAP against exact patching of {len(edges)} edges, {ROWS} prompts: pearson {fit:.3f}")
    assert fit > 0.9


def test_parts_sum_to_the_stream(model, sets):
    vector = torch.randn(768, generator=torch.Generator().manual_seed(0))
    direction = Direction(vector / vector.norm(), 1.0, Site(11), "drawn")
    batch = sets["ioi"].clean.rows(torch.arange(4))
    found = contributions(model, batch, direction)
    stream = capture(model, batch, [Site(11)], "last")[Site(11)] @ direction.vector
    assert (abs(found.values.sum(1) - stream.numpy()) <= 1e-4 * abs(found.values).sum(1)).all()
    assert sum(part.startswith("h") for part in found.parts) == 144


def test_files_of_another_form_are_refused(gpt2_model, tmp_path):
    path = tmp_path / "set.json"
    with pytest.raises(WorkbenchError, match="could not be read"):
        prompt_set(gpt2_model, path)
    good = {"clean": "More cats?", "corrupt": "More dogs?", "answers": [" Yes"], "wrong_answers": ["y", " No"]}
    for items, said in (([{**good, "answers": []}], "prompt 0 .* lacks one of clean"), ({"a": 1}, "expected a list"),
                        ([{**good, "corrupt": "More rain today?"}, {**good, "answers": ["maybe"]}], "no pair")):
        path.write_text(json.dumps({"prompts": items}), encoding="utf-8")
        with pytest.raises(WorkbenchError, match=said):
            prompt_set(gpt2_model, path)
    path.write_text(json.dumps({"prompts": [good, {**good, "clean": "More rain?"}]}), encoding="utf-8")
    pairs = prompt_set(gpt2_model, path)
    assert pairs.answers.tolist() == [[258, 259]] * 2 and pairs.groups[0] == "<|endoftext|>More ___s?"
