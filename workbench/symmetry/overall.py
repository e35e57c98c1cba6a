"""One verdict over all methods on one model: of those that were tried, do some tell the poles apart?"""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.symmetry.index import NO_CONTROL
from workbench.symmetry.verdict import ASYMMETRIC, SYMMETRIC, UNDETERMINED, works
from workbench.types import POLES, Effect

# of the largest gain that any method reaches: a method whose gains are all smaller does nothing to speak of
NEGLIGIBLE = 0.1


@dataclass(frozen=True)
class MethodVerdict:
    """A method over the value concepts: its verdict, A, flag, and both gains; no gains where it could not be judged."""

    method: str
    verdict: str = UNDETERMINED
    index: float = float("nan")
    flag: str = ""
    gains: tuple[Effect, ...] = ()


def overall(methods: Sequence[MethodVerdict]) -> tuple[str, str]:
    """(verdict, reason) over methods.

    *Asymmetric* if any method is that moves the model where it was asked to: one way of control that prefers a pole is
    enough, where the methods' own verdicts have paid for looking at several. *Symmetric* if every method is that was
    not shown to do nothing, and there is one: each has to pass its own equivalence test, which needs no correction (an
    intersection-union test). Else *undetermined*. Not to be told from 0 is not to do nothing: that takes intervals of
    both gains within a tenth of the largest gain of any method.
    """
    scale = NEGLIGIBLE * max((abs(gain.estimate) for one in methods for gain in one.gains), default=0.0)
    told = [m for m in methods if m.verdict == ASYMMETRIC and works(*m.gains)]
    same = [m.method for m in methods if m.verdict == SYMMETRIC]
    small = [m for m in methods if m.gains and all(-scale < gain.low and gain.high < scale for gain in m.gains)]
    idle = [m.method for m in small if m.flag == NO_CONTROL]
    named = {*(m.method for m in told), *same, *idle}
    open_ = [m.method for m in methods if m.method not in named]
    if told:
        sides = {pole: [m.method for m in told if (m.index > 0) == (pole == "aligned")] for pole in POLES}
        reason = ", ".join(f"easier toward the {pole} pole through {listed(by)}" for pole, by in sides.items() if by)
        return ASYMMETRIC, "; ".join([reason, *rest(same, open_, idle)])
    if same and not open_:
        return SYMMETRIC, "; ".join(rest(same, [], idle))
    return UNDETERMINED, "; ".join(rest(same, open_, idle)) or "no method could be judged"


def rest(same: Sequence[str], open_: Sequence[str], idle: Sequence[str]) -> list[str]:
    """What the other methods say."""
    parts = (("symmetric through {}", same), ("not to be told for {}", open_), ("next to no control by {}", idle))
    return [words.format(listed(names)) for words, names in parts if names]


def listed(names: Sequence[str]) -> str:
    """A few names, or how many there are."""
    return ", ".join(names) if len(names) <= 4 else f"{len(names)} methods"
