"""The one optimiser of both poles: every candidate at the budget, then strengths of the best, then the costs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from workbench.attacks.arena import Arena, adds, trained
from workbench.attacks.candidates import Candidate
from workbench.attacks.find import Attack
from workbench.types import Pole, WorkbenchError

SHARES = (1.0, 0.5, 0.25)  # of the budget: the most is not always the best, and not always within the caps
KEPT = 3  # candidates whose strength is searched
LESS = (0.5, 0.25, 0.125, 0.0625)  # of the budget: where nothing that was read is within the caps
NOTHING = "nothing within budget"

Point = tuple[float, Candidate, float]
Unread = tuple[None, Candidate, float]


@dataclass(frozen=True)
class Best:
    """An attack's best response toward a pole: what was chosen on the search questions, and at what price.

    ``gain`` is on the search questions and therefore optimistic. ``kl`` and ``nll_rise`` are on neutral text;
    ``readings`` and ``gradients`` are what the search took. ``control`` None is to do nothing.
    """

    attack: str
    tier: str
    toward: Pole
    label: str
    control: Any
    strength: float
    gain: float
    kl: float
    nll_rise: float
    readings: int
    gradients: int

    def plain(self) -> dict:
        """Everything but the control itself, for JSON."""
        return {key: value for key, value in vars(self).items() if key != "control"}


class NothingWithin(WorkbenchError):
    """No point of a search is within budget and cap: the best response left is to do nothing, ``instead``."""

    def __init__(self, line: str, instead: Best):
        super().__init__(line)
        self.instead = instead


def idle(attack: Attack, toward: Pole, label: str, taken: tuple[int, int] = (0, 0)) -> Best:
    """To do nothing: no gain, no price; ``taken`` are the readings and gradients of the search."""
    return Best(attack.name, attack.tier, toward, label, None, 0.0, 0.0, 0.0, 0.0, *taken)


def best_response(arena: Arena, attack: Attack, toward: Pole) -> Best:
    """The candidate and strength with the largest gain on the search questions, within the budget and the cap.

    The points that were read are looked at in the order of their gains, all of them. Where none is within the caps, so
    are smaller doses of every candidate (:func:`smaller`), by cost alone; the first one that is gets one reading, which
    chooses nothing. So about five points per candidate (or all listed doses) are looked at before it is said that there
    is none.

    The same for both poles: the candidates, their number, the points and the order of the search do not depend on which
    pole is asked for. :class:`NothingWithin` where no point stays within the caps, any other WorkbenchError where none
    can be read.
    """
    before = dict(arena.spent)
    first = at_budget(arena, list(attack.search(arena, toward)), toward)
    cheapest, checked = float("inf"), 0
    for gain, candidate, strength in chain(ranked(arena, first, toward), smaller(first)):
        kl, rise = arena.cost(candidate.control, strength)
        cheapest, checked = min(cheapest, rise), checked + 1
        if rise <= arena.effort.cap and arena.within(candidate.control, strength, kl):
            gain = arena.gain(candidate.control, strength, toward) if gain is None else gain
            return Best(attack.name, attack.tier, toward, candidate.label, candidate.control, strength, gain, kl, rise,
                        *taken(arena, before))  # fmt: skip
    raise NothingWithin(
        f"{attack.name} toward {toward}: none of the {checked} points checked is within budget and cap "
        f"(neutral NLL rises by at least {cheapest:.1%}); widen the cap or the budget",
        idle(attack, toward, NOTHING, taken(arena, before)),
    )


def taken(arena: Arena, before: dict[str, int]) -> tuple[int, int]:
    """(readings, gradients) since ``before``."""
    return arena.spent["readings"] - before["readings"], arena.spent["gradients"] - before["gradients"]


def at_budget(arena: Arena, candidates: list[Candidate], toward: Pole) -> list[Point]:
    """All candidates at about the whole budget (of what has listed doses, at all of them), the largest gain first."""
    first, reasons = [], []
    for candidate in candidates:
        for strength in doses(arena, candidate):
            try:
                first.append((arena.gain(candidate.control, strength, toward), candidate, strength))
            except WorkbenchError as error:  # a prompt that leaves the context ends here, shorter ones go on
                reasons.append(error)
    if not first:
        raise reasons[0] if reasons else WorkbenchError("an attack offers no dose within the budget")
    return sorted(first, key=lambda point: -point[0])


def ranked(arena: Arena, first: list[Point], toward: Pole) -> list[Point]:
    """All candidates at about the whole budget, and the best few at shares of it; the largest gain first."""
    scaled = scalable(first)[:KEPT]
    points = [point for point in first if not any(point[1] is candidate for candidate in scaled)]
    known = {id(candidate): strength for _, candidate, strength in first if not adds(candidate.control)}
    for candidate in scaled:
        full = known[id(candidate)] if id(candidate) in known else arena.strength(candidate.control)
        for strength in shares(candidate, full):
            points.append((arena.gain(candidate.control, strength, toward), candidate, strength))
    return sorted(points, key=lambda point: -point[0])


def smaller(first: list[Point]) -> Iterator[Unread]:
    """Smaller doses than were read, the largest first by the gain that they would have if it were linear in the dose.

    A cost falls with the dose sooner or later, so that next to nothing is affordable: without these, candidates behind
    the best few, and whatever is very dear at full, would count as nothing at all.
    """
    kept = [id(candidate) for candidate in scalable(first)[:KEPT]]
    left = [(gain * share, candidate, share * strength) for gain, candidate, strength in first if not listed(candidate)
            for share in LESS if share not in SHARES or id(candidate) not in kept]  # fmt: skip
    for _, candidate, strength in sorted(left, key=lambda point: -point[0]):
        yield None, candidate, strength


def scalable(first: list[Point]) -> list[Candidate]:
    """The candidates that can be given at any strength, in order."""
    return [candidate for _, candidate, _ in first if not listed(candidate)]


def shares(candidate: Candidate, full: float) -> list[float]:
    """Strengths up to the budget; of what is no added vector also 1, which is what it was made for."""
    return [share * full for share in SHARES] + ([] if adds(candidate.control) else [min(1.0, full)])


def doses(arena: Arena, candidate: Candidate) -> list[float]:
    """The listed doses (of a prompt: within the number of examples), or the strength that about spends the budget."""
    if trained(candidate.control):
        return list(listed(candidate))  # all are read, so that both poles get the same search; the budget comes after
    if listed(candidate):
        return [dose for dose in listed(candidate) if dose <= arena.effort.examples]
    return [arena.strength(candidate.control, exact=False)]


def listed(candidate: Candidate) -> tuple[float, ...]:
    """The only strengths there are, of a prompt or a training; empty for everything else."""
    return tuple(getattr(candidate.control, "doses", ()))
