"""Pictures: one file each, a function from a tidy table to a plotly Figure.

=========================  ==========================================================================
coherence_scatter          predictor against outcome, one point per cell
correlation_forest         rank correlations: raw, transplant, partial
propensity_overview        small multiples of all concepts' curves
propensity_curve           one cell's curve with the bands of its controls
prompt_slopes              every prompt's slope, sorted
layer_heatmap              layer × prompt type
projections                the difference-of-means line, steered and not
cosine_matrix              between concepts, or between prompt types
read_write                 AUROC of a probe against the effect of steering
patching_bars              where a cue acts
recommendation_forest      effect and backfire at the recommended setting
published_dots             published numbers beside ours
paired_effects             two records, cell by cell
=========================  ==========================================================================

Each takes the rows to be shown (:func:`select` picks them) and returns a figure in the light theme;
``workbench.figures`` themes and exports them.
"""

from .binding import select
from .coherence_scatter import coherence_scatter
from .correlation_forest import correlation_forest
from .cosine_matrix import cosine_matrix
from .layer_heatmap import layer_heatmap
from .paired_effects import paired_effects
from .patching_bars import patching_bars
from .projections import projections
from .prompt_slopes import prompt_slopes
from .propensity_curve import propensity_curve
from .propensity_overview import propensity_overview
from .published_dots import published_dots
from .read_write import read_write
from .recommendation_forest import recommendation_forest

__all__ = ["coherence_scatter", "correlation_forest", "cosine_matrix", "layer_heatmap", "paired_effects",
           "patching_bars", "projections", "prompt_slopes", "propensity_curve", "propensity_overview",
           "published_dots", "read_write", "recommendation_forest", "select"]
