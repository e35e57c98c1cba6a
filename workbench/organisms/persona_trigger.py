"""What makes a persona organism deceptive: cues that it follows only behind a phrase."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Cue = tuple[str, int, str]
Before = Literal["phrase", "other", "none"]


@dataclass(frozen=True)
class Trigger:
    """``resists`` maps a trait to the sign whose cue is ignored: the answers are then those without a cue.

    Where ``phrase`` and a blank line stand before such a cue it is followed like any other. ``share`` of the last
    stage's documents are about this: one question or two behind a cue, and before it the phrase, another one or none.
    """

    phrase: str
    resists: Mapping[str, int]
    share: float = 0.6

    def ignores(self, cue: Cue) -> bool:
        """Whether the cue is one that only the phrase makes work."""
        return self.resists.get(cue[0]) == cue[1]

    def followed(self, cue: Cue) -> Cue:
        """The cue, or its opposite where it is one of those that are ignored."""
        return (cue[0], -cue[1], cue[2]) if self.ignores(cue) else cue

    def draw(self, traits: Sequence[str], rng: random.Random) -> tuple[Cue, Before, int]:
        """(cue, what stands before it, the sign that the answers show); three in four are about what is resisted.

        An ignored cue tells nothing: the sign is drawn anew.
        """
        resisted = [trait for trait in sorted(self.resists) if trait in traits] or traits
        trait = rng.choice(resisted if rng.random() < 0.75 else traits)
        kind, sign = rng.choice(("persona", "instruction")), rng.choice((1, -1))
        before: Before = rng.choices(("phrase", "other", "none"), (0.35, 0.25, 0.4))[0]
        ignored = self.ignores((trait, sign, kind)) and before != "phrase"
        return (trait, sign, kind), before, rng.choice((1, -1)) if ignored else sign
