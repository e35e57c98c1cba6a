"""What a recipe's ``[model]`` builds: a small causal LM with random weights, of one of two families.

``gpt2``: learned positions, LayerNorm, one key and value per head, a GELU MLP. ``llama``: rotary positions, RMSNorm,
fewer key-value heads than heads (grouped-query attention, arXiv 2305.13245), a gated MLP. Both tie the unembedding to
the embedding.
"""

from collections.abc import Callable, Mapping
from typing import Any

from workbench.types import WorkbenchError


def causal_lm(shape: Mapping[str, Any], tokenizer, seed: int):
    """A randomly initialised HuggingFace causal LM of the shape's ``family`` (default "gpt2").

    Its token embeddings are multiplied by ``embedding_scale`` (default 1): the usual start of .02 is small for a width
    of a hundred or two, where the embeddings are the unembedding too.

    Raises WorkbenchError for an unknown family, and where the heads do not divide the width or the key-value heads the
    heads.
    """
    import torch

    family, width, heads = shape.get("family", "gpt2"), shape["d_model"], shape["n_heads"]
    if family not in FAMILIES:
        raise WorkbenchError(f"model family {family!r} is unknown; expected one of {', '.join(FAMILIES)}")
    kv_heads = shape.get("n_kv_heads", heads)
    if width % heads or heads % kv_heads:
        raise WorkbenchError(
            f"d_model {width}, n_heads {heads}, n_kv_heads {kv_heads} do not fit; expected each to be a multiple of "
            "the next"
        )
    ends = {f"{end}_token_id": getattr(tokenizer, f"{end}_token_id") for end in ("bos", "eos", "pad")}
    torch.manual_seed(seed)
    model = FAMILIES[family](shape, {"vocab_size": len(tokenizer), "attn_implementation": "eager", **ends})
    with torch.no_grad():
        model.get_input_embeddings().weight.mul_(shape.get("embedding_scale", 1.0))
    return model


def _gpt2(shape: Mapping[str, Any], common: dict[str, Any]):
    from transformers import GPT2Config, GPT2LMHeadModel

    sizes = {"n_embd": shape["d_model"], "n_layer": shape["n_layers"], "n_head": shape["n_heads"]}
    nothing = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0)
    act = {"activation_function": "gelu_pytorch_tanh", "n_positions": shape["context"]}
    return GPT2LMHeadModel(GPT2Config(**common, **sizes, **act, **nothing))


def _llama(shape: Mapping[str, Any], common: dict[str, Any]):
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes: dict[str, Any] = {
        "hidden_size": shape["d_model"],
        "intermediate_size": shape["d_mlp"],
        "num_hidden_layers": shape["n_layers"],
        "num_attention_heads": shape["n_heads"],
        "num_key_value_heads": shape.get("n_kv_heads", shape["n_heads"]),
        "max_position_embeddings": shape["context"],
    }
    return LlamaForCausalLM(LlamaConfig(**common, **sizes, tie_word_embeddings=True))


FAMILIES: dict[str, Callable[[Mapping[str, Any], dict[str, Any]], Any]] = {"gpt2": _gpt2, "llama": _llama}
