"""Sweeps against the unwrapped HuggingFace module, steered by a torch hook: none of the engine's code in common.

The settings are those that a family's own arithmetic shows in: Gemma's scaled embedding, (1 + w) norms, capped
logits and short windows; Mistral's window; biases of Qwen2.
"""

import copy

import numpy as np
import pytest
import torch

from workbench.models import load
from workbench.sweep import plain_sweep, sweep
from workbench.types import Site

CAPPED = {"final_logit_softcapping": 3.0, "attn_logit_softcapping": 2.0, "query_pre_attn_scalar": 5}
FAMILIES = {
    "gpt2": {}, "llama": {}, "qwen2": {}, "mistral": {"sliding_window": 6}, "gemma": {},
    "gemma2": {"sliding_window": 6} | CAPPED,
    "gemma3_text": {"sliding_window": 6, "query_pre_attn_scalar": 5, "layer_types": ["sliding_attention"] * 2 + [
        "full_attention", "sliding_attention"]},
}  # fmt: skip
SITE, DOSES = Site(1), (-1.0, 2.0)


def with_norms(module):
    """Norm weights that differ from where they begin: at 0 or 1, a norm that forgets them cannot be told."""
    draw = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if "norm" in name or "ln_" in name:
                weight.add_(0.3 * torch.randn(weight.shape, generator=draw))
    return module


def log_odds(module, tokenizer, pair, push) -> float:
    """log p(aligned) - log p(unaligned), one unpadded text each, every position of SITE's block pushed."""
    blocks = module.transformer.h if hasattr(module, "transformer") else module.model.layers

    def add(block, inputs, output):
        return (output[0] + push, *output[1:]) if isinstance(output, tuple) else output + push

    def of(answer: str) -> float:
        ask = [tokenizer.bos_token_id, *tokenizer(f"Question: {pair.question}\n\nAnswer:")["input_ids"]]
        ids = torch.tensor([ask + tokenizer(answer)["input_ids"]])
        with torch.no_grad():
            logs = module(ids).logits[0].float().log_softmax(-1)
        return float(logs[len(ask) - 1 : -1].gather(1, ids[0, len(ask) :, None]).sum())

    handle = blocks[SITE.layer].register_forward_hook(add)
    try:
        return of(pair.aligned) - of(pair.unaligned)
    finally:
        handle.remove()


@pytest.mark.parametrize("family", FAMILIES)
def test_equals_the_module_that_was_never_wrapped(family, tiny_module, byte_tokenizer, statements, direction):
    module = with_norms(tiny_module(family, len(byte_tokenizer), **FAMILIES[family]))
    alone = copy.deepcopy(module)
    u = direction(1)
    model = load(module, tokenizer=byte_tokenizer)
    cubes = [sweep(model, statements, {"u": u}, sites=[SITE], multipliers=DOSES) for _ in range(2)]
    doses = cubes[0].multipliers
    expected = [[log_odds(alone, byte_tokenizer, pair, dose * u.gap * u.vector) for dose in doses]
                for pair in statements.pairs]  # fmt: skip
    assert np.allclose(cubes[0].curve(SITE, "u"), expected, atol=2e-5, rtol=2e-6)
    assert np.array_equal(cubes[0].values, cubes[1].values), "a second sweep finds nothing that the first left"
    assert np.ptp(expected, axis=1).max() > 0.05


@pytest.mark.parametrize("family", ["gpt2", "llama", "qwen2", "gemma2"])
@pytest.mark.parametrize("where", ["all", "last"])
def test_in_bfloat16_it_is_as_near_to_float32_as_the_plain_pass(  # noqa: PLR0913
    family, where, tiny_module, byte_tokenizer, statements, direction
):
    options = {"sites": [Site(0), Site(2)], "multipliers": DOSES, "where": where}
    exact, half = (load(tiny_module(family, len(byte_tokenizer)), tokenizer=byte_tokenizer, dtype=dtype)
                   for dtype in (torch.float32, torch.bfloat16))  # fmt: skip
    assert half.dtype == torch.bfloat16
    wanted = sweep(exact, statements, {"u": direction(1)}, **options).values
    fast, slow = (way(half, statements, {"u": direction(1)}, **options).values for way in (sweep, plain_sweep))
    off, usual = (np.sqrt(np.mean((found - wanted) ** 2)) for found in (fast, slow))
    assert 0 < off < 1.5 * usual < 0.3 * np.sqrt(np.mean(wanted**2))
