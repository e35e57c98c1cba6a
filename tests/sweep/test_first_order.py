"""The screen's slopes are derivatives of the exact sweep, marked as an approximation, with their error beside it."""

import numpy as np
import pytest
import torch

from workbench.interventions import steer
from workbench.models import load
from workbench.sweep import screen, sweep
from workbench.types import Direction, Site, WorkbenchError

SITES = [Site(0), Site(2), Site(1, "resid_pre"), Site(1, "attn_out"), Site(2, "mlp_out"), Site(1, "z"),
         Site(2, "z", 1)]  # fmt: skip
RULES = ("all", "after_prompt", "answer", "last", "last_k:3")
FAMILIES = ("gpt2", "llama", "qwen2", "gemma2", "opt")


@pytest.fixture(scope="module", params=FAMILIES)
def exact_model(request, tiny_module, byte_tokenizer):
    """Float64, so that a finite difference is a derivative (log-odds are read in float32 all the same)."""
    # an OPT of float64 gives NaN for padded rows in the plain pass already, and its ReLU has kinks
    smooth = {"activation_function": "gelu"} if request.param == "opt" else {}
    module = tiny_module(request.param, len(byte_tokenizer), **smooth)
    return load(module if request.param == "opt" else module.double(), tokenizer=byte_tokenizer)


def by_difference(model, concept, directions, site, rule, small=5e-3):
    cube = sweep(model, concept, directions, sites=[site], multipliers=(-small, small), where=rule)
    return (cube.values[:, 0, :, 2] - cube.values[:, 0, :, 0]) / (2 * small)


@pytest.mark.filterwarnings("ignore:.*full passes", "ignore:.*without padding")
@pytest.mark.parametrize("site", SITES, ids=str)
def test_slopes_are_derivatives_of_the_exact_sweep(exact_model, toy, direction, site):
    width = 8 if site.head is not None else 32
    named = {name: direction(seed, site, width) for seed, name in enumerate(("a", "b"))}
    small, within = (5e-3, 2e-3) if exact_model.dtype == torch.float64 else (2e-2, 1e-2)
    found = screen(exact_model, toy, named, sites=[site], where=RULES, batch_tokens=120)
    assert found.values.shape == (5, 1, len(RULES), 2) and found.source["method"] == "first-order approximation"
    for rule in RULES[:: 1 if toy.name == "tale" else 3]:
        expected = by_difference(exact_model, toy, named, site, rule, small)
        own = np.stack([found.slopes(site, name, rule) for name in named], 1)
        assert np.allclose(own, expected, atol=within, rtol=within), rule
    assert np.abs(found.values).max() > 0.01


def test_all_sites_together_are_those_alone(any_model, stories, direction):
    sites = [Site(2), Site(0), Site(1, "attn_out"), Site(3)]
    together = screen(any_model, stories, {"u": direction(1)}, sites=sites)
    for site in sites:
        alone = screen(any_model, stories, {"u": direction(1)}, sites=[site])
        assert np.allclose(together.slopes(site, "u", "all"), alone.slopes(site, "u", "all"), atol=1e-5)


def test_a_model_that_is_already_steered(llama_model, statements, direction):
    steered = steer(llama_model, direction(1, Site(1)), 0.7)
    own, bare = (screen(m, statements, {"u": direction(3)}, sites=[Site(1)]) for m in (steered, llama_model))
    expected = by_difference(steered, statements, {"u": direction(3)}, Site(1), "all", 1e-2)
    assert np.allclose(own.values[:, 0, 0], expected, atol=2e-2)
    assert np.abs(own.values - bare.values).max() > 1e-3 and own.source["model"] != bare.source["model"]


def test_weights_are_as_before_and_none_gets_a_gradient(gpt2_model, statements, direction):
    weights = list(gpt2_model.bridge.original_model.parameters())
    before = [weight.requires_grad for weight in weights]
    with torch.no_grad():
        screen(gpt2_model, statements, {"u": direction(1)}, sites=[Site(1)])
    assert [weight.requires_grad for weight in weights] == before
    assert all(weight.grad is None for weight in weights)
    assert not gpt2_model.bridge.hook_dict["blocks.1.hook_resid_post"].fwd_hooks


def test_its_error_against_the_exact_sweep_is_small_for_small_doses_and_shown(any_model, toy, direction):
    named = {name: direction(seed, gap=0.5) for seed, name in enumerate("abcd")}
    sites = [Site(0), Site(2)]
    found = screen(any_model, toy, named, sites=sites)
    cube = sweep(any_model, toy, named, sites=sites, multipliers=(-4.0, -0.1, 0.1, 4.0))
    error = found.error(cube)
    assert error.multipliers == (-4.0, -0.1, 0.1, 4.0) and error.rule == "all"
    assert max(error.relative[1:3]) < 0.1 < 5 * min(error.relative[0], error.relative[3])
    assert error.rank > 0.5 and "rank correlation" in str(error) and error.largest[0] >= error.typical[0]


def test_it_proposes_the_cells_with_the_largest_slopes(gpt2_model, statements, direction):
    weak = direction(1)
    named = {"weak": Direction(weak.vector, 0.01, weak.site, "weak"), "strong": direction(1, gap=5.0)}
    found = screen(gpt2_model, statements, named, sites=[Site(0), Site(1)], where=("all", "last"))
    first, *rest = found.propose(8)
    assert first.direction == "strong" and abs(first.slope) == np.abs(found.values.mean(0)).max()
    assert [abs(p.slope) for p in rest] == sorted((abs(p.slope) for p in rest), reverse=True) and len(rest) == 7
    assert "first-order approximation" in found._repr_html_() and "strong" in found._repr_html_()


def test_what_makes_no_sense_is_one_line(gpt2_model, statements, direction):
    named, sites = {"u": direction(1)}, [Site(1)]
    found = screen(gpt2_model, statements, named, sites=sites)
    for cube in (
        sweep(gpt2_model, statements, {"v": direction(1)}, sites=sites, multipliers=(1.0,)),
        sweep(gpt2_model, statements, named, sites=sites, multipliers=(1.0,), where="last"),
        sweep(gpt2_model, statements, named, sites=sites, multipliers=(1.0,), toward="unaligned"),
    ):
        with pytest.raises(WorkbenchError, match="not one of this screen's"):
            found.error(cube)
    for change, words in (({"where": ()}, "no position rules"), ({"where": ("response",)}, "one-token answers"),
                          ({"where": ("middle",)}, "unknown")):  # fmt: skip
        with pytest.raises(WorkbenchError, match=words):
            screen(gpt2_model, statements, named, sites=sites, **change)
