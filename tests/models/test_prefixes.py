"""Cached prefixes: every variant equals the full forward of its own text, and no step changes the state."""

import copy

import pytest
import torch

from workbench.models import capture, encode, forward, load, position_mask, prefix, step, unembed, unembed_answers
from workbench.types import Site, WorkbenchError

TEXTS = ["Hello there", "Is it? Yes", "a longer text than the others are", "xy"]
SLIDING = {"mistral": {"sliding_window": 4}, "gemma2": {"sliding_window": 4}, "gemma3_text": {"sliding_window": 4}}


def close(a, b, within=1e-5):
    assert a.shape == b.shape
    assert float((a - b).abs().max()) < within


def test_last_token_alone_equals_the_full_forward(any_model):
    batch = encode(any_model, TEXTS)
    state = prefix(any_model, batch)
    assert state.rest.tolist() == batch.ids[:, -1:].tolist()
    final = step(any_model, state, state.rest[:, None])[:, 0, 0]
    close(unembed(any_model, final), forward(any_model, batch, positions="last"))


@pytest.mark.parametrize("family", SLIDING)
def test_sliding_windows_too(family, byte_tokenizer, tiny_module):
    model = load(tiny_module(family, len(byte_tokenizer), **SLIDING[family]), tokenizer=byte_tokenizer)
    batch = encode(model, TEXTS)
    state = prefix(model, batch)
    close(unembed(model, step(model, state, state.rest[:, None])[:, 0, 0]), forward(model, batch, positions="last"))


@pytest.mark.parametrize("layer", range(4))
def test_a_push_on_the_last_token_needs_the_upper_blocks_only(any_model, layer):
    batch, push = encode(any_model, TEXTS), torch.linspace(-1, 1, any_model.d_model)
    doses = torch.tensor([0.0, 1.0, -2.0])
    site = Site(layer)
    state = prefix(any_model, batch)
    clean = step(any_model, state, state.rest[:, None], stop=layer + 1)
    variants = clean + doses[None, :, None, None] * push
    ran = []
    spies = [(f"blocks.{i}.hook_in", lambda activation, hook: ran.append(activation.shape)) for i in range(layer + 1)]
    final = step(any_model, state, variants, start=layer + 1, hooks=spies)
    assert not ran
    for v, dose in enumerate(doses):
        def add(activation, hook, dose=dose):
            steered = activation.clone()
            steered[:, -1] += dose * push
            return steered

        full = forward(any_model, batch, hooks=[(site.hook, add)], positions="last", columns=[5, 7])
        close(unembed_answers(any_model, final[:, v, 0], torch.tensor([[5, 7]] * 4)), full)


def test_answers_of_unequal_length_side_by_side(any_model):
    """Two continuations in one step, the shorter filled up at its end: neither sees the other."""
    prompts = ["Is it?", "And is this one so, or not?"]
    state = prefix(any_model, encode(any_model, prompts))
    answers = ["ab", "wxyz"]
    ids = [any_model.tokenizer(a, add_special_tokens=False)["input_ids"] for a in answers]
    width = 1 + max(map(len, ids))
    rows = [[[int(state.rest[r, 0]), *a, *[0] * (width - 1 - len(a))] for a in ids] for r in range(2)]
    final = step(any_model, state, torch.tensor(rows))
    for v, answer in enumerate(answers):
        whole = forward(any_model, encode(any_model, prompts, [answer] * 2))
        k = len(ids[v]) + 1
        close(unembed(any_model, final[:, v, :k]), whole[:, -k:])


def test_steps_never_change_the_state(any_model):
    batch = encode(any_model, TEXTS)
    state = prefix(any_model, batch, keep=0)
    before = copy.deepcopy(state.cache.layers)
    token = torch.full((4, 2, 3), 5)
    first = step(any_model, state, token)
    close(first, step(any_model, state, token), 1e-9)
    assert all(torch.equal(before[i][j], state.cache.layers[i][j]) for i in before for j in (0, 1))
    some = state.rows(torch.tensor([2, 0]))
    for _ in range(2):
        close(step(any_model, some, token[:2]), first[[2, 0]])


def test_the_cache_of_transformers_is_changed_by_every_call(llama_model):
    """Why KeyValues exists: the same two steps on the library's cache see each other."""
    batch = encode(llama_model, ["Hello there"])
    with torch.no_grad():
        _, cache = llama_model.bridge(batch.ids, return_type="logits_and_cache", use_cache=True)
        length = cache.get_seq_length()
        llama_model.bridge(torch.tensor([[5]]), past_key_values=cache)
        assert cache.get_seq_length() == length + 1
        cache.crop(-1)
        assert cache.get_seq_length() == length


def test_hooks_of_an_altered_model_act_on_prefix_and_step(any_model):
    batch, push = encode(any_model, TEXTS), torch.linspace(-1, 1, any_model.d_model)

    def add(activation, hook):
        return activation + push

    altered = any_model.altered("push", (("blocks.1.hook_resid_post", add),))
    state = prefix(altered, batch)
    final = step(altered, state, state.rest[:, None])[:, 0, 0]
    close(unembed(altered, final), forward(altered, batch, positions="last"))
    assert capture(altered, batch, [Site(3)], "last")[Site(3)].shape == (4, any_model.d_model)


@pytest.mark.parametrize("rule", ["all", "last", "last_k:2", "after_prompt", "answer", "response"])
def test_position_rules_mean_the_same_tokens_as_in_the_whole_text(any_model, rule):
    """A model steered by a rule gives the same numbers in two parts, variants side by side, as in one piece."""
    prompts = ["Is it?", "And is this one so, or not?"]

    def push(activation, hook, batch):
        where = position_mask(rule, batch)[..., None]
        return torch.where(where, activation + 3 * torch.linspace(-1, 1, activation.shape[-1]), activation)

    steered = any_model.altered(rule, (("blocks.1.hook_resid_post", push),))
    whole = encode(steered, prompts, [" maybe"] * 2)
    state = prefix(steered, whole, keep=3)
    final = step(steered, state, state.rest[:, None].expand(-1, 2, -1))
    for variant in range(2):
        close(unembed(steered, final[:, variant]), forward(steered, whole)[:, -3:])
    bare = prefix(steered, encode(steered, prompts))
    final = step(steered, bare, bare.rest[:, None].expand(-1, 2, -1))
    close(unembed(steered, final[:, 1, 0]), forward(steered, encode(steered, prompts), positions="last"))


def test_misuse_is_refused(any_model, byte_tokenizer, tiny_module):
    batch = encode(any_model, TEXTS)
    state = prefix(any_model, batch)
    with pytest.raises(WorkbenchError, match="expected fewer"):
        prefix(any_model, batch, keep=3)
    with pytest.raises(WorkbenchError, match="residual stream"):
        step(any_model, state, state.rest[:, None], start=2)
    with pytest.raises(WorkbenchError, match="one row each"):
        step(any_model, state, torch.zeros(3, 1, 1, dtype=torch.long))
    opt = load(tiny_module("opt", len(byte_tokenizer)), tokenizer=byte_tokenizer, name="an-opt")
    with pytest.raises(WorkbenchError, match="an-opt is a OPTForCausalLM"):
        prefix(opt, encode(opt, TEXTS))
