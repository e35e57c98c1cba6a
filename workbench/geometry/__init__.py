"""From activations to numbers: how coherent, discriminable and similar directions are.

Every published figure stands beside an unbiased twin: fitted on one half of the groups, read on the other.
"""

from workbench.geometry.coherence import (
    Coherence,
    agreement,
    coherence,
    heldout_agreement,
    leave_group_out_agreement,
    pairwise_cosine,
    sign_flip_band,
)
from workbench.geometry.cosines import Halved, cosine_table, halved
from workbench.geometry.discriminability import (
    auc,
    d_prime,
    d_prime_along,
    difference_line,
    overlap,
    split_d_prime,
)
from workbench.geometry.halves import label_imbalance, split_groups
from workbench.geometry.points import place, point_table
from workbench.geometry.readers import Projection, Readers, direction_readers, probe_readers, reader_auc
from workbench.geometry.similarity import (
    cosine,
    cosine_matrix,
    effective_rank,
    euclidean_similarity,
    first_share,
    norm_variance_similarity,
    principal_angles,
    spearman_brown,
    split_half_cosine,
    subsample_stability,
)
from workbench.geometry.tokens import read_tokens
from workbench.geometry.views import PcaView, pca_view, project_line

__all__ = [
    "Coherence",
    "Halved",
    "PcaView",
    "Projection",
    "Readers",
    "agreement",
    "auc",
    "coherence",
    "cosine",
    "cosine_matrix",
    "cosine_table",
    "d_prime",
    "d_prime_along",
    "difference_line",
    "direction_readers",
    "effective_rank",
    "euclidean_similarity",
    "first_share",
    "halved",
    "heldout_agreement",
    "label_imbalance",
    "leave_group_out_agreement",
    "norm_variance_similarity",
    "overlap",
    "pairwise_cosine",
    "pca_view",
    "place",
    "point_table",
    "principal_angles",
    "probe_readers",
    "project_line",
    "read_tokens",
    "reader_auc",
    "sign_flip_band",
    "spearman_brown",
    "split_d_prime",
    "split_groups",
    "split_half_cosine",
    "subsample_stability",
]
