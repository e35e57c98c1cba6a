"""Generation with a cache writes what repeated full passes write, with hooks at every step."""

import pytest
import torch

from workbench.models import Batch, encode, forward, generate, generate_tokens, load, position_mask
from workbench.types import WorkbenchError

TEXTS = ["Hello there", "Is it?", "a longer text than the others are"]
NAME = "blocks.1.hook_resid_post"


def slowly(model, batch, n, hooks=()):
    """Greedy decoding by full passes over the growing text."""
    ids, mask = batch.ids, batch.mask
    for _ in range(n):
        grown = Batch(ids, mask, batch.prompt_lengths)
        token = forward(model, grown, positions="last", hooks=hooks).argmax(-1, keepdim=True)
        ids, mask = torch.cat([ids, token], 1), torch.cat([mask, torch.ones_like(token).bool()], 1)
    return ids[:, batch.ids.shape[1]:]


def push_at(rule):
    def push(activation, hook, batch):
        where = position_mask(rule, batch)[..., None]
        return torch.where(where, activation + 3 * torch.linspace(-1, 1, activation.shape[-1]), activation)

    return [(NAME, push)]


def test_cached_greedy_decoding_equals_full_passes(any_model):
    batch = encode(any_model, TEXTS)
    assert torch.equal(generate_tokens(any_model, batch, 6), slowly(any_model, batch, 6))


@pytest.mark.parametrize("rule", ["all", "after_prompt"])
def test_hooks_know_where_they_are(any_model, rule):
    batch = encode(any_model, TEXTS)
    steered = generate_tokens(any_model, batch, 5, hooks=push_at(rule))
    assert torch.equal(steered, slowly(any_model, batch, 5, push_at(rule)))
    assert not torch.equal(steered, generate_tokens(any_model, batch, 5))
    altered = any_model.altered("push", tuple(push_at(rule)))
    assert torch.equal(generate_tokens(altered, batch, 5), steered)


def test_last_marks_the_given_text_only(any_model):
    batch = encode(any_model, TEXTS)
    seen = []

    def count(activation, hook, batch):
        seen.append((batch.offset, int(position_mask("last", batch).sum())))

    generate_tokens(any_model, batch, 3, hooks=[(NAME, count)])
    width = batch.ids.shape[1]
    assert seen == [(0, 3), (width, 0), (width + 1, 0)]


def test_sampling_is_seeded(any_model):
    first, again, other = (generate(any_model, TEXTS, 8, temperature=1.0, seed=s) for s in (1, 1, 2))
    assert first == again != other


def test_it_stops_at_the_end_token_and_does_not_show_it(any_model):
    end = any_model.tokenizer.eos_token_id

    def end_at_once(activation, hook):
        activation = activation.clone()
        activation[..., end] = 1e4
        return activation

    hooks = [("unembed.hook_out", end_at_once)]
    assert generate(any_model, TEXTS, 8, hooks=hooks) == ["", "", ""]
    assert generate_tokens(any_model, encode(any_model, TEXTS), 8, hooks=hooks).shape == (3, 1)


def test_it_stops_at_the_context(any_model):
    new = generate_tokens(any_model, encode(any_model, ["x" * 250]), 50)
    assert new.shape[1] <= any_model.context - 251 + 1


def test_an_unknown_family_generates_without_a_cache(byte_tokenizer, tiny_module):
    model = load(tiny_module("opt", len(byte_tokenizer)), tokenizer=byte_tokenizer)
    batch = encode(model, TEXTS)
    assert torch.equal(generate_tokens(model, batch, 3), slowly(model, batch, 3))


def test_bad_settings_are_refused(gpt2_model):
    with pytest.raises(WorkbenchError, match="temperature"):
        generate(gpt2_model, TEXTS, temperature=-1.0)
    with pytest.raises(WorkbenchError, match="at least one token"):
        generate(gpt2_model, TEXTS, 0)
