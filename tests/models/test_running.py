"""Passes: equal to the plain bridge whatever is left out, and the traps of TransformerLens 4.3 one by one."""

import warnings

import numpy as np
import pytest
import torch

from workbench.models import (
    capture,
    encode,
    forward,
    hooked,
    load,
    position_mask,
    resume,
    unembed,
    unembed_answers,
)
from workbench.types import Site, WorkbenchError

TEXTS = ["Hello there", "Is it? Yes", "a longer text than the others are", "x"]
FAMILIES = {
    "qwen3": {}, "mistral": {"sliding_window": 4}, "gemma": {}, "gemma2": {"sliding_window": 4},
    "gemma3_text": {"sliding_window": 4}, "gpt_neox": {},
    "qwen2": {"sliding_window": 4, "use_sliding_window": True, "max_window_layers": 2},
}


def real(values, batch):
    return values[batch.mask]


def close(a, b, within=1e-5):
    assert a.shape == b.shape
    assert float((a - b).abs().max()) < within


def test_forward_equals_the_bridge(any_model, batch, plain):
    close(real(forward(any_model, batch), batch), real(plain, batch))


def test_left_padding_equals_unpadded(any_model, batch):
    together = forward(any_model, batch)
    for row, text in enumerate(TEXTS):
        alone = encode(any_model, [text])
        close(forward(any_model, alone)[0], together[row, -alone.ids.shape[1]:])


def test_plain_huggingface_without_position_ids_is_wrong_on_padded_gpt2(byte_tokenizer, tiny_module):
    """The reason why every pass here derives positions from the mask."""
    module = tiny_module("gpt2", len(byte_tokenizer))
    model = load(tiny_module("gpt2", len(byte_tokenizer)), tokenizer=byte_tokenizer)
    batch = encode(model, TEXTS)
    with torch.no_grad():
        naive = module(batch.ids, attention_mask=batch.mask.long()).logits[:, -1]
        careful = module(batch.ids, attention_mask=batch.mask.long(), position_ids=batch.position_ids).logits[:, -1]
    ours = forward(model, batch, positions="last")
    close(ours, careful)
    assert float((ours - naive).abs().max()) > 0.1


def test_positions_and_columns_are_slices_of_the_whole(any_model, batch, plain):
    close(forward(any_model, batch, positions="last"), plain[:, -1])
    close(forward(any_model, batch, positions=-2), plain[:, -2])
    close(forward(any_model, batch, positions=position_mask("all", batch)), real(plain, batch))
    close(forward(any_model, batch, positions="last", columns=[5, 7]), plain[:, -1, [5, 7]])
    index = torch.tensor([[-1, -2]] * 4)
    close(forward(any_model, batch, positions=index), plain[:, [-1, -2]])
    own = torch.tensor([[1, 2], [3, 4], [5, 6], [7, 8]])
    close(forward(any_model, batch, positions="last", columns=own), plain[:, -1].gather(1, own))
    close(forward(any_model, batch, positions=index, columns=own)[:, 1], plain[:, -2].gather(1, own))
    mask = position_mask("last_k:2", batch)
    marked = forward(any_model, batch, positions=mask, columns=own)
    close(marked, plain[mask].gather(1, own.repeat_interleave(mask.sum(1), 0)))


def test_columns_need_no_unembedding(any_model, batch):
    seen = []
    with hooked(any_model, {"unembed.hook_in": lambda activation, hook: seen.append(activation.shape)}):
        forward(any_model, batch, positions="last", columns=[5])
        assert not seen
        forward(any_model, batch, positions="last")
        assert seen == [torch.Size([4, any_model.d_model])]


def test_upto_is_the_stream_that_enters_a_block(any_model, batch):
    close(forward(any_model, batch, upto=2), capture(any_model, batch, [Site(2, "resid_pre")])[Site(2, "resid_pre")])


@pytest.mark.parametrize("stream", ["resid_pre", "resid_mid", "attn_out", "mlp_out", "resid_post"])
def test_capture_equals_run_with_cache(any_model, batch, stream):
    site = Site(1, stream)
    _, cache = any_model.bridge.run_with_cache(batch.ids, attention_mask=batch.mask.long())
    close(real(capture(any_model, batch, [site])[site], batch), real(cache[site.hook], batch))
    close(capture(any_model, batch, [site], "last")[site], cache[site.hook][:, -1])


def test_capture_reads_heads(any_model, batch):
    whole, head = Site(1, "z"), Site(1, "z", 3)
    got = capture(any_model, batch, [whole, head], "last")
    assert got[whole].shape == (4, any_model.n_heads, 8)
    close(got[head], got[whole][:, 3])


def test_capture_runs_nothing_above_the_highest_site(any_model, batch):
    ran = []
    names = [f"blocks.{layer}.{part}" for layer in range(4) for part in ("hook_in", "mlp.hook_in", "hook_out")]
    spies = {name: lambda activation, hook: ran.append(hook.name) for name in [*names, "ln_final.hook_in"]}
    with hooked(any_model, spies):
        capture(any_model, batch, [Site(0), Site(1, "attn_out")])
    assert ran == ["blocks.0.hook_in", "blocks.0.mlp.hook_in", "blocks.0.hook_out", "blocks.1.hook_in"]


def test_start_at_layer_saves_nothing_but_resume_does(any_model, batch):
    resid = capture(any_model, batch, [Site(1)])[Site(1)]
    ran = []
    spies = {f"blocks.{layer}.mlp.hook_in": lambda activation, hook: ran.append(hook.name) for layer in range(4)}
    with hooked(any_model, spies):
        any_model.bridge(resid, start_at_layer=2)
        assert len(ran) == 4
        ran.clear()
        resume(any_model, resid, 2, batch)
    assert ran == ["blocks.2.mlp.hook_in", "blocks.3.mlp.hook_in"]


@pytest.mark.parametrize("layer", range(4))
def test_resume_equals_the_full_forward_left_padded(any_model, batch, plain, layer):
    resid = capture(any_model, batch, [Site(layer)])[Site(layer)]
    close(real(unembed(any_model, resume(any_model, resid, layer + 1, batch)), batch), real(plain, batch))
    variants = resume(any_model, resid.repeat_interleave(3, 0), layer + 1, batch.repeat(3), positions="last")
    columns = torch.tensor([[5, 7]] * 12)
    close(unembed_answers(any_model, variants, columns), plain[:, -1, [5, 7]].repeat_interleave(3, 0))


@pytest.mark.parametrize("family", FAMILIES)
def test_other_families_padded_and_sliding(family, byte_tokenizer, tiny_module):
    model = load(tiny_module(family, len(byte_tokenizer), **FAMILIES[family]), tokenizer=byte_tokenizer)
    batch = encode(model, TEXTS)
    with torch.no_grad():
        plain = model.bridge(batch.ids, attention_mask=batch.mask.long())
    close(real(forward(model, batch), batch), real(plain, batch))
    resid = capture(model, batch, [Site(1)])[Site(1)]
    close(real(unembed(model, resume(model, resid, 2, batch)), batch), real(plain, batch))
    close(forward(model, batch, positions="last", columns=[5, 7]), plain[:, -1, [5, 7]])


def test_an_unknown_family_still_works_through_the_whole_bridge(byte_tokenizer, tiny_module):
    model = load(tiny_module("opt", len(byte_tokenizer)), tokenizer=byte_tokenizer)
    batch = encode(model, TEXTS)
    with torch.no_grad():
        plain = model.bridge(batch.ids, attention_mask=batch.mask.long())
    close(forward(model, batch, positions="last"), plain[:, -1])
    resid = capture(model, batch, [Site(1)])[Site(1)]
    with pytest.warns(UserWarning, match="the lower ones are run as well"):
        close(unembed(model, resume(model, resid, 2, batch, positions="last")), plain[:, -1])


def test_resid_mid_hook_reaches_the_mlp_only(any_model, batch):
    """Why an intervention there is refused: it is not the same as one on attn_out, which feeds the same sum."""
    push = torch.linspace(-1, 1, any_model.d_model)  # not constant: a LayerNorm removes that

    def add(activation, hook):
        return activation + push

    with pytest.raises(WorkbenchError, match="MLP branch only"):
        forward(any_model, batch, hooks=[("blocks.1.hook_resid_mid", add)])
    with torch.no_grad(), any_model.bridge.hooks(fwd_hooks=[("blocks.1.hook_resid_mid", add)]):
        mid = any_model.bridge(batch.ids, attention_mask=batch.mask.long())[:, -1]
    out = forward(any_model, batch, hooks=[("blocks.1.hook_attn_out", add)], positions="last")
    assert float((mid - out).abs().max()) > 0.1


def test_gradients_pass_through_every_captured_stream(any_model, batch):
    sites = [Site(1, stream) for stream in ("resid_pre", "attn_out", "z", "mlp_out", "resid_post")]
    kept = {}

    def keep(activation, hook):
        kept[hook.name] = activation.requires_grad_() if activation.is_leaf else activation
        return activation

    hooks = [(site.hook, keep) for site in sites]
    score = forward(any_model, batch, hooks=hooks, positions="last", columns=[5], grad=True).sum()
    gradients = torch.autograd.grad(score, list(kept.values()))
    assert len(gradients) == 5
    assert all(float(g.abs().max()) > 0 for g in gradients)
    assert capture(any_model, batch, sites, grad=True)[sites[-1]].requires_grad
    assert not capture(any_model, batch, sites)[sites[-1]].requires_grad


def test_results_may_be_used_in_a_gradient(any_model, batch):
    values = capture(any_model, batch, [Site(1)], "last")[Site(1)]
    weight = torch.zeros(any_model.d_model, requires_grad=True)
    (values @ weight).sum().backward()
    assert weight.grad is not None


def test_ln_normalized_is_off_the_graph_on_rms_norm_models(llama_model):
    """Read gradients at the streams, not at ln1.hook_normalized."""
    batch = encode(llama_model, TEXTS)
    kept = []
    score = forward(llama_model, batch, positions="last", columns=[5], grad=True, hooks=[
        ("blocks.1.ln1.hook_normalized", lambda activation, hook: kept.append(activation) or activation)]).sum()
    assert torch.autograd.grad(score, kept, allow_unused=True)[0] is None


def test_weight_writes_that_count_and_one_that_is_silent(byte_tokenizer, tiny_module):
    for family in ("gpt2", "llama"):
        model = load(tiny_module(family, len(byte_tokenizer)), tokenizer=byte_tokenizer)
        batch = encode(model, TEXTS)
        before = forward(model, batch, positions="last")
        model.bridge.W_out[1].zero_() if not model.bridge.W_out.requires_grad else model.bridge.W_out.data[1].zero_()
        close(forward(model, batch, positions="last"), before)
        model.bridge.blocks[1].mlp.W_out.data.zero_()
        silenced = capture(model, batch, [Site(1, "mlp_out")], "last")[Site(1, "mlp_out")]
        assert float((silenced - silenced[0]).abs().max()) == 0
        assert float((forward(model, batch, positions="last") - before).abs().max()) > 1e-3
        assert load(model.bridge, tokenizer=byte_tokenizer).digest != load(
            tiny_module(family, len(byte_tokenizer)), tokenizer=byte_tokenizer).digest


def test_keys_and_values_have_fewer_heads_on_grouped_query_models(llama_model, gpt2_model):
    shapes = {}
    for model in (llama_model, gpt2_model):
        with hooked(model, {"blocks.0.attn.hook_k": lambda activation, hook: shapes.update(k=activation.shape[2])}):
            forward(model, encode(model, TEXTS))
        assert shapes["k"] == model.n_kv_heads
    assert (llama_model.n_heads, llama_model.n_kv_heads, gpt2_model.n_kv_heads) == (4, 2, 4)


@pytest.mark.parametrize("family", ["gpt2", "llama", "qwen2"])
def test_folded_weights_keep_log_probs_not_logits(family, byte_tokenizer, tiny_module):
    raw = load(tiny_module(family, len(byte_tokenizer)), tokenizer=byte_tokenizer)
    bridge = load(tiny_module(family, len(byte_tokenizer)), tokenizer=byte_tokenizer).bridge
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bridge.enable_compatibility_mode()
    folded = load(bridge, tokenizer=byte_tokenizer, name="folded")
    assert (raw.weights_mode, folded.weights_mode) == ("raw", "folded")
    assert raw.digest != folded.digest
    batch = encode(raw, TEXTS)
    ours, theirs = forward(raw, batch, positions="last"), forward(folded, batch, positions="last")
    close(ours.log_softmax(-1), theirs.log_softmax(-1), 1e-4)
    assert float((ours - theirs).abs().max()) > 1e-3
    pair = forward(folded, batch, positions="last", columns=[5, 7])
    close(pair[:, 0] - pair[:, 1], ours[:, 5] - ours[:, 7], 1e-4)


def test_a_hook_fires_once_also_in_compatibility_mode(byte_tokenizer, tiny_module):
    """bridge.hooks() calls a hook once per alias there: an added vector would be added twice."""
    bridge = load(tiny_module("gpt2", len(byte_tokenizer)), tokenizer=byte_tokenizer).bridge
    bridge.enable_compatibility_mode()
    model = load(bridge, tokenizer=byte_tokenizer)
    calls = []
    forward(model, encode(model, TEXTS), hooks=[("blocks.1.hook_resid_post", lambda activation, hook: calls.append(1))])
    assert len(calls) == 1


def test_errors_say_what_came(any_model, batch):
    resid = capture(any_model, batch, [Site(1)])[Site(1)]
    for wrong, expected in [
        (lambda: capture(any_model, batch, [Site(9)]), "beyond"),
        (lambda: capture(any_model, batch, []), "no sites"),
        (lambda: capture(any_model, batch, [Site(1, "z", 9)]), "heads 0 to 3"),
        (lambda: resume(any_model, resid.repeat(2, 1, 1), 1, batch), "batch.repeat"),
        (lambda: resume(any_model, resid, 9, batch), "0 to 4"),
        (lambda: forward(any_model, batch, positions="first"), "last_k"),
        (lambda: forward(any_model, batch, positions=torch.zeros(2, 2)), "rows"),
        (lambda: forward(any_model, batch, columns=torch.zeros(2, 2, dtype=torch.long)), "columns"),
    ]:
        with pytest.raises(WorkbenchError, match=expected) as error:
            wrong()
        assert "\n" not in str(error.value)


def test_an_altered_model_carries_its_hooks_and_another_digest(any_model, batch, plain):
    push = torch.linspace(-1, 1, any_model.d_model)

    def add(activation, hook):
        return activation + push

    altered = any_model.altered("add a push at 1", (("blocks.1.hook_resid_post", add),))
    assert altered.digest != any_model.digest
    assert altered.digest == any_model.altered("add a push at 1").digest
    steered = forward(altered, batch, positions="last")
    assert float((steered - plain[:, -1]).abs().max()) > 1e-2
    site = Site(1)
    close(capture(altered, batch, [site])[site], capture(any_model, batch, [site])[site] + push)
    entering = capture(any_model, batch, [Site(1, "resid_pre")])[Site(1, "resid_pre")]
    close(unembed(altered, resume(altered, entering, 1, batch, positions="last")), steered)
    close(forward(any_model, batch, positions="last"), plain[:, -1])
    with pytest.raises(WorkbenchError, match="note"):
        any_model.altered("")


def test_numbers_are_finite(any_model, batch):
    assert np.isfinite(forward(any_model, batch).numpy()).all()
