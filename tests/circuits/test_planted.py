"""A transformer whose circuit is known, written by hand: attribution finds the planted edges and no decoy.

Two layers of four heads in the GPT-2 shape, every weight small noise but for an induction circuit: head 0.1 attends to
the previous token and writes its name, head 1.2 looks for the current token among those names and copies what stands
there into the logits. Codes are written as (x, -x), so that LayerNorm's centring changes nothing.
"""

import numpy as np
import pytest
import torch
from scipy.stats import rankdata
from transformers import GPT2Config, GPT2LMHeadModel

from workbench.circuits import (
    CleanCorrupt,
    attention_patterns,
    edge_attribution,
    faithfulness,
    faithfulness_curve,
    patch_nodes,
)
from workbench.models import Batch, load

TOKENS, PLACES, HEADS = 12, 16, 4
TOKEN, PLACE, BEFORE, OUT = (slice(a, b) for a, b in ((0, 12), (12, 28), (28, 40), (40, 52)))
HALF = 52
D_HEAD = 2 * HALF // HEADS
# what a swap of tokens can reveal; the previous-token head's queries and keys read places, which no swap changes
PLANTED = {("input", "h0.1.v"), ("h0.1", "h1.2.k"), ("input", "h1.2.q"), ("input", "h1.2.v"), ("h1.2", "logits")}
UNSEEN = {("input", "h0.1.q"), ("input", "h0.1.k")}


def code(block, width):
    """[width d_model]: the code of every value of a block, and its negative in the other half."""
    out = torch.zeros(width, 2 * HALF)
    out[torch.arange(width), torch.arange(block.start, block.stop)] = 1
    out[:, HALF:] = -out[:, :HALF]
    return out


def write(module, layer, head, weights):
    """Put W_Q, W_K, W_V [d_model d_head] and W_O [d_head d_model] of one head into the joint matrices."""
    attention = module.transformer.h[layer].attn
    width = 2 * HALF
    for i, weight in enumerate(weights[:3]):
        at = i * width + head * D_HEAD
        attention.c_attn.weight[:, at : at + D_HEAD] = pad(weight)
    attention.c_proj.weight[head * D_HEAD : (head + 1) * D_HEAD] = pad(weights[3].T).T


def pad(weight):
    return torch.nn.functional.pad(weight, (0, D_HEAD - weight.shape[1]))


@pytest.fixture(scope="module")
def planted(byte_tokenizer):
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=TOKENS, n_positions=PLACES, n_embd=2 * HALF, n_layer=2, n_head=HEADS, n_inner=64,
                        tie_word_embeddings=False, bos_token_id=0, eos_token_id=0)  # fmt: skip
    module = GPT2LMHeadModel(config).eval()
    token, place, before, out = (code(b, b.stop - b.start) for b in (TOKEN, PLACE, BEFORE, OUT))
    with torch.no_grad():
        for weight in module.parameters():
            if weight.ndim == 2:
                weight.normal_(0, 0.01)
        module.transformer.wte.weight.copy_(token)
        module.transformer.wpe.weight.copy_(place)
        module.lm_head.weight.copy_(out)
        write(module, 0, 1, [place.T, place.roll(1, 0).T, 0.12 * token.T, before])
        write(module, 1, 2, [0.5 * token.T, 0.5 * before.T, 0.25 * token.T, out])
    return load(module, tokenizer=byte_tokenizer, name="planted")


@pytest.fixture(scope="module")
def pairs():
    """x A B y C D A, to be continued by B and not by D; each corruption undoes it at another edge of the circuit."""
    rng, rows = np.random.default_rng(0), []
    for i in range(24):
        x, y, a, b, c, d = rng.choice(TOKENS, 6, replace=False)
        clean = [x, a, b, y, c, d, a]
        corrupt = [[x, c, b, y, a, d, a], [x, a, d, y, c, b, a], [x, a, b, y, c, d, c]][i % 3]
        rows.append((clean, corrupt, [b, d], ("names", "answers", "query")[i % 3]))
    clean, corrupt, answers = (torch.tensor(np.array([row[k] for row in rows])) for k in range(3))
    mask, lengths = torch.ones_like(clean, dtype=torch.bool), torch.full((24,), 7)
    batches = [Batch(ids, mask, lengths) for ids in (clean, corrupt)]
    return CleanCorrupt(*batches, answers, tuple(row[3] for row in rows))


def auroc(scores, true):
    ranks = rankdata(scores)
    n = true.sum()
    return (ranks[true].sum() - n * (n + 1) / 2) / (n * (~true).sum())


def test_the_planted_circuit_works(planted, pairs):
    seen = attention_patterns(planted, pairs.clean, [(0, 1), (1, 2)])
    assert (seen[:, 0, 2, 1] > 0.8).all()
    assert (seen[:, 1, -1].argmax(-1) == 2).all()
    effects = patch_nodes(planted, pairs).groupby("node")["effect"].mean()
    assert set(effects.abs().nlargest(3).index) == {"input", "h0.1", "h1.2"}


@pytest.mark.parametrize("steps", [1, 5])
def test_attribution_finds_the_planted_edges(planted, pairs, steps, capsys):
    scores = edge_attribution(planted, pairs, steps, rows_at_once=24)
    counted = np.array([edge not in UNSEEN for edge in scores.graph.edges])
    true = np.array([edge in PLANTED for edge in scores.graph.edges])
    found = auroc(abs(scores.mean)[counted], true[counted])
    with capsys.disabled():
        top = [" -> ".join(scores.graph.edges[i]) for i in np.argsort(-abs(scores.mean))[:6]]
        print(f"\nplanted, {scores.method}: AUROC {found:.3f} of {counted.sum()} edges; {', '.join(top)}")
    assert found >= 0.95


def test_the_planted_edges_alone_keep_the_behaviour(planted, pairs, capsys):
    scores = edge_attribution(planted, pairs, 5, rows_at_once=24)
    curve = faithfulness_curve(faithfulness(planted, pairs, scores, [1, 5, 12], draws=10), draws=100)
    with capsys.disabled():
        print("\n", curve.round(2).to_string())
    at = curve.set_index("size")
    assert at.loc[12, "share"] > 0.8
    assert at.loc[12, "random_high"] < at.loc[12, "low"]
