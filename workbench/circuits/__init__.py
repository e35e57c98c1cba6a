"""Circuits: what writes and reads a direction, which edges carry a propensity, and whether two circuits are one.

================  ===================================================================================
``decomposition`` :func:`contributions`, :func:`written`, :func:`neuron_contributions`: exact parts of a projection
``graph``         :class:`Graph`: senders, receivers and the edges between them, by name
``contrast``      :class:`CleanCorrupt`, :func:`clean_corrupt`: prompt pairs, token for token alike
``pairs``         :func:`cue_pairs`, :func:`statement_pairs`, :func:`steered_pairs`: the same, from a concept
``prompt_sets``   :func:`prompt_set`: the same, from a file of a public task (IOI, greater-than)
``wiring``        one pass in which every receiver reads an input of its own
``patching``      :func:`patch_nodes`, :func:`patch_edges` (path patching), exact
``attribution``   :func:`edge_attribution` (EAP, EAP-IG), :class:`EdgeScores`
``faithfulness``  :func:`faithfulness`, :func:`faithfulness_curve`, beside random circuits
``comparison``    :func:`overlap_curve`, :func:`score_correlation`: two circuits, two nulls
``poles``         :func:`pole_circuits`: how a vector acts toward each pole, side by side
``lens``          :func:`direction_lens`, :func:`answer_lens`, :func:`direction_tokens`, :func:`attention_patterns`
================  ===================================================================================
"""

from workbench.circuits.attribution import EdgeScores, edge_attribution, top_edges
from workbench.circuits.comparison import edge_kinds, overlap, overlap_curve, score_correlation
from workbench.circuits.contrast import CleanCorrupt, Injection, clean_corrupt
from workbench.circuits.decomposition import Contributions, contributions, neuron_contributions, written
from workbench.circuits.faithfulness import faithfulness, faithfulness_curve
from workbench.circuits.graph import Graph, node_of
from workbench.circuits.lens import answer_lens, attention_patterns, direction_lens, direction_tokens
from workbench.circuits.pairs import cue_pairs, statement_pairs, steered_pairs
from workbench.circuits.patching import corrupted, patch_edges, patch_nodes
from workbench.circuits.poles import PoleCircuits, effect_table, pole_circuits
from workbench.circuits.prompt_sets import prompt_set

__all__ = [
    "CleanCorrupt", "Contributions", "EdgeScores", "Graph", "Injection", "PoleCircuits", "answer_lens",
    "attention_patterns", "clean_corrupt", "contributions", "corrupted", "cue_pairs", "direction_lens",
    "direction_tokens", "edge_attribution", "edge_kinds", "effect_table", "faithfulness", "faithfulness_curve",
    "neuron_contributions", "node_of", "overlap", "overlap_curve", "patch_edges", "patch_nodes", "pole_circuits",
    "prompt_set", "score_correlation", "statement_pairs", "steered_pairs", "top_edges", "written",
]  # fmt: skip
