"""Widgets: views for notebooks. Whatever they compute lives in a plain class that a script can call as well.

====================  ==========================================================================
``steering``          :class:`Steering`, :class:`Setting`: what the panel shows, computed
``text``              completions of a setting with token log-probs, and its answers
``notices``           what to be wary of: coherence, random directions, backfire, damage
``as_code``           :func:`as_code`: the lines of Python that give a setting's numbers
``shown``             numbers as HTML and as pictures; whatever comes from data is escaped here
``pictures``          plotly figures on a notebook page, offline, light and dark
``steering_panel``    :class:`SteeringPanel`: the ipywidgets view of a :class:`Steering`
====================  ==========================================================================
"""

from workbench.widgets.as_code import as_code
from workbench.widgets.notices import Notice, notices
from workbench.widgets.steering import COLUMNS, Dose, Setting, Steering
from workbench.widgets.steering_panel import SteeringPanel
from workbench.widgets.text import Completion, answers, completions, divergence

__all__ = [
    "COLUMNS", "Completion", "Dose", "Notice", "Setting", "Steering", "SteeringPanel", "answers", "as_code",
    "completions", "divergence", "notices",
]  # fmt: skip
