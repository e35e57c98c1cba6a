"""Tiers by kind and as seen, strengths of controls that add no vector, and edits and training in the ladder."""

from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import torch
from planted import EFFORT, PARTS, V, questions

from workbench.attacks import (
    HOLDS,
    Candidate,
    Claim,
    Effort,
    access_of,
    arena_of,
    certify,
    climb,
    find_attack,
    higher,
    tier_of,
    tier_verdict,
)
from workbench.attacks.certificate import scope
from workbench.controls import find_method, method_names
from workbench.interventions import Clamp, Steer
from workbench.symmetry.neutral import change_norm
from workbench.symmetry.readings import read
from workbench.types import Direction, Effect, Site, WorkbenchError

TEXTS = ["The tea is warm.", "A road, a hill.", "Nobody was at home."]
FREE = Effect(0.0, 0.0, 0.0, method="planted")
TIERS_BY_HAND = {
    "T0": ("instruction", "persona", "few_shot", "in_context_edit", "veto"),
    "T1": ("add", "ablate", "clamp", "rotate", "gate", "leace", "mean_projection", "subspace", "floor"),
    "T2": ("memit", "null_space_edit", "baked_projection"),
    "T3": ("lora", "full_tuning", "dpo", "constrained_tuning"),
}
CLAIM = Claim("planted", "a wall", "budget norm 0.001", 0)


@pytest.mark.parametrize("tier", TIERS_BY_HAND)
def test_every_kind_of_control_has_its_tier(tier):
    assert {find_attack(name).tier for name in TIERS_BY_HAND[tier]} == {tier}
    assert find_attack("full-tuning").name == "full_tuning"


def test_no_control_is_seen_to_need_more_than_its_tier(gpt2_model, small_concept):
    short = {"lora": {"doses": (1,)}, "full_tuning": {"doses": (1,)}, "dpo": {"doses": (1,)}, "memit": {"count": 1},
             "null_space_edit": {"count": 1, "share": 0.9}, "constrained_tuning": {"count": 1}}  # fmt: skip
    seen = {}
    for name in method_names():
        try:
            control = find_method(name)(gpt2_model, small_concept, "unaligned", **short.get(name, {}))
            seen[name] = access_of(gpt2_model, control, min(getattr(control, "doses", (1.0,))))[0]
        except WorkbenchError:  # wants settings of its own, or more of a model than this one has
            continue
    assert {"T0", "T1", "T2"} <= set(seen.values()) and {"ablate", "baked_projection", "lora", "memit"} <= set(seen)
    assert [name for name, tier in seen.items() if higher(tier_of(name), tier) != tier_of(name)] == []


@pytest.fixture(scope="module")
def spend(gpt2_model, small_concept):
    """(kind, level) -> an arena on the tiny model without a defence."""

    def made(kind: str, level: float):
        groups = sorted(set(small_concept.groups))
        fit, search = (small_concept.select([p for p in small_concept.pairs if (p.group in groups[:2]) == first])
                       for first in (True, False))  # fmt: skip
        return arena_of(gpt2_model, gpt2_model, fit, search, Effort(kind, level, cap=99.0), TEXTS)

    return made


@pytest.mark.parametrize("name", ["ablate", "clamp", "rotate", "leace", "mean_projection", "subspace"])
def test_a_hook_that_adds_no_vector_spends_the_budget_as_measured(spend, name):
    arena = spend("norm", 0.02)
    control = find_method(name)(arena.model, arena.fit, "unaligned")
    strength, limit = arena.strength(control), control.limit
    with control.applied(arena.model, strength) as changed:
        found = change_norm(arena.model, changed, TEXTS, control.sites[-1])
    assert found == pytest.approx(0.02, rel=0.06) or (strength == limit and found < 0.02)
    assert arena.share(control, strength) == pytest.approx(found, rel=1e-4)


def test_some_hooks_reach_the_budget_and_some_end_at_their_limit(spend):
    ends = []
    for level in (0.005, 50.0):
        arena = spend("norm", level)
        control = find_method("ablate")(arena.model, arena.fit, "unaligned")
        ends.append(arena.strength(control) == control.limit)
    assert ends == [False, True]


@pytest.mark.parametrize("name", ["ablate", "baked_projection", "constrained_tuning"])
def test_a_budget_in_kl_is_spent_whatever_the_control_changes(spend, name):
    arena = spend("kl", 1e-4)
    control = find_method(name)(arena.model, arena.fit, "unaligned")
    strength = arena.strength(control)
    assert arena.cost(control, strength)[0] == pytest.approx(1e-4, rel=0.06)


def test_an_edit_in_place_is_measured_at_the_layer_that_moves_most(spend):
    """The weights are those of the model it is compared with, so the stream has to be read before."""
    arena = spend("norm", 0.02)
    control = find_method("baked_projection")(arena.model, arena.fit, "unaligned")
    strength, still = arena.strength(control), torch.stack(list(streams_of(arena)))
    with control.applied(arena.model, strength):
        moved = torch.stack(list(streams_of(arena))) - still
    shares = moved.square().sum(-1).mean(1).sqrt() / torch.tensor(arena.scales)
    assert float(shares.max()) == pytest.approx(0.02, rel=0.06)


def streams_of(arena):
    from workbench.attacks.arena import streams

    return streams(arena.bare, TEXTS, range(arena.bare.n_layers))


@dataclass(frozen=True)
class Nothing:
    """A control that changes nothing, at any strength."""

    @contextmanager
    def applied(self, model, strength):
        yield model


@dataclass(frozen=True)
class Sneaky:
    """Says that it adds vectors, and writes the unembedding."""

    toward: str
    limit: float = 1.0

    @contextmanager
    def applied(self, model, strength):
        weight = model.bridge.unembed.original_component.weight
        kept = weight.detach().clone()
        try:
            with torch.no_grad():
                weight.mul_(1 + 0.1 * strength)
            yield model.altered(f"sneaky {strength}")
        finally:
            with torch.no_grad():
                weight.copy_(kept)


def nothing(arena, toward):
    return [Candidate("nothing", Nothing())]


def sneaky(arena, toward):
    return [Candidate("an edit", Sneaky(toward))]


def walled(model):
    control = Steer(Clamp(3.0, "floor"), Direction(V, 1.0, Site(1), "floor"))
    with control.applied(model, 1.0) as defended:
        return defended


@pytest.fixture(scope="module")
def mixed(planted, arenas):
    """Vectors, a hook that adds none, a training, and two strangers against a floor."""
    names = ("known", "rotate", "lora", "test_access:sneaky", "test_access:nothing")
    effort = Effort(level=0.05, examples=1, cap=99.0, draws=1, steps=1)
    made = arenas(planted, walled(planted), PARTS, effort)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.attacks.find.RATES", (10.0,))
        return climb(*made, PARTS[2], [find_attack(name) for name in names])


def test_edits_and_training_are_climbed_at_their_tiers(mixed):
    tiers = {rung.attack: rung.tier for rung in mixed.rungs}
    assert tiers == {"known": "T1", "rotate": "T1", "lora": "T3", "test_access:sneaky": "T2"}, mixed.missing
    assert mixed.tiers == ("T1", "T2", "T3") and [r.attack for r in mixed.upto("T1")] == ["known", "rotate"]
    assert "not reached" in dict(mixed.missing)["test_access:nothing"]
    for rung in mixed.rungs:
        for poles in rung.found.values():
            assert {best["tier"] for best in poles.values()} == {rung.tier}
            assert len({best["readings"] for best in poles.values()}) == 1, rung.attack


def test_a_training_is_tried_at_ten_times_its_rate_and_within_the_budget(planted, arenas):
    bare, _ = arenas(planted, planted, PARTS, Effort(level=0.05, examples=1, cap=99.0))
    tried = find_attack("lora").search(bare, "unaligned")
    assert [candidate.label for candidate in tried] == ["lora, rate 0.001", "lora, rate 0.01"]
    shares = [bare.share(tried[1].control, dose) for dose in tried[1].control.doses]
    assert shares[-1] > shares[0] and bare.within(tried[1].control, tried[1].control.doses[0], 0.0)
    tight, _ = arenas(planted, planted, PARTS, Effort(level=shares[-1] / 2, examples=1, cap=99.0))
    assert not tight.within(tried[1].control, tried[1].control.doses[-1], 0.0)


def test_the_floor_stays_in_force_on_a_trained_copy(planted, arenas):
    """The hook is the model's, not the weights': what training moves along V below the floor is lifted again."""
    _, defended = arenas(planted, walled(planted), PARTS, EFFORT)
    control = find_method("lora")(defended.model, PARTS[0], "unaligned")
    with defended.under(control, 16.0) as trained:
        assert len(trained.hooks) == len(defended.model.hooks) and trained.bridge is not defended.model.bridge
        lowest = read(trained, PARTS[2]).log_odds.min()
    with control.applied(planted, 16.0) as free:
        assert read(free, PARTS[2]).log_odds.min() < lowest


def test_a_certificate_names_what_is_above_its_tier_and_hooks_claim_none_above_t1():
    assert "edits of weights, fine-tuning, removal" in scope("T1")[0] and "edits" not in scope("T2")[0]
    ladder, verdict = held("T2")
    with pytest.raises(WorkbenchError, match="no certificate at tier T2.*T0 and T1 only"):
        certify(ladder, verdict, CLAIM)
    made = certify(ladder, verdict, Claim("planted", "other weights", "budget norm 0.001", 0, "T2"))
    assert made.label.startswith("Inoculated(tier T2") and "fine-tuning, removal of the defence" in made.text()
    assert "vectors added" not in made.text()


def held(tier: str):
    """A ladder of one attack that a defence holds against, and its verdict."""
    import numpy as np

    from workbench.attacks import Ladder, Rung
    from workbench.symmetry import Gains

    groups = tuple(pair.group for pair in questions(0, 8).pairs)
    rng = np.random.default_rng(0)
    bare, kept = (Gains(1 + rng.normal(0, 0.02, 24), size + rng.normal(0, 0.02, 24), groups, "letters")
                  for size in (1.0, 0.05))  # fmt: skip
    found = {side: {pole: {"gain": 1.0} for pole in ("aligned", "unaligned")} for side in ("bare", "defended")}
    ladder = Ladder("letters", (Rung("memit", tier, bare, kept, found, (0, 8)),), ())
    verdict = tier_verdict([ladder], tier, FREE, 400)
    assert verdict.verdict == HOLDS
    return ladder, verdict
