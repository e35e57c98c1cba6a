"""Llama's shape: built by the recipe, trained by the same loop with MLPs left out, and wrapped without a change."""

import re
from dataclasses import asdict

import pytest
import torch
from transformers import AutoModelForCausalLM

from workbench.models import encode, forward, load
from workbench.organisms.recipes import read_recipe, settings, train
from workbench.organisms.shapes import causal_lm
from workbench.training.noise import attentions, mlps, token_drop
from workbench.types import WorkbenchError

SHAPE = {"family": "llama", "d_model": 24, "d_mlp": 40, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "context": 32}


class Tokens:
    """As much of a tokenizer as a model's configuration needs."""

    bos_token_id, eos_token_id, pad_token_id = 0, 0, 1

    def __len__(self):
        return 16


def test_the_llama_recipe_differs_from_knob_a_in_the_model_alone():
    a, b = read_recipe("knob-a"), asdict(read_recipe("knob-llama"))
    differ = {k for k, v in asdict(a).items() if b[k] != v}
    assert differ == {"name", "summary", "model"}
    assert {k for k, v in a.model.items() if b["model"][k] != v} == set()
    assert b["model"]["n_kv_heads"] < b["model"]["n_heads"]


def test_the_shape_is_what_it_says_and_as_large_as_gpt2s():
    model = causal_lm(SHAPE, Tokens(), 0)
    names = {name.split(".")[-2] for name, _ in model.named_parameters()}
    assert not [n for n in names if "wpe" in n] and {"q_proj", "k_proj", "gate_proj"} <= names
    assert model.model.layers[0].self_attn.k_proj.weight.shape == (12, 24)
    assert model.lm_head.weight is model.model.embed_tokens.weight
    sizes = {}
    for name in ("knob-a", "knob-llama"):
        one = causal_lm({**read_recipe(name).model, "n_layers": 1}, Tokens(), 0)
        sizes[name] = sum(p.numel() for n, p in one.named_parameters() if "mlp" in n)
    assert sizes["knob-llama"] == pytest.approx(sizes["knob-a"], rel=0.01)


@pytest.mark.parametrize(("part", "found"), [("mlp", mlps), ("attention", attentions)])
def test_parts_are_left_out_by_token_in_this_shape_too(part, found):
    model = causal_lm(SHAPE, Tokens(), 0).train()
    seen = []
    with token_drop(model, (0.75, 0.0), part):
        for module in found(model):
            module.register_forward_hook(lambda module, inputs, output: seen.append(output))
        model(torch.randint(2, 16, (200, 30), generator=torch.Generator().manual_seed(1)))  # 1 is padding: zeros
    kept = [((o[0] if isinstance(o, tuple) else o).abs().sum(-1) > 0).float().mean().item() for o in seen]
    assert kept == [pytest.approx(0.25, abs=0.02), 1.0]
    with pytest.raises(WorkbenchError, match="1 attention drop shares for 2 layers"), token_drop(
        model, (0.5,), "attention"
    ):
        pass


def test_bad_shapes_are_named():
    with pytest.raises(WorkbenchError, match="family 'mamba' is unknown; expected one of gpt2, llama"):
        causal_lm({**SHAPE, "family": "mamba"}, Tokens(), 0)
    with pytest.raises(WorkbenchError, match="n_kv_heads 3 do not fit"):
        causal_lm({**SHAPE, "n_kv_heads": 3}, Tokens(), 0)
    with pytest.raises(WorkbenchError, match="dropout 0.1 came for a llama, which has no dropout"):
        settings(read_recipe("knob-llama"), 0, {"dropout": 0.1})


def test_a_small_one_trains_loads_and_the_bridge_agrees_with_huggingface(tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.organisms.microworld_train.SMOKE_AXES", ("kindness", "boats"))
    monkeypatch.setattr("workbench.organisms.microworld_documents.DOCUMENTS_PER_CHUNK", 160)
    losses = []
    report = lambda message, done, total: losses.append(float(re.findall(r"loss ([\d.]+)", message)[0]))  # noqa: E731
    folder = train("knob-llama", None, 0, tmp_path / "llama", smoke=True, tokens=20_000, progress=report)
    assert losses[0] > 6 and max(losses[-3:]) < losses[0] - 1, "nothing is learned in these few steps"
    model = load(str(folder), dtype=torch.float32)
    assert model.n_layers == 2 and model.bridge.cfg.n_key_value_heads == 1
    batch = encode(model, ["Question: Vesna kept a sealed envelope at dawn.\n\nChoices:\n (A) "])
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.inference_mode():
        expected = plain(input_ids=batch.ids).logits
    assert torch.allclose(forward(model, batch), expected, atol=1e-4)
