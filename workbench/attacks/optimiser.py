"""The one optimiser of both poles: every candidate at the budget, then strengths of the best, then the costs."""

from dataclasses import dataclass
from typing import Any

from workbench.attacks.arena import Arena, adds, trained
from workbench.attacks.candidates import Candidate
from workbench.attacks.find import Attack
from workbench.types import Pole, WorkbenchError

SHARES = (1.0, 0.5, 0.25)  # of the budget: the most is not always the best, and not always within the caps
KEPT = 3  # candidates whose strength is searched
CHECKED = 12  # points whose cost is looked at, the best first

Point = tuple[float, Candidate, float]


@dataclass(frozen=True)
class Best:
    """An attack's best response toward a pole: what was chosen on the search questions, and at what price.

    ``gain`` is on the search questions and therefore optimistic. ``kl`` and ``nll_rise`` are on neutral text;
    ``readings`` and ``gradients`` are what the search took.
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


def best_response(arena: Arena, attack: Attack, toward: Pole) -> Best:
    """The candidate and strength with the largest gain on the search questions, within the budget and the cap.

    The same for both poles: the candidates, their number and the order of the search do not depend on which pole is
    asked for. WorkbenchError where no point stays within the caps or none can be read.
    """
    before = dict(arena.spent)
    candidates = list(attack.search(arena, toward))
    points = ranked(arena, candidates, toward)
    cheapest = float("inf")
    for gain, candidate, strength in points[:CHECKED]:
        kl, rise = arena.cost(candidate.control, strength)
        cheapest = min(cheapest, rise)
        if rise <= arena.effort.cap and arena.within(candidate.control, strength, kl):
            reads, slopes = (arena.spent[name] - before[name] for name in ("readings", "gradients"))
            return Best(attack.name, attack.tier, toward, candidate.label, candidate.control, strength, gain, kl, rise,
                        reads, slopes)  # fmt: skip
    raise WorkbenchError(
        f"{attack.name} toward {toward}: none of {len(points)} points is within budget and cap "
        f"(neutral NLL rises by at least {cheapest:.1%}); widen the cap or the budget"
    )


def ranked(arena: Arena, candidates: list[Candidate], toward: Pole) -> list[Point]:
    """All candidates at about the whole budget, and the best few at shares of it; the largest gain first."""
    first, reasons = [], []
    for candidate in candidates:
        for strength in doses(arena, candidate):
            try:
                first.append((arena.gain(candidate.control, strength, toward), candidate, strength))
            except WorkbenchError as error:  # a prompt that leaves the context ends here, shorter ones go on
                reasons.append(error)
    if not first:
        raise reasons[0] if reasons else WorkbenchError("an attack offers no dose within the budget")
    first.sort(key=lambda point: -point[0])
    scaled = [candidate for _, candidate, _ in first if not listed(candidate)][:KEPT]
    points = [point for point in first if point[1] not in scaled]
    known = {id(candidate): strength for _, candidate, strength in first if not adds(candidate.control)}
    for candidate in scaled:
        full = known[id(candidate)] if id(candidate) in known else arena.strength(candidate.control)
        for strength in shares(candidate, full):
            points.append((arena.gain(candidate.control, strength, toward), candidate, strength))
    return sorted(points, key=lambda point: -point[0])


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
