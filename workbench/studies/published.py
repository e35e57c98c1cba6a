# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
# pyright: reportOptionalMemberAccess=false
"""What Braun et al. 2025 (arXiv 2505.22637) reported of Llama-2-7b-chat, beside what this run found."""

import numpy as np
import pandas as pd

from workbench.reliability.replication import PUBLISHED


def published_table(cells: pd.DataFrame, types: pd.DataFrame, correlations: pd.DataFrame) -> pd.DataFrame:
    """Published correlations, cosine range and anti-steerable range, each beside this run's number.

    Correlations here are over concepts within prompt type and layer. Nothing is tuned to agree: another model,
    other sites, a fraction of the vectors' dimension.
    """
    rows = [*correlation_rows(correlations), *cosine_rows(types), *share_rows(cells)]
    return pd.DataFrame(rows, columns=["quantity", "published", "here", "low", "high", "note"])


def correlation_rows(table: pd.DataFrame) -> list[tuple]:
    """The three printed correlations."""
    rows = []
    for (predictor, outcome), value in PUBLISHED.items():
        chosen = (table["predictor"] == predictor) & (table["outcome"] == outcome) & (table["prompt_type"] == "all")
        for _, row in table[chosen].head(1).iterrows():
            note = "published: 36 sets pooled over prompt types, Llama-2-7b-chat, layer 13"
            rows.append((f"ρ of {predictor} with {outcome}", value, row["rho"], row["low"], row["high"], note))
    return rows


def cosine_rows(types: pd.DataFrame) -> list[tuple]:
    """The range of mean cosines between prompt types' vectors."""
    off = types[types["a"] != types["b"]] if len(types) else types
    if off.empty:
        return []
    means, note = off.groupby(["a", "b"])["cosine"].mean(), "mean over concepts and layers"
    return [
        (f"{name} mean cosine between prompt types", value, here, np.nan, np.nan, note)
        for name, value, here in (("lowest", 0.07, means.min()), ("highest", 0.86, means.max()))
    ]


def share_rows(cells: pd.DataFrame) -> list[tuple]:
    """The range of anti-steerable shares over prompt types."""
    shares, note = cells.groupby("prompt_type")["anti_braun"].mean(), "mean over concepts and layers"
    return [
        (f"{name} anti-steerable share of a prompt type", value, here, np.nan, np.nan, note)
        for name, value, here in (("lowest", 0.29, shares.min()), ("highest", 0.43, shares.max()))
    ]
