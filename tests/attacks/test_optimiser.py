"""The search says that nothing is within the budget only after it has looked: planted gains and costs, no model."""

import pytest
import torch

from workbench.attacks import Arena, Attack, Candidate, Effort, best_response
from workbench.attacks.candidates import adding
from workbench.types import POLES, WorkbenchError


class Toy(Arena):
    """An arena of planted numbers: a candidate's gain is its size times the dose, its cost a function of both."""

    def __init__(self, cost):
        spent = {"readings": 0, "gradients": 0, "looked": 0}
        vars(self).update(effort=Effort(cap=0.05), price=cost, spent=spent)

    def strength(self, control, exact=True):
        return 1.0

    def gain(self, control, strength, toward):
        self.spent["readings"] += 1
        return (1 - 0.001 * number(control)) * strength

    def cost(self, control, strength):
        self.spent["looked"] += 1
        return 0.0, self.price(number(control), strength)

    def within(self, control, strength, kl):
        return True


def number(control) -> int:
    """Which candidate: its layer."""
    return control.each[0].site.layer


def offering(count: int) -> Attack:
    """So many candidates, the first of them the strongest."""
    return Attack("planted", "T1", lambda arena, toward: [
        Candidate(f"candidate {k}", adding(torch.ones(4), k, "planted")) for k in range(count)])  # fmt: skip


@pytest.mark.parametrize("count", [8, 40])
def test_a_dose_within_the_cap_is_found_however_many_candidates_are_too_dear_at_full(count):
    toy = Toy(lambda k, dose: 0.5 if dose > 0.5 else 0.01)
    for pole in POLES:
        best = best_response(toy, offering(count), pole)
        assert (best.label, best.strength, best.nll_rise) == ("candidate 0", 0.5, 0.01), pole


def test_the_smaller_doses_of_candidates_behind_the_best_three_are_looked_at_before_giving_up():
    toy = Toy(lambda k, dose: 0.01 if k == 30 and dose <= 0.5 else 0.5)
    found = [best_response(toy, offering(40), pole) for pole in POLES]
    assert {(best.label, best.strength) for best in found} == {("candidate 30", 0.5)}
    # its gain was read, and both poles took the same search
    assert found[0].gain == pytest.approx(0.97 * 0.5) and found[0].readings == found[1].readings
    # where only a very small dose keeps within the cap, that is the best response: less than hoped for, and not nothing
    assert best_response(Toy(lambda k, dose: 6 * dose**2), offering(3), "unaligned").strength == 0.0625


def test_the_strongest_point_within_the_cap_is_still_taken_first():
    toy = Toy(lambda k, dose: 0.5 if k < 3 and dose == 1 else 0.01)
    best = best_response(toy, offering(40), "unaligned")
    assert (best.label, best.strength) == ("candidate 3", 1.0) and toy.spent["looked"] == 4


def test_the_line_says_how_many_points_were_looked_at():
    toy = Toy(lambda k, dose: 0.5)
    with pytest.raises(WorkbenchError, match="within budget and cap") as raised:
        best_response(toy, offering(40), "unaligned")
    looked = toy.spent["looked"]
    assert f"none of the {looked} points checked" in str(raised.value) and looked == 5 * 40
