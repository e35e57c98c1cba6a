"""Sweeps: propensities over directions, sites and multipliers, equal to the plain forward pass and much cheaper.

====================  ==========================================================================
``run``               :func:`sweep`, :func:`plain_sweep`
``readouts``          prompts with their answers as tokens, and how a propensity is read
``variants``          every direction at every multiplier as rows of one batch
``all_positions``     steering everywhere: the upper blocks only, from one clean pass
``answer_token``      steering at the end: cached prefix, single tokens through the upper blocks
``first_order``       :func:`screen`: first-order slopes, an approximation that proposes where to sweep
``plain``, ``judge``  the reference, one full forward pass per variant; judges on generations
``cube``              :func:`save_cube`, :func:`load_cube`
====================  ==========================================================================
"""

from workbench.sweep.cube import load_cube, save_cube
from workbench.sweep.first_order import Screen, ScreenError, screen
from workbench.sweep.readouts import score_log_odds
from workbench.sweep.run import MULTIPLIERS, plain_sweep, sweep
from workbench.sweep.variants import add, steering_hook

__all__ = [
    "MULTIPLIERS", "Screen", "ScreenError", "add", "load_cube", "plain_sweep", "save_cube", "score_log_odds", "screen",
    "steering_hook", "sweep",
]  # fmt: skip
