"""Pictures: one file each, a function from a tidy table to a plotly Figure.

=========================  ==========================================================================
coherence_scatter          predictor against outcome, one point per cell
correlation_forest         rank correlations: raw, transplant, partial
propensity_overview        small multiples of all concepts' curves
propensity_curve           one cell's curve with the bands of its controls
prompt_slopes              every prompt's slope, sorted
layer_heatmap              layer × prompt type
projections                the difference-of-means line, steered and not
line_points                examples as points on that line, in-sample, held out and steered
space_points               examples in two or three principal components
token_heatmap              what a reader finds at every token and layer of a text
cosine_matrix              between concepts, layers or prompt types
read_write                 AUROC of a probe against the effect of steering
patching_bars              where a cue acts
recommendation_forest      effect and backfire at the recommended setting
published_dots             published numbers beside ours
paired_effects             two records, cell by cell
replication_forest         one correlation a line, one mark per run
twin_scatter               differences between twins, one point per concept and seed
symmetry_forest            index of asymmetry with verdicts, by method or by concept
dose_response              gains of both poles at the same budget; index_by_dose: A over budgets
cost_frontier              gain against cost elsewhere, both poles
retention_ladder           what a defence leaves of each pole's control, by attack
lean_regression            difference of the gains against the base lean
frame_gains                gains of both poles in every frame in which items were asked
floor_trade_off            what a one-sided floor leaves of both poles over its height
item_gains                 every item's gain toward one pole against that toward the other
off_axis_matrix            steered concept × read concept, one pole, in log-odds
circuit_graph              one circuit: the strongest edges between heads and MLPs, by pole
circuit_poles              a vector's circuits toward both poles, and their difference
circuit_nodes              which nodes read a vector or pass it on, both poles; circuit_writers: which write it
circuit_overlap            how far the circuits of both poles are the same edges
=========================  ==========================================================================

Each takes the rows to be shown (:func:`select` picks them) and returns a figure in the light theme;
``workbench.figures`` themes and exports them.
"""

from workbench.plots.binding import select
from workbench.plots.circuit_graph import circuit_graph
from workbench.plots.circuit_nodes import circuit_nodes, circuit_writers
from workbench.plots.circuit_overlap import circuit_overlap
from workbench.plots.circuit_poles import circuit_poles
from workbench.plots.coherence_scatter import coherence_scatter
from workbench.plots.correlation_forest import correlation_forest
from workbench.plots.cosine_matrix import cosine_matrix
from workbench.plots.cost_frontier import cost_frontier
from workbench.plots.dose_response import dose_response, index_by_dose
from workbench.plots.floor_trade_off import floor_trade_off
from workbench.plots.frame_gains import frame_gains
from workbench.plots.item_gains import item_gains
from workbench.plots.layer_heatmap import layer_heatmap
from workbench.plots.lean_regression import lean_regression
from workbench.plots.line_points import line_points
from workbench.plots.off_axis_matrix import off_axis_matrix
from workbench.plots.paired_effects import paired_effects
from workbench.plots.patching_bars import patching_bars
from workbench.plots.projections import projections
from workbench.plots.prompt_slopes import prompt_slopes
from workbench.plots.propensity_curve import propensity_curve
from workbench.plots.propensity_overview import propensity_overview
from workbench.plots.published_dots import published_dots
from workbench.plots.read_write import read_write
from workbench.plots.recommendation_forest import recommendation_forest
from workbench.plots.replication_forest import replication_forest
from workbench.plots.retention_ladder import retention_ladder
from workbench.plots.space_points import space_points
from workbench.plots.symmetry_forest import symmetry_forest
from workbench.plots.token_heatmap import token_heatmap
from workbench.plots.twin_scatter import twin_scatter

__all__ = [
    "circuit_graph",
    "circuit_nodes",
    "circuit_overlap",
    "circuit_poles",
    "circuit_writers",
    "coherence_scatter",
    "correlation_forest",
    "cosine_matrix",
    "cost_frontier",
    "dose_response",
    "frame_gains",
    "index_by_dose",
    "floor_trade_off",
    "item_gains",
    "layer_heatmap",
    "lean_regression",
    "line_points",
    "off_axis_matrix",
    "paired_effects",
    "patching_bars",
    "projections",
    "prompt_slopes",
    "propensity_curve",
    "propensity_overview",
    "published_dots",
    "read_write",
    "recommendation_forest",
    "replication_forest",
    "retention_ladder",
    "select",
    "space_points",
    "symmetry_forest",
    "token_heatmap",
    "twin_scatter",
]
