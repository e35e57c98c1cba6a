"""Directions: fit them, shuffle them, keep them.

======================  ==============================================================================
:mod:`.fitting`         ``fit(activations, method) -> Direction``: unit length, sign, gap
:mod:`.methods`         mean difference, paired PCA, LDA, logistic regression: ``(positive, negative) -> vector``
:mod:`.actadd`          one pair as a vector, and its addition to a span of positions
:mod:`.combine`         vector arithmetic: several directions at one site as one
:mod:`.null`            random and shuffled-label directions of the same norm
:mod:`.labels`          other labels for the same pairs: by the behaviour that was shown
:mod:`.files`           save, load, features of dictionaries (sparse autoencoders)
:mod:`.gguf`            control vectors for llama.cpp and repeng
======================  ==============================================================================
"""

from workbench.directions.actadd import place
from workbench.directions.combine import combine
from workbench.directions.files import check_model, from_dictionary, load, save
from workbench.directions.fitting import find_method, fit, gap, orient
from workbench.directions.gguf import read_gguf, write_gguf
from workbench.directions.labels import exchanged
from workbench.directions.methods import METHODS
from workbench.directions.null import random_directions, shuffled_directions

__all__ = [
    "METHODS", "check_model", "combine", "exchanged", "find_method", "fit", "from_dictionary", "gap", "load", "orient",
    "place", "random_directions", "read_gguf", "save", "shuffled_directions", "write_gguf",
]
