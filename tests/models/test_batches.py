"""Texts to tokens: padding, BOS, answers that extend their prompts, chat turns, buckets."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.models import batches, bucket, encode, load, tokens
from workbench.models.batch import pad_id
from workbench.types import WorkbenchError

CHATML = ("{% for m in messages %}<{{ m.role }}>{{ m.content }}</{{ m.role }}>\n{% endfor %}"
          "{% if add_generation_prompt %}<assistant>\n{% endif %}")
NO_SYSTEM = ("{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}"
             "{% endif %}[{{ m.content }}]{% endfor %}")


@pytest.fixture
def chat_tokenizer(byte_tokenizer, tmp_path):
    from transformers import AutoTokenizer

    byte_tokenizer.save_pretrained(tmp_path)
    return AutoTokenizer.from_pretrained(tmp_path)


def text_of(model, batch, row):
    return model.tokenizer.decode(batch.ids[row][batch.mask[row]])


def test_a_batch_is_left_padded_with_bos_and_says_so(any_model):
    batch = encode(any_model, ["ab", "abcd"])
    bos, fill = any_model.tokenizer.bos_token_id, pad_id(any_model)
    assert batch.ids[0, :3].tolist() == [fill, fill, bos]
    assert batch.mask.tolist() == [[False, False, True, True, True], [True] * 5]
    assert batch.position_ids.tolist() == [[0, 0, 0, 1, 2], [0, 1, 2, 3, 4]]
    assert batch.prompt_lengths.tolist() == [3, 5]
    assert batch.bos
    assert text_of(any_model, batch, 0) == "<|endoftext|>ab"


def test_answers_are_the_tokens_after_the_prompt(any_model):
    batch = encode(any_model, ["Is it?", "Is it so?"], [" Yes", " maybe"])
    assert batch.prompt_lengths.tolist() == [7, 10]
    assert batch.answer_lengths.tolist() == [1, 6]
    assert text_of(any_model, batch, 1).endswith("so? maybe")


def test_repeat_and_rows_keep_rows_together(any_model):
    batch = encode(any_model, ["ab", "abcd"])
    assert torch.equal(batch.repeat(2).ids, batch.ids[[0, 0, 1, 1]])
    assert batch.rows(torch.tensor([1])).prompt_lengths.tolist() == [5]


@pytest.mark.parametrize(("call", "says"), [
    (lambda m: encode(m, "one text"), "brackets"),
    (lambda m: encode(m, []), "no prompts"),
    (lambda m: encode(m, ["a"], [" Yes", " No"]), "one answer each"),
    (lambda m: encode(m, ["a"], [""]), "does not extend"),
    (lambda m: encode(m, ["x" * 300]), "context of tiny-gpt2 is 256"),
    (lambda m: encode(m, ["Is it? Ye"], ["s"]), "does not extend the tokens of its prompt"),
])
def test_bad_texts_are_refused_in_one_line(gpt2_model, call, says):
    with pytest.raises(WorkbenchError, match=says) as error:
        call(gpt2_model)
    assert "\n" not in str(error.value)


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=30), budget=st.integers(1, 200))
def test_buckets_hold_everything_once_within_the_budget(sizes, budget):
    groups = bucket(sizes, budget)
    assert sorted(i for group in groups for i in group) == list(range(len(sizes)))
    assert all(len(g) == 1 or max(sizes[i] for i in g) * len(g) <= budget for g in groups)


def test_batches_cover_all_prompts_in_buckets(any_model):
    texts = ["abcdefgh", "a", "ab", "abcdefg", "abc"]
    seen = {}
    for index, batch in batches(any_model, texts, batch_tokens=12):
        assert batch.ids.numel() <= 12
        seen |= {i: text_of(any_model, batch, row) for row, i in enumerate(index)}
    assert [seen[i] for i in range(5)] == ["<|endoftext|>" + t for t in texts]


def test_chat_models_get_turns_and_a_system_prompt(chat_tokenizer, tiny_module):
    chat_tokenizer.chat_template = CHATML
    module = tiny_module("llama", len(chat_tokenizer))
    plain = load(module, tokenizer=chat_tokenizer)
    strict = load(tiny_module("llama", len(chat_tokenizer)), tokenizer=chat_tokenizer, system_prompt="Be kind.")
    batch = encode(strict, ["Is it?"], [" Yes"])
    expected = "<|endoftext|><system>Be kind.</system>\n<user>Is it?</user>\n<assistant>\nYes"
    assert text_of(strict, batch, 0) == expected
    assert batch.answer_lengths.tolist() == [3]
    assert text_of(plain, encode(plain, [("Is it?", " Well")]), 0).endswith("</user>\n<assistant>\nWell")
    assert plain.digest != strict.digest


def test_a_template_with_its_own_bos_and_without_system_role(chat_tokenizer, tiny_module):
    chat_tokenizer.chat_template = NO_SYSTEM
    model = load(tiny_module("llama", len(chat_tokenizer)), tokenizer=chat_tokenizer, system_prompt="Be kind.")
    assert model.chat.system_in_user
    assert text_of(model, encode(model, ["Is it?"]), 0) == "<|endoftext|>[Be kind.\n\nIs it?]"


def test_the_start_of_an_answer_is_part_of_the_prompt(gpt2_model):
    heads, tails = tokens(gpt2_model, [("Is it?", " Well,")], [" Yes"])
    assert gpt2_model.tokenizer.decode(heads[0]) == "<|endoftext|>Is it? Well,"
    assert len(tails[0]) == 1


def test_no_bos_where_the_tokenizer_has_none_or_leaves_it_out(chat_tokenizer, tiny_module):
    chat_tokenizer.bos_token = None
    model = load(tiny_module("llama", len(chat_tokenizer)), tokenizer=chat_tokenizer)
    assert model.bos_rule == "none"
    assert text_of(model, encode(model, ["ab"]), 0) == "ab"
    with pytest.raises(WorkbenchError, match="no tokens"):
        encode(model, [""])


def test_a_tokenizer_may_be_told_to_leave_bos_out(chat_tokenizer, tiny_module):
    plain = load(tiny_module("llama", len(chat_tokenizer)), tokenizer=chat_tokenizer)
    chat_tokenizer.init_kwargs["add_bos_token"] = False
    without = load(tiny_module("llama", len(chat_tokenizer)), tokenizer=chat_tokenizer)
    assert (plain.bos_rule, without.bos_rule) == ("prepend", "none")
    assert plain.digest != without.digest
