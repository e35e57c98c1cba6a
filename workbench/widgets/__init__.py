"""Widgets: views for notebooks. Whatever they compute lives in a plain class that a script can call as well.

=======================  =======================================================================
``steering``             :class:`Steering`, :class:`Setting`: what the panel shows, computed
``text``                 completions of a setting with token log-probs, and its answers
``notices``, ``cost``    what to be wary of: coherence, random directions, backfire, damage, capability
``as_code``              :func:`as_code`: the lines of Python that give a setting's numbers
``shown``                numbers as HTML and as pictures; whatever comes from data is escaped here
``pictures``             plotly figures on a notebook page, offline, light and dark
``steering_panel``       :class:`SteeringPanel`: the ipywidgets view of a :class:`Steering`
``reading``              what a direction or a probe reads at every token: :func:`readings`
``points``               examples on the line and in space, figures, slopes, cosines
``activation_explorer``  :class:`ActivationExplorer`: tokens coloured layer by layer
``geometry_explorer``    :class:`GeometryExplorer`: points, components, cosine matrices
``circuits``             how a setting's vector acts toward both poles: :func:`circuits_of`, :func:`writers_of`
``circuit_view``         :class:`CircuitView`: those circuits side by side
``attention_heads``      :func:`attention_heads`: patterns of chosen heads, by circuitsvis
``prompt_browser``       :class:`PromptBrowser`: questions sortable by slope
``view``, ``panel``, ``inputs``  what the panels share
``token_text``, ``points_shown``, ``rows``  tokens and tables as the reader sees them
=======================  =======================================================================
"""

from workbench.widgets.activation_explorer import ActivationExplorer
from workbench.widgets.as_code import as_code
from workbench.widgets.attention_heads import attention_heads, head_names
from workbench.widgets.circuit_view import CircuitView
from workbench.widgets.circuits import circuits_of, sizes_of, writers_of
from workbench.widgets.geometry_explorer import GeometryExplorer
from workbench.widgets.notices import Notice, notices
from workbench.widgets.points import cosines, figures, points, slope_rows
from workbench.widgets.prompt_browser import PromptBrowser
from workbench.widgets.reading import quality, readers, readings
from workbench.widgets.steering import COLUMNS, Dose, Setting, Steering
from workbench.widgets.steering_panel import SteeringPanel
from workbench.widgets.text import Completion, answers, completions, divergence

__all__ = [
    "COLUMNS", "ActivationExplorer", "CircuitView", "Completion", "Dose", "GeometryExplorer", "Notice",
    "PromptBrowser", "Setting", "Steering", "SteeringPanel", "answers", "as_code", "attention_heads", "circuits_of",
    "completions", "cosines", "divergence", "figures", "head_names", "notices", "points", "quality", "readers",
    "readings", "sizes_of", "slope_rows", "writers_of",
]  # fmt: skip
