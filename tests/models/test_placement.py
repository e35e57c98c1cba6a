"""A model whose blocks are on two devices: the same numbers, and nothing of one device meets anything of the other.

Without a second device its upper half stands on "meta", where most operations check devices and none knows values; with
both halves on the CPU the same hooks move nothing, and values are compared.
"""

import pytest
import torch
from accelerate.hooks import AlignDevicesHook, add_hook_to_module

from workbench import fit, steer, sweep
from workbench.activations import extract
from workbench.circuits import Graph, contributions
from workbench.models import capture, encode, forward, generate, is_split, load, patch_residual, placement
from workbench.models.unhooked import may_run_unhooked
from workbench.types import Direction, Site, WorkbenchError

PROMPTS = ["a first prompt", "and a second one"]
SITES = [Site(layer, stream) for layer in range(4) for stream in ("resid_post", "attn_out")] + [Site(3, "z", 1)]


def split_in_two(model, upper: str, norm: str = "") -> None:
    """Upper blocks, norm and unembedding to another device, each moving what it is given there, as accelerate does."""
    inner = model.bridge.original_model
    parts = {"model.embed_tokens": "cpu", "model.rotary_emb": "cpu", "lm_head": upper, "model.norm": norm or upper,
             **{f"model.layers.{k}": "cpu" if k < 2 else upper for k in range(4)}}  # fmt: skip
    modules = {name.replace("_original_component.", "").replace("._original_component", ""): module
               for name, module in inner.named_modules() if not hasattr(module, "original_component")}
    for name, place in parts.items():
        module = modules[name].to(place)
        add_hook_to_module(module, AlignDevicesHook(execution_device=torch.device(place), io_same_device=False))
    inner.hf_device_map = parts | {"lm_head": "other" if upper == "cpu" else upper}


@pytest.fixture
def pair(tiny_module, byte_tokenizer):
    """(a model on one device, the same one split), both on the CPU."""
    both = [load(tiny_module("llama", len(byte_tokenizer)), tokenizer=byte_tokenizer, name="tiny") for _ in range(2)]
    split_in_two(both[1], "cpu")
    return both


@pytest.fixture
def apart(tiny_module, byte_tokenizer, monkeypatch):
    """A model with its upper half on "meta"; what would be brought home from there is zeros of its shape."""
    model = load(tiny_module("llama", len(byte_tokenizer)), tokenizer=byte_tokenizer, name="tiny")
    split_in_two(model, "meta")
    monkeypatch.setattr(placement, "home", lambda model, x: torch.zeros(x.shape, dtype=x.dtype) if x.is_meta else x)
    return model


def readings(model, concept, direction) -> list[torch.Tensor]:
    """What the workbench reads of a model: logits, activations, sweeps anywhere and at the end, a steered pass."""
    batch = encode(model, PROMPTS, [" Yes", " No"])
    found = [forward(model, batch), forward(model, batch, upto=3)]
    found.append(forward(model, batch, positions="last", columns=[5, 6]))
    found += capture(model, batch, SITES, torch.tensor([[-1, -3], [-2, -1]])).values()
    for where in ("all", "last"):
        cube = sweep(model, concept, {"own": direction}, sites=[Site(1), Site(3)], multipliers=(-1, 0, 1), where=where)
        found.append(torch.tensor(cube.values))
    return [*found, forward(steer(model, direction, 2.0), batch)]


def extracted(model, concept) -> dict:
    """Activations behind masks, whose number of rows depends on values: not to be had on "meta"."""
    return extract(model, concept, prompt_type="instruction", sites=[Site(1), Site(3)], rule="last_k:2")


def test_a_split_model_gives_the_same_numbers(pair, small_concept):
    whole, split = pair
    assert is_split(split) and not is_split(whole)
    assert may_run_unhooked(whole) and not may_run_unhooked(split), "its hooks are its blocks' way to their device"
    acts = [extracted(model, small_concept) for model in pair]
    direction = fit(acts[0][Site(1)])
    found = [readings(model, small_concept, direction) + [act.values for act in own.values()]
             for model, own in zip(pair, acts, strict=True)]  # fmt: skip
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(other, one, atol=1e-5, rtol=1e-5)
    assert generate(split, PROMPTS, 5) == generate(whole, PROMPTS, 5)


def test_nothing_of_one_device_meets_anything_of_the_other(apart, small_concept):
    with pytest.raises(RuntimeError, match="device"):
        torch.ones(2) + torch.ones(2, device="meta")
    assert {str(p.device) for p in apart.bridge.parameters()} == {"cpu", "meta"} and apart.device.type == "cpu"
    direction = Direction(torch.eye(apart.d_model)[0], 1.0, Site(1), "test")
    assert all(found.device.type == "cpu" for found in readings(apart, small_concept, direction))
    assert len(generate(apart, PROMPTS, 3)) == 2
    clean, corrupt = (encode(apart, [text]) for text in ("one text", "two text"))
    shares = patch_residual(apart, clean, corrupt, [Site(0), Site(3)], ["last"], lambda logits: logits[:, 0])
    assert shares.shape == (2, 1, 1)


def test_an_unembedding_on_another_device_than_the_norm_is_met_there(tiny_module, byte_tokenizer, monkeypatch):
    """As where embedding and unembedding share their weights: chosen columns are read without the module's own hook."""
    model = load(tiny_module("llama", len(byte_tokenizer)), tokenizer=byte_tokenizer, name="tiny")
    split_in_two(model, "meta", norm="cpu")
    monkeypatch.setattr(placement, "home", lambda model, x: torch.zeros(x.shape, dtype=x.dtype) if x.is_meta else x)
    product, met = torch.einsum, []

    def noted(how, *parts):  # products on "meta" do not look at their parts' devices
        met.append({part.device.type for part in parts})
        return product(how, *parts)

    monkeypatch.setattr(torch, "einsum", noted)
    found = forward(model, encode(model, PROMPTS), positions="last", columns=[5, 6])
    assert met == [{"meta"}]
    assert found.shape == (2, 2) and found.device.type == "cpu"


def test_what_mixes_several_layers_refuses_a_split_model(pair):
    with pytest.raises(WorkbenchError, match="whose blocks are on several devices; expected one"):
        Graph.of(pair[1])
    with pytest.raises(WorkbenchError, match="a decomposition got tiny"):
        contributions(pair[1], encode(pair[1], PROMPTS), Direction(torch.eye(32)[0], 1.0, Site(1), "test"))


def test_a_device_map_is_for_what_is_still_to_be_loaded(tiny_module, byte_tokenizer):
    with pytest.raises(WorkbenchError, match="loaded already"):
        load(tiny_module("llama", len(byte_tokenizer)), tokenizer=byte_tokenizer, device="auto")


def test_a_folder_is_loaded_by_a_device_map(tiny_module, byte_tokenizer, tmp_path):
    tiny_module("llama", len(byte_tokenizer)).to(torch.bfloat16).save_pretrained(tmp_path)
    byte_tokenizer.save_pretrained(tmp_path)
    mapped, plain = load(tmp_path, device={"": "cpu"}), load(tmp_path)
    assert mapped.dtype == torch.float32
    assert mapped.digest == plain.digest and not is_split(mapped) and mapped.device == plain.device
    batch = encode(plain, PROMPTS)
    torch.testing.assert_close(forward(mapped, batch), forward(plain, batch))
