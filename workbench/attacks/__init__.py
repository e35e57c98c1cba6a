"""Attacks on a defended model: the ladder of best responses, the verdict at each tier, and the certificate.

=====================  =======================================================================
``access``             :data:`TIERS`: the access that an attack needs, by its kind and as seen
``arena``              :class:`Arena`, :class:`Effort`: the model with its defence, what may be spent
``candidates``         :class:`Candidate`, and the making of vectors
``find``               :class:`Attack`, :data:`LADDER`, :func:`find_attack`
``optimiser``          :func:`best_response`: the one search for both poles
``ladder``             :func:`climb`: every attack, searched on one split and scored on another
``asymmetric``         :func:`tier_verdict`: ε-asymmetric control
``further``            :func:`held_out`, :func:`learned`, :func:`steps_ratio`: the conditions beyond the ladder
``certificate``        :class:`Certificate`, :func:`certify`, :func:`fresh_attacker`
``fresh``              :func:`breaking_shares`: attackers drawn alike, for the bound on one more
=====================  =======================================================================

One attack per file, a function ``attack(arena, toward) -> candidates`` with ``TIER``, the access it needs:
known, recomputed, extractors, elsewhere, orthogonal_complement, random_search, gradient, gradient_orthogonal;
trigger_search with its control random_phrases (their phrases are in ``triggers``); relearning, by name only.
Control methods are attacks as well. A new one is a file here, or any ``module:function``.
"""

from workbench.attacks.access import TIERS, access_of, higher, tier_of
from workbench.attacks.arena import Arena, Effort, arena_of
from workbench.attacks.asymmetric import (
    FAILS,
    FURTHER,
    HOLDS,
    OPEN,
    RESISTANT,
    SIDES,
    TierVerdict,
    at_most,
    capability_loss,
    tier_verdict,
)
from workbench.attacks.candidates import Candidate
from workbench.attacks.certificate import Certificate, Claim, certify, fresh_attacker, turned_over
from workbench.attacks.find import LADDER, Attack, attack_names, find_attack
from workbench.attacks.fresh import breaking_shares
from workbench.attacks.further import ALLOWED, Learned, held_out, learned, steps_ratio
from workbench.attacks.ladder import Ladder, Rung, best_gains, best_of, climb, flips
from workbench.attacks.optimiser import Best, best_response

__all__ = [
    "ALLOWED", "FAILS", "FURTHER", "HOLDS", "LADDER", "OPEN", "RESISTANT", "SIDES", "TIERS",
    "Arena", "Attack", "Best", "Candidate", "Certificate", "Claim", "Effort", "Ladder", "Learned", "Rung",
    "TierVerdict",
    "access_of", "arena_of", "at_most", "attack_names", "best_gains", "best_of", "best_response", "breaking_shares",
    "capability_loss", "certify", "climb", "find_attack", "flips", "fresh_attacker", "held_out", "higher",
    "learned", "steps_ratio", "tier_of", "tier_verdict", "turned_over",
]  # fmt: skip
