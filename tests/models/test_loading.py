"""Loading: from everywhere, to the same digest; and one line for everything that is wrong."""

import pytest
import torch

from workbench.models import embedded_names, encode, forward, load
from workbench.types import WorkbenchError


@pytest.fixture
def folder(tmp_path, tiny_module, byte_tokenizer):
    """A saved tiny Llama with its tokenizer."""
    tiny_module("llama", len(byte_tokenizer)).save_pretrained(tmp_path / "saved")
    byte_tokenizer.save_pretrained(tmp_path / "saved")
    return tmp_path / "saved"


def test_folder_module_and_bridge_agree(folder, llama_model, byte_tokenizer):
    from_folder = load(folder)
    assert from_folder.digest == llama_model.digest
    assert (from_folder.name, from_folder.weights_mode, from_folder.bos_rule) == ("saved", "raw", "prepend")
    batch = encode(llama_model, ["Hello"])
    assert torch.allclose(forward(from_folder, batch), forward(llama_model, batch), atol=1e-6)
    wrapped = load(llama_model.bridge, tokenizer=byte_tokenizer)
    assert torch.equal(forward(wrapped, batch), forward(llama_model, batch))
    assert load(llama_model.bridge, tokenizer=byte_tokenizer).digest == wrapped.digest


def test_the_digest_tells_weights_dtypes_and_tokenizers_apart(folder, byte_tokenizer, tiny_module):
    plain = load(folder).digest
    byte_tokenizer(["some", "padded texts"], padding=True)
    assert load(folder, tokenizer=byte_tokenizer).digest == plain
    assert load(folder, dtype=torch.bfloat16).digest != plain
    assert load(tiny_module("llama", len(byte_tokenizer), seed=1), tokenizer=byte_tokenizer).digest != plain


def test_loading_neither_changes_the_tokenizer_nor_the_random_state(folder, byte_tokenizer):
    byte_tokenizer.save_pretrained(folder)
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    model = load(folder)
    assert torch.equal(torch.rand(2), expected)
    assert model.tokenizer.special_tokens_map == byte_tokenizer.special_tokens_map


def test_incomplete_folders_say_what_is_missing(folder, tmp_path):
    steps = [("tokenizer*", "no tokenizer"), ("*.safetensors", "no .safetensors"), ("config.json", "no config")]
    for gone, says in steps:
        for path in folder.glob(gone):
            path.unlink()
        with pytest.raises(WorkbenchError, match=says) as error:
            load(folder)
        assert "\n" not in str(error.value)


def test_broken_weights_are_refused(folder, tiny_module, byte_tokenizer):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WorkbenchError, match="lacks 1 weights.*up_proj"):
        load(folder)
    (folder / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(WorkbenchError, match="weights in .* cannot be read"):
        load(folder)
    module = tiny_module("gpt2", len(byte_tokenizer))
    module.transformer.h[1].mlp.c_fc.weight.data[0, 0] = torch.nan
    with pytest.raises(WorkbenchError, match="NaN"):
        load(module, tokenizer=byte_tokenizer)


def test_weights_without_a_device_are_refused_in_one_line(tiny_module, byte_tokenizer):
    """A block that a device map left on disk has none."""
    module = tiny_module("llama", len(byte_tokenizer))
    module.model.layers[2].to("meta")
    with pytest.raises(WorkbenchError, match="are on cpu, meta; expected one device, or") as error:
        load(module, tokenizer=byte_tokenizer)
    assert "\n" not in str(error.value)


def test_unknown_names_list_the_embedded_ones(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    known = ", ".join(embedded_names()) or "none"
    with pytest.raises(WorkbenchError, match="the hub cannot be reached") as error:
        load("no-such-organism")
    assert known in str(error.value)
    for wrong in ("/no/such/folder", "a/b/c", ""):
        with pytest.raises(WorkbenchError, match="is no folder"):
            load(wrong)


def test_wrong_sources_are_refused(tiny_module, byte_tokenizer):
    with pytest.raises(WorkbenchError, match="got a int"):
        load(3)
    with pytest.raises(WorkbenchError, match="without a tokenizer"):
        load(tiny_module("gpt2", len(byte_tokenizer)))
    with pytest.raises(WorkbenchError, match="no chat template"):
        load(tiny_module("gpt2", len(byte_tokenizer)), tokenizer=byte_tokenizer, system_prompt="Be kind.")


def test_a_model_shows_itself_escaped(gpt2_model, byte_tokenizer):
    named = load(gpt2_model.bridge, tokenizer=byte_tokenizer, name="<script>")
    assert "&lt;script&gt;" in named._repr_html_()
    assert "4 layers × 32" in gpt2_model._repr_html_()
    assert (gpt2_model.device.type, gpt2_model.dtype, gpt2_model.context) == ("cpu", torch.float32, 256)


def test_a_native_bridge_loads_too(byte_tokenizer):
    from transformer_lens import TransformerBridge
    from transformer_lens.config import TransformerBridgeConfig

    config = TransformerBridgeConfig(n_layers=2, d_model=16, n_heads=2, d_head=8, d_mlp=32, n_ctx=64,
                                     d_vocab=len(byte_tokenizer), act_fn="gelu", seed=0)
    model = load(TransformerBridge.boot_native(config), tokenizer=byte_tokenizer)
    batch = encode(model, ["Hello", "a"])
    with torch.no_grad():
        plain = model.bridge(batch.ids, attention_mask=batch.mask.long())[:, -1]
    assert torch.allclose(forward(model, batch, positions="last"), plain, atol=1e-5)
