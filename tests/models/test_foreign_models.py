"""Small real models trained by others: other tokenizers, real weights."""

import pytest
import torch

from workbench.models import capture, encode, forward, generate, load, resume, unembed
from workbench.types import Site

TEXTS = ["Once upon a time, there was", "Tom was sad. He"]


@pytest.fixture(scope="module", params=["BabyLlama-tok361-hf", "stories260K-hf", "sophia-elya-819K-hf"])
def real_model(request, shared):
    return load(shared / "models" / request.param)


def test_answers_of_several_tokens_encode_right(real_model):
    answers = [" a little girl", " was very happy"]
    batch = encode(real_model, TEXTS, answers)
    assert (batch.answer_lengths > 1).all()
    for row in range(2):
        ids = batch.ids[row][batch.mask[row]]
        shown = real_model.tokenizer.decode(ids, skip_special_tokens=True)
        assert shown.strip() == TEXTS[row] + answers[row]
        tail = real_model.tokenizer.decode(ids[batch.prompt_lengths[row]:])
        assert tail.strip() == answers[row].strip()


def test_padding_and_resuming_on_real_weights(real_model):
    batch = encode(real_model, TEXTS)
    whole = forward(real_model, batch, positions="last")
    for row, text in enumerate(TEXTS):
        alone = forward(real_model, encode(real_model, [text]), positions="last")
        assert torch.allclose(alone[0], whole[row], atol=2e-4)
    resid = capture(real_model, batch, [Site(1)])[Site(1)]
    assert torch.allclose(unembed(real_model, resume(real_model, resid, 2, batch, positions="last")), whole, atol=1e-4)


def test_it_writes_text_that_keeps_its_leading_space(real_model):
    written = generate(real_model, TEXTS, 12)
    assert written == generate(real_model, TEXTS, 12)
    if "sophia" not in real_model.name:
        assert written[0].startswith(" a little")
        assert all(part.isascii() for part in written)
