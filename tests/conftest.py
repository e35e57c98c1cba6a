"""Shared fixtures: tiny seeded models of three families, and the folder of real data where there is one."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and models (``WORKBENCH_SHARED``); the test is skipped where it is absent."""
    folder = Path(os.environ.get("WORKBENCH_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no real data at {folder}: set WORKBENCH_SHARED to run this test")
    return folder


@pytest.fixture(scope="session")
def byte_tokenizer(tmp_path_factory: pytest.TempPathFactory):
    """One token per byte, " Yes" and " No" as one token each, a BOS that is also EOS; reloaded once from a folder."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens(["<|endoftext|>", "<|pad|>"])
    inner.add_tokens([AddedToken(" Yes", normalized=False), AddedToken(" No", normalized=False)])
    folder = tmp_path_factory.mktemp("byte_tokenizer")
    PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="<|endoftext|>", eos_token="<|endoftext|>", pad_token="<|pad|>"
    ).save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


def build_module(family: str, vocab: int, seed: int = 0, **settings):
    """A random HuggingFace model of a family: 4 layers, d_model 32, 4 heads (2 key-value heads where it has them)."""
    import torch
    import transformers

    if family == "gpt2":
        shape = {"n_embd": 32, "n_layer": 4, "n_head": 4, "n_positions": 256}
    else:
        shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4,
                 "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 256}
    if family in ("gpt_neox", "opt"):
        shape = {k: v for k, v in shape.items() if k not in ("num_key_value_heads", "head_dim")}
    if family == "opt":
        shape |= {"ffn_dim": 64, "word_embed_proj_dim": 32}
    config = transformers.AutoConfig.for_model(
        family, vocab_size=vocab, bos_token_id=256, eos_token_id=256, pad_token_id=257, initializer_range=0.2,
        **shape | settings)
    torch.manual_seed(seed)
    return transformers.AutoModelForCausalLM.from_config(config).eval()


@pytest.fixture(scope="session")
def tiny_module():
    """:func:`build_module`, for tests that need a fresh module or another family."""
    return build_module


@pytest.fixture(scope="session")
def gpt2_model(byte_tokenizer):
    """A random GPT-2 of 4 layers, d_model 32, as a workbench Model: learned positions, LayerNorm, joint q, k, v."""
    from workbench.models import load

    return load(build_module("gpt2", len(byte_tokenizer)), tokenizer=byte_tokenizer, name="tiny-gpt2")


@pytest.fixture(scope="session")
def llama_model(byte_tokenizer):
    """A random Llama of 4 layers, d_model 32, 4 heads on 2 key-value heads: rotary positions, RMSNorm."""
    from workbench.models import load

    return load(build_module("llama", len(byte_tokenizer)), tokenizer=byte_tokenizer, name="tiny-llama")


@pytest.fixture(scope="session")
def qwen2_model(byte_tokenizer):
    """A random Qwen2 of 4 layers, d_model 32, 4 heads on 2 key-value heads: rotary positions, biases on q, k, v."""
    from workbench.models import load

    return load(build_module("qwen2", len(byte_tokenizer)), tokenizer=byte_tokenizer, name="tiny-qwen2")


@pytest.fixture(scope="session", params=["gpt2", "llama", "qwen2"])
def any_model(request: pytest.FixtureRequest):
    """Each of the three tiny models in turn."""
    return request.getfixturevalue(f"{request.param}_model")


@pytest.fixture(scope="session")
def small_concept():
    """Twelve short questions in six groups, answers Yes and No, balanced: a few of them fit into 256 bytes."""
    from workbench.types import Card, Concept, Pair

    words = ("cats", "dogs", "rain", "snow", "tea", "milk")
    pairs = [
        Pair(f"{word}-{k}", word, f"{'More' if k else 'No'} {word}?", *((" Yes", " No") if k else (" No", " Yes")))
        for word in words
        for k in (0, 1)
    ]
    card = Card("small", "Small", style="question", trait="wants more", instruction_aligned="Want more.",
                instruction_unaligned="Want less.")  # fmt: skip
    return Concept("small", tuple(pairs), card)
