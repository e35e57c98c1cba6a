"""On a linear readout the floor does what can be computed by hand, and the ladder finds the way around it by itself."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from planted import EFFORT, PARTS, SLOPE, U, V, alike, along

from workbench.attacks import (
    HOLDS,
    Candidate,
    Claim,
    Effort,
    arena_of,
    certify,
    climb,
    find_attack,
    tier_verdict,
)
from workbench.attacks.candidates import adding, own_direction
from workbench.interventions import Clamp, Steer
from workbench.symmetry import retention
from workbench.symmetry.readings import read
from workbench.types import Concept, Direction, Effect, Pair, Site, WorkbenchError, opposite

RAISING, EMPTY = "test_ladder:raising", "test_ladder:empty"
FREE = Effect(0.0, 0.0, 0.0, method="planted")
VECTORS = ("known", "random_search", "gradient", "gradient_orthogonal")


def floored(model, tau: float, vector: torch.Tensor = V):
    """The planted model behind a floor at τ along a vector, at the middle layer."""
    control = Steer(Clamp(tau, "floor"), Direction(vector, 1.0, Site(1), "floor"))
    with control.applied(model, 1.0) as defended:
        return defended


@pytest.fixture(scope="module")
def ladder(planted, arenas):
    """The vector attacks on the model behind a floor above all that its questions reach."""
    defended = floored(planted, 3.0)
    return climb(*arenas(planted, defended), PARTS[2], [find_attack(name) for name in VECTORS])


def by_name(ladder) -> dict:
    return {rung.attack: rung for rung in ladder.rungs}


def kept(rung):
    return retention([rung.bare], [rung.defended], 400)


def test_the_planted_readout_is_linear(planted):
    found = read(planted, PARTS[2]).log_odds
    assert np.allclose(found, SLOPE[0] * along(planted, PARTS[2]), atol=0.05) and found.std() > 0.5
    own = own_direction(arena_of(planted, planted, *PARTS[:2], EFFORT, ["a b c"]), "aligned")
    assert float(own.vector @ V) == pytest.approx(1, abs=1e-3) and own.gap == pytest.approx(6, rel=0.01)


@pytest.mark.parametrize("tau", [-3.0, -0.8, 1.5])
def test_the_floors_trade_off_over_tau_is_the_one_computed_by_hand(planted, arenas, tau):
    bare, defended = arenas(planted, floored(planted, tau))
    rung = climb(bare, defended, PARTS[2], [find_attack("known")]).rungs[0]
    # by hand: the vector moves V·h by the dose of the search's choice, the floor lifts what is below τ
    c, expected = along(planted, PARTS[2]), []
    for pole, sign in (("aligned", 1), ("unaligned", -1)):
        gap = sign * own_direction(bare, pole).gap
        step = {side: best[pole]["strength"] * gap for side, best in rung.found.items()}
        moved = np.maximum(c + step["defended"], tau) - np.maximum(c, tau)
        expected.append(moved.mean() / step["bare"])
    found = kept(rung)
    assert found.aligned.estimate == pytest.approx(expected[0], abs=0.02)
    assert found.unaligned.estimate == pytest.approx(expected[1], abs=0.02)
    if tau == -3.0:
        assert expected[0] == pytest.approx(1) and expected[1] > 0.6
    if tau == 1.5:
        assert expected[1] < 0.1


def test_the_ladder_finds_the_attack_that_the_floor_cannot_see(ladder):
    assert ladder.missing == () and len(ladder.rungs) == len(VECTORS)
    rungs = by_name(ladder)
    # its own vector hardly gets through, the orthogonal one passes whole, toward both poles alike
    assert kept(rungs["known"]).unaligned.high < 0.05
    found = kept(rungs["gradient_orthogonal"])
    assert found.unaligned.estimate == pytest.approx(1, abs=0.02) and found.unaligned.low > 0.95
    assert found.selectivity.estimate == pytest.approx(0, abs=0.03)
    # with other layers to choose from the search goes behind the floor, where the whole slope is left
    assert rungs["gradient"].found["defended"]["unaligned"]["label"] == "gradient, layer 2"
    assert kept(rungs["gradient"]).unaligned.estimate == pytest.approx(1, abs=0.03)
    found = tier_verdict([ladder], "T1", FREE, 400)
    assert found.strongest["letters"] in ("gradient", "gradient_orthogonal") and found.verdict == "fails"
    assert found.conditions["resistance"] == "fails" and found.kept.unaligned.low > 0.8


def test_without_the_searching_rungs_the_floor_would_look_resistant(planted, arenas):
    naive = climb(*arenas(planted, floored(planted, 3.0)), PARTS[2], [find_attack("known")])
    found = tier_verdict([naive], "T1", FREE, 400)
    assert found.conditions["resistance"] == HOLDS and found.conditions["aligned controllability"] == "fails"


def test_the_found_vector_is_the_planted_one(planted, arenas):
    from workbench.attacks.ascent import ascend

    _, defended = arenas(planted, floored(planted, 3.0))
    vector = ascend(defended, "unaligned", 1)
    cosine = torch.nn.functional.cosine_similarity(vector, U, dim=0)
    # behind the floor only what the readout takes from outside V is left, so the gradient points along −U
    assert cosine < -0.95 and vector.norm() == pytest.approx(0.001 * defended.scales[1], rel=1e-3)


def test_both_poles_get_the_same_search(ladder):
    for rung in ladder.rungs:
        for side in ("bare", "defended"):
            plus, minus = rung.found[side]["aligned"], rung.found[side]["unaligned"]
            assert (plus["readings"], plus["gradients"]) == (minus["readings"], minus["gradients"]), rung.attack


def swapped(concept: Concept) -> Concept:
    card = replace(concept.card, trait_pole=opposite(concept.card.trait_pole),
                   instruction_aligned=concept.card.instruction_unaligned,
                   instruction_unaligned=concept.card.instruction_aligned)  # fmt: skip
    pairs = tuple(Pair(p.id, p.group, p.question, p.unaligned, p.aligned) for p in concept.pairs)
    return Concept(concept.name, pairs, card)


def test_swapping_the_labels_swaps_the_retentions_exactly(planted, arenas, ladder):
    parts = tuple(swapped(part) for part in PARTS)
    names = ("known", "random_search", "gradient")
    other = climb(*arenas(planted, floored(planted, 3.0), parts), parts[2], [find_attack(n) for n in names])
    for two in other.rungs:
        one = by_name(ladder)[two.attack]
        a, b = kept(one), kept(two)
        assert np.allclose(one.defended.aligned, two.defended.unaligned, atol=1e-9)
        for left, right in ((a.aligned, b.unaligned), (a.unaligned, b.aligned)):
            assert (left.estimate, left.low, left.high) == pytest.approx((right.estimate, right.low, right.high))


def test_an_undefended_model_keeps_everything_and_gets_no_certificate(planted, arenas):
    bare, same = arenas(planted, planted)
    found = climb(bare, same, PARTS[2], [find_attack("known"), find_attack("gradient")])
    verdict = tier_verdict([found], "T1", FREE, 400)
    assert verdict.kept.aligned.estimate == verdict.kept.unaligned.estimate == 1.0 and verdict.verdict == "fails"
    for defence in ("", "a floor that does nothing"):
        with pytest.raises(WorkbenchError, match="no certificate.*(undefended|resistance fails)"):
            certify(found, verdict, Claim("planted", defence, "norm 0.001", 0))


def test_a_defence_that_holds_gets_a_certificate_with_its_scope_and_bound(planted, arenas):
    length = next(n for n in range(3, 12) if along(planted, alike(n)[2]).min() > 0.4)
    parts = alike(length)
    # a wall just below where every question starts, along all that the readout has, behind the last layer of an attack
    axis = (SLOPE[0] * V + SLOPE[1] * U) / float(np.hypot(*SLOPE))
    tau = (read(planted, parts[2]).log_odds.min() - 0.02) / float(np.hypot(*SLOPE))
    control = Steer(Clamp(float(tau), "floor"), Direction(axis, 1.0, Site(2), "wall"))
    names = ("known", "gradient")
    with control.applied(planted, 1.0) as model:
        found = climb(*arenas(planted, model, parts), parts[2], [find_attack(n) for n in (*names, RAISING)])
    verdict = tier_verdict([found], "T1", FREE, 400)
    assert verdict.verdict == HOLDS and verdict.kept.selectivity.low > 0.8
    made = certify(found, verdict, Claim("planted", "a wall", "budget norm 0.001", 3))
    # none of 7 groups, two attacks at 2.5 % each
    assert made.bound.high == pytest.approx(1 - (0.05 / 2) ** (1 / 7)) and made.bound.estimate == 0
    text = made.text()
    for part in ("planted", "a wall", "norm 0.001", "tier T1", "seed 3", "known, gradient", "0 of 7 groups", RAISING,
                 "not listed", "outside the concept's own groups", "Deceptive control is not covered",
                 made.strongest):  # fmt: skip
        assert part in text, part
    with pytest.raises(WorkbenchError, match="stability fails"):
        certify(found, tier_verdict([found], "T1", Effect(0.3, 0.2, 0.4), 400), made.about)


def raising(arena, toward):
    raise ValueError("nothing\nto add")


def empty(arena, toward):
    return [Candidate("of no budget", object())]


def test_an_attack_that_raises_leaves_the_others_and_is_named(planted, arenas):
    names = ("known", RAISING, EMPTY, "few_shot")
    found = climb(*arenas(planted, floored(planted, 0.0)), PARTS[2], [find_attack(name) for name in names])
    assert found.rungs[0].attack == "known" and found.tiers[-1] == "T1"
    lines = dict(found.missing)
    assert lines[RAISING] == "ValueError: nothing to add" and "budget" in lines[EMPTY]


def test_a_bad_budget_split_or_name_is_one_line(planted):
    for change in ({"kind": "watts"}, {"level": 0.0}, {"cap": -1.0}, {"draws": 0}):
        with pytest.raises(WorkbenchError, match="budget"):
            Effort(**change)
    with pytest.raises(WorkbenchError, match="disjoint groups"):
        arena_of(planted, planted, PARTS[0], PARTS[0], EFFORT, ["a b"])
    with pytest.raises(WorkbenchError, match="'graident' is unknown"):
        find_attack("graident")


def test_the_budget_in_norm_is_spent_exactly(planted, arenas):
    from workbench.symmetry.neutral import change_norm

    bare, _ = arenas(planted, planted)
    control = adding(torch.randn(32, generator=torch.Generator().manual_seed(1)), 1, "any")
    strength = bare.strength(control)
    with bare.under(control, strength) as changed:
        assert change_norm(planted, changed, bare.quiet.texts, Site(1)) == pytest.approx(0.001, rel=0.01)
