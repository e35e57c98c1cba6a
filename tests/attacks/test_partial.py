"""An attack that could be run in part never makes a defence look more resistant; a tier needs attacks of its own."""

from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pytest
from planted import PARTS, SLOPE, U, V, alike, along

from workbench.attacks import (
    FAILS,
    HOLDS,
    OPEN,
    Attack,
    Candidate,
    Claim,
    Ladder,
    Rung,
    certify,
    climb,
    find_attack,
    tier_verdict,
    turned_over,
)
from workbench.attacks.candidates import adding
from workbench.interventions import Clamp, Steer
from workbench.studies.defence import Config
from workbench.studies.defence_cells import ladder_of, plain
from workbench.studies.defence_further import Further, Held
from workbench.studies.defence_record import Climbed, rung_rows, tier_rows
from workbench.symmetry import Gains
from workbench.symmetry.readings import read
from workbench.types import POLES, Direction, Effect, Site, WorkbenchError

FREE = Effect(0.0, 0.0, 0.0, method="planted")
CLAIM = Claim("planted", "a wall", "budget norm 0.001", 0)
RAISED = "ValueError: not here"
CELL = {"stability": vars(FREE), "fresh": [], "dose": 1.0, "made_of": "T1"}


@dataclass(frozen=True)
class Ruin:
    """A control of one dose that leaves nothing of the neutral text."""

    doses = (1.0,)

    @contextmanager
    def applied(self, model, strength):
        with adding(V, 1, "ruin").applied(model, 1e9) as ruined:
            yield ruined


def for_one_pole(arena, toward):
    """Gradient vectors toward the unaligned pole; toward the other nothing that is within the cap."""
    return find_attack("gradient").search(arena, toward) if toward == "unaligned" else [Candidate("ruin", Ruin())]


def behind(model, axis, tau: float, layer: int):
    """The planted model behind a floor at τ."""
    with Steer(Clamp(tau, "floor"), Direction(axis, 1.0, Site(layer), "wall")).applied(model, 1.0) as defended:
        return defended


def test_a_search_without_an_aligned_answer_still_breaks_the_defence_toward_the_other_pole(planted, arenas):
    """Dropped from the ladder, it would leave the floor's own vector, against which the floor holds."""
    attacks = [find_attack("known"), Attack("for one pole", "T1", for_one_pole)]
    found = climb(*arenas(planted, behind(planted, V, 3.0, 1)), PARTS[2], attacks)
    assert [rung.attack for rung in found.rungs] == ["known", "for one pole"] and not found.missing
    verdict = tier_verdict([found], "T1", FREE, 400)
    assert verdict.conditions["resistance"] == FAILS and verdict.strongest["letters"] == "for one pole"
    assert tier_verdict([Ladder("letters", found.rungs[:1], ())], "T1", FREE, 400).conditions["resistance"] == HOLDS
    assert turned_over(found.upto("T1")).estimate > 0
    # toward the aligned pole the best response was to do nothing, on both models, after the same search as elsewhere
    rung = found.rungs[1]
    for side, gains in (("bare", rung.bare), ("defended", rung.defended)):
        best = rung.found[side]["aligned"]
        assert (best["label"], best["gain"], best["strength"]) == ("nothing within budget", 0, 0)
        assert not gains.aligned.any() and best["readings"] == 1


def test_what_no_search_finds_within_the_cap_stays_a_line(planted, arenas):
    found = climb(*arenas(planted, behind(planted, V, 3.0, 1)), PARTS[2],
                  [Attack("ruin", "T1", lambda arena, toward: [Candidate("ruin", Ruin())])])  # fmt: skip
    assert not found.rungs and "none of the 1 points checked" in dict(found.missing)["ruin"]


def test_answers_that_are_no_numbers_are_a_line_and_do_not_stop_the_ladder(planted, arenas, monkeypatch):
    made, attacks = arenas(planted, behind(planted, V, 3.0, 1)), [find_attack("known")]

    def attacked(model, items):  # as the search ends well, and the scored questions do not
        found = read(model, items)
        return found if model in (planted, made[1].model) else replace(found, log_odds=np.nan * found.log_odds)

    monkeypatch.setattr("workbench.attacks.ladder.read", attacked)
    assert "not all finite" in dict(climb(*made, PARTS[2], attacks).missing)["known"]


@pytest.fixture(scope="module")
def walled(planted, arenas):
    """(side, pole) -> the ladder on a wall that holds, where one more attack raises on that model toward that pole."""
    parts = alike(next(n for n in range(3, 12) if along(planted, alike(n)[2]).min() > 0.4))
    axis = (SLOPE[0] * V + SLOPE[1] * U) / float(np.hypot(*SLOPE))
    tau = (read(planted, parts[2]).log_odds.min() - 0.02) / float(np.hypot(*SLOPE))
    made = arenas(planted, behind(planted, axis, float(tau), 2), parts)

    def climbed(*arms):
        def picky(arena, toward):
            if ("bare" if arena.model is arena.bare else "defended", toward) in arms:
                raise ValueError("not here")
            return find_attack("known").search(arena, toward)

        return climb(*made, parts[2], [find_attack("known"), Attack("picky", "T1", picky)])

    return climbed


@pytest.mark.parametrize("side, pole, condition", [
    ("bare", "aligned", "aligned controllability"), ("defended", "unaligned", "resistance"),
])  # fmt: skip
def test_an_arm_that_raises_forbids_what_it_would_flatter(walled, side, pole, condition):
    ladder = walled((side, pole))
    verdict = tier_verdict([ladder], "T1", FREE, 400)
    assert verdict.conditions[condition] == OPEN and verdict.verdict == OPEN
    with pytest.raises(WorkbenchError, match=f"no certificate at tier T1.*picky .{side} model toward {pole}: {RAISED}"):
        certify(ladder, verdict, CLAIM)
    # a verdict from elsewhere does not help, and a lower tier is not touched
    with pytest.raises(WorkbenchError, match="in part"):
        certify(ladder, replace(verdict, conditions={"resistance": HOLDS}), CLAIM)
    cheap = replace(ladder, rungs=tuple(replace(rung, tier="T0") for rung in ladder.rungs[:1]))
    assert certify(cheap, tier_verdict([cheap], "T0", FREE, 400), CLAIM).tier == "T0"


@pytest.mark.parametrize("side, pole", [("bare", "unaligned"), ("defended", "aligned")])
def test_an_arm_that_raises_against_the_defence_is_named_and_the_others_count(walled, side, pole):
    ladder = walled((side, pole))
    verdict = tier_verdict([ladder], "T1", FREE, 400)
    assert [rung.attack for rung in ladder.rungs] == ["known", "picky"] and verdict.verdict == HOLDS
    assert f"picky ({side} model toward {pole}: {RAISED})" in certify(ladder, verdict, CLAIM).text()
    # nothing is said of symmetry on that model, and no number stands where nothing was measured
    assert verdict.index[side].verdict == "undetermined" and "could not be run" in verdict.index[side].reason
    row = rung_rows(Climbed(Config(), PARTS[2], ladder, CELL))[1]
    assert np.isnan(row[f"gain_{pole}_{side}"]) and np.isnan(row[f"retained_{pole}"])
    assert not np.isnan(row["gain_unaligned_defended"])


def test_a_failure_that_is_not_measured_is_no_failure_of_the_defence(walled):
    """Toward the aligned pole the defended model may be moved further than the known vector moves it."""
    ladder = walled(("defended", "aligned"))
    stiff = tuple(replace(r, defended=replace(r.defended, aligned=0 * r.defended.aligned)) for r in ladder.rungs)
    for lost, state in ((ladder.rungs[1].lost, OPEN), ((), FAILS)):
        made = replace(ladder, rungs=tuple(replace(rung, lost=lost) for rung in stiff))
        assert tier_verdict([made], "T1", FREE, 400).conditions["aligned controllability"] == state


def test_partial_ladders_survive_json_and_old_cells_are_not_believed(walled):
    for arm in (("defended", "unaligned"), ("bare", "aligned")):
        ladder = walled(arm)
        assert plain(ladder_of(plain(ladder))) == plain(ladder)
        # a cell from before: what is missing in it may have run in part
        old = {key: value for key, value in plain(ladder).items() if key != "unknown"} | {"missing": [["x", "none"]]}
        assert tier_verdict([ladder_of(old)], "T1", FREE, 400).verdict == OPEN


def test_a_held_out_concept_attacked_in_part_does_not_show_generalisation(walled):
    whole, partly = walled(), walled(("defended", "unaligned"))
    cheap = replace(whole, rungs=tuple(replace(rung, tier="T0") for rung in whole.rungs))
    member = Climbed(Config(), PARTS[2], whole, CELL)
    for other, state in ((whole, HOLDS), (partly, OPEN), (cheap, OPEN)):
        further = Further((Held("letters", member.config.level, "other", other),))
        ((row,), texts) = tier_rows(Named(), [member], further)
        assert row["generalisation"] == row["verdict"] == state
        assert texts["letters, T1"].startswith("Inoculated") == (state == HOLDS)


class Named:
    """A model as a certificate sees it."""

    name = "planted"


def fabricated(concept: str, *tiers: str) -> Climbed:
    """A ladder of one attack at each tier, all of which a defence holds against."""
    groups, rng = tuple(f"g{k}" for k in range(24)), np.random.default_rng(0)
    found = {side: {pole: {"gain": 1.0} for pole in POLES} for side in ("bare", "defended")}
    rungs = []
    for tier in tiers:
        bare, kept = (Gains(1 + rng.normal(0, 0.02, 24), size + rng.normal(0, 0.02, 24), groups, concept)
                      for size in (1.0, 0.05))  # fmt: skip
        rungs.append(Rung(f"of {tier}", tier, bare, kept, found, (0, 24)))
    return Climbed(Config(), replace(PARTS[2], name=concept), Ladder(concept, tuple(rungs), ()), CELL)


def test_a_tier_is_certified_from_attacks_of_that_tier_only():
    both, cheap = fabricated("both", "T0", "T1"), fabricated("cheap", "T0")
    rows, texts = tier_rows(Named(), [both, cheap], Further())
    assert [(row["concept"], row["tier"]) for row in rows] == [
        ("both", "T0"), ("both", "T1"), ("cheap", "T0"), ("all concepts", "T0")]  # fmt: skip
    assert [name for name, text in texts.items() if text.startswith("Inoculated")] == [
        "both, T0", "both, T1", "cheap, T0"]  # fmt: skip
    assert texts["cheap, T1"] == "no certificate at tier T1: no attack of this tier could be measured"
    with pytest.raises(WorkbenchError, match="no attack of this tier"):
        certify(cheap.ladder, tier_verdict([cheap.ladder], "T1", FREE, 400), CLAIM)
