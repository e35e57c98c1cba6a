"""Edits do what their equations say, in float64, and leave the model as they found it."""

import pytest
import torch

from workbench.editing import Edit, Fact, Fitting, Rewrite, margins, memit, moments, null_projector, rome
from workbench.editing.facts import subject_positions
from workbench.editing.memory import read_keys, weights
from workbench.editing.rome import _stream
from workbench.models import Batch, capture, encode, forward, load
from workbench.types import Site, WorkbenchError

TEXTS = ("A quiet sentence about rain.", "Tea is hot, and milk is not.", "The dog ran home; the cat slept all day.")
FACTS = (
    Fact("a", "The cat lives in", "The cat", " Yes", " No"),
    Fact("b", "A dog drinks", "A dog", " No", " Yes"),
    Fact("c", "Some rain falls on", "rain", " Yes", " No"),
)
# neither a limit nor a penalty: the two methods then fit the same value
FREE = Fitting(steps=6, decay=0.0, clip=1e9, kl=0.05)


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def precise(request, tiny_module, byte_tokenizer):
    """A tiny model in float64; outputs of both orientations ([d_mlp d_model] and its transpose)."""
    module = tiny_module(request.param, len(byte_tokenizer)).double()
    return load(module, tokenizer=byte_tokenizer, name=f"precise-{request.param}")


def at_subject(model, rewrite: Rewrite, site: Site, prefix: str = "") -> tuple[Batch, torch.Tensor, torch.Tensor]:
    batch = encode(model, [prefix + rewrite.prompt])
    where = subject_positions(model, [rewrite], batch, [prefix])
    return batch, where, capture(model, batch, [site])[site][0, int(where)]


@pytest.mark.parametrize("prefixes", [("",), ("", "Then. ", "And so: ")])
def test_rome_returns_the_value_exactly_for_the_key_without_prefix(precise, prefixes):
    site, request = Site(1, "mlp_out"), FACTS[0].rewrite(False)
    batch, where, before = at_subject(precise, request, site)
    key, known = read_keys(precise, batch, 1, where)[0], moments(precise, [1], TEXTS)
    old, clean = weights(precise, 1), forward(precise, batch)
    edit = rome(precise, request, 1, known, Fitting(prefixes=prefixes))
    assert edit.deltas[1].dtype == torch.float64 and torch.linalg.matrix_rank(edit.deltas[1]) == 1
    delta = edit.deltas[1] @ key
    with edit.applied(precise, 1.0) as edited:
        assert edited.digest != precise.digest
        after = at_subject(edited, request, site)[2]
        assert torch.allclose(weights(edited, 1) @ key, old @ key + delta, rtol=1e-6, atol=0)
    wanted = before + delta
    assert float((after - wanted).norm() / wanted.norm()) < 1e-6
    assert torch.equal(weights(precise, 1), old) and torch.equal(forward(precise, batch), clean)


def test_the_value_written_is_the_one_that_was_fitted(precise):
    from workbench.editing.targets import fit_targets

    request, site = FACTS[0].rewrite(False), Site(1, "mlp_out")
    fitted = fit_targets(precise, [request], site, Fitting(prefixes=("", "Then. ")))
    edit = rome(precise, request, 1, moments(precise, [1], TEXTS), Fitting(prefixes=("", "Then. ")))
    with edit.applied(precise, 1.0) as edited:
        got = at_subject(edited, request, site)[2]
    wanted = (fitted.start + fitted.delta)[0]
    assert float((got - wanted).norm() / wanted.norm()) < 1e-6
    assert float(fitted.delta.norm()) <= 4.0 * float(fitted.start.norm()) * (1 + 1e-9)


@pytest.mark.parametrize("truth", [True, False])
def test_an_edit_moves_the_margin_to_where_it_was_asked(precise, truth):
    fact = FACTS[0]
    before = float(margins(precise, [fact])[0])
    edit = rome(precise, fact.rewrite(truth), 1, moments(precise, [1], TEXTS))
    with edit.applied(precise, 1.0) as edited:
        after = float(margins(edited, [fact])[0])
    assert after > max(before, 0) if truth else after < min(before, 0)
    assert edit.norm(precise) > 0 and 1 <= edit.steps <= 20


def test_the_last_layer_is_refused_and_would_have_done_nothing(precise):
    last = precise.n_layers - 1
    with pytest.raises(WorkbenchError, match="at the last one nothing reads the subject") as error:
        rome(precise, FACTS[0].rewrite(False), last, {})
    assert "\n" not in str(error.value)
    batch, where, _ = at_subject(precise, FACTS[0].rewrite(False), Site(last))
    key, before = read_keys(precise, batch, last, where)[0], forward(precise, batch)
    # a change that only the subject's own key sees: zero on the other positions' keys
    others = read_keys(precise, batch.repeat(batch.ids.shape[1]), last, torch.arange(batch.ids.shape[1]))
    others = others[torch.arange(len(others)) != int(where)]
    seen = key - others.T @ torch.linalg.lstsq(others.T, key[:, None]).solution[:, 0]
    with Edit({last: torch.outer(torch.linspace(-1, 2, precise.d_model).double(), seen)}, "x").applied(precise, 1.0):
        after = forward(precise, batch)
    assert not torch.allclose(after[0, int(where)], before[0, int(where)])
    assert torch.allclose(after[0, -1], before[0, -1], atol=1e-8)


def test_memit_of_one_fact_and_one_layer_without_weight_is_rome(precise):
    request, known = FACTS[0].rewrite(False), moments(precise, [1], TEXTS)
    one, other = rome(precise, request, 1, known, FREE), memit(precise, [request], [1], known, FREE, weight=0.0)
    difference = (one.deltas[1] - other.deltas[1]).norm() / one.deltas[1].norm()
    assert float(difference) < 1e-6 and one.method != other.method


def test_memit_equals_the_published_form(precise):
    requests, known = [f.rewrite(False) for f in FACTS], moments(precise, [1], TEXTS)
    edit = memit(precise, requests, [1], known, FREE, weight=0.5)
    batch = encode(precise, [r.prompt for r in requests])
    keys = read_keys(precise, batch, 1, subject_positions(precise, requests, batch)).T
    gram = keys.T @ torch.linalg.solve(known[1], keys)
    trade = 0.5 * gram.diagonal().mean()
    from workbench.editing.targets import fit_targets

    wanted = fit_targets(precise, requests, Site(1), FREE).delta.T
    published = wanted @ keys.T @ torch.linalg.inv(trade * known[1] + keys @ keys.T)
    assert float((edit.deltas[1] - published).norm() / published.norm()) < 1e-6


def test_memit_spreads_over_layers_and_reaches_what_it_wanted(precise):
    requests, known = [f.rewrite(False) for f in FACTS], moments(precise, [0, 1, 2], TEXTS)
    edit = memit(precise, requests, [2, 0, 1], known, FREE, weight=0.0)
    assert sorted(edit.deltas) == [0, 1, 2]
    from workbench.editing.targets import fit_targets

    found = fit_targets(precise, requests, Site(2), FREE)
    with edit.applied(precise, 1.0) as edited:
        reached = _stream(edited, requests, Site(2))
    wanted = found.start + found.delta
    assert torch.allclose(reached, wanted, atol=1e-5 * float(wanted.abs().max()))


def test_an_edit_in_the_null_space_leaves_neutral_keys_alone_and_the_other_does_not(precise):
    text = TEXTS[:1]
    requests, known = [FACTS[0].rewrite(False)], moments(precise, [1], text, ridge=1e-9)
    batch = encode(precise, list(text))
    neutral = torch.stack([read_keys(precise, batch, 1, torch.tensor([i]))[0] for i in range(batch.ids.shape[1])]).T
    plain = memit(precise, requests, [1], known, FREE, weight=0.0).deltas[1]
    kept = memit(precise, requests, [1], known, FREE, weight=0.0, null_share=1e-6).deltas[1]
    key = read_keys(
        precise, *[(b := encode(precise, [requests[0].prompt])), 1], subject_positions(precise, requests, b)
    )
    assert torch.allclose(kept @ key[0], plain @ key[0], rtol=1e-5, atol=1e-8)
    assert float((kept @ neutral).norm() / (kept @ key[0]).norm()) < 1e-2
    assert float((kept @ neutral).norm()) <= float((plain @ neutral).norm()) * 1.001
    ridged = moments(precise, [1], text, ridge=1.0)
    blunt = memit(precise, requests, [1], ridged, FREE, weight=0.0).deltas[1]
    assert float((blunt @ neutral).norm()) > 10 * float((kept @ neutral).norm())


def test_the_null_space_holds_no_more_of_the_neutral_keys_than_allowed(precise):
    known = moments(precise, [1], TEXTS)[1]
    ranks = []
    for share in (0.01, 0.1):
        projector = null_projector(known, share)
        assert torch.allclose(projector @ projector, projector, atol=1e-9)
        assert 0 < float((projector @ known).trace()) <= share * float(known.trace())
        ranks.append(int(projector.trace().round()))
    assert 0 < ranks[0] < ranks[1] < len(known)
    with pytest.raises(WorkbenchError, match="raise the share"):
        null_projector(torch.eye(4).double(), 0.1)


def test_edits_nest_and_come_off_when_something_fails(gpt2_model):
    old = weights(gpt2_model, 1)
    step = torch.ones_like(old)
    with pytest.raises(RuntimeError), Edit({1: step}, "x").applied(gpt2_model, 0.5) as one:
        with Edit({1: -step}, "x").applied(one, 0.5) as two:
            assert torch.allclose(weights(two, 1), old, atol=1e-6) and two.digest != gpt2_model.digest
        raise RuntimeError
    assert torch.equal(weights(gpt2_model, 1), old)


def test_bad_requests_are_one_line(gpt2_model):
    with pytest.raises(WorkbenchError, match="is not in the prompt"):
        Rewrite("The cat lives in", "dog", " Yes")
    with pytest.raises(WorkbenchError, match="no second moment of layer 1"):
        rome(gpt2_model, FACTS[0].rewrite(True), 1, {}, Fitting(steps=1))
    with pytest.raises(WorkbenchError, match="put '' first"):
        Fitting(prefixes=("x",))
