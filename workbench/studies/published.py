# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false, reportReturnType=false, reportOptionalMemberAccess=false
# (pandas types a cell of a frame as Series | Any)
"""What Braun et al. 2025 (arXiv 2505.22637) reported of Llama-2-7b-chat, beside what this run found."""

import numpy as np
import pandas as pd

PUBLISHED = {
    ("c", "effect"): 0.76,
    ("d_prime", "effect"): 0.71,
    ("d_prime", "anti_braun"): -0.78,
}


def published_table(cells: pd.DataFrame, types: pd.DataFrame, correlations: pd.DataFrame, config) -> pd.DataFrame:
    """Published correlations, cosine range and anti-steerable range, each beside this run's number.

    Correlations here are over concepts within prompt type and layer. Nothing is tuned to agree: another model,
    other sites, a sixtieth of the vectors' dimension.
    """
    rows = []
    for (predictor, outcome), value in PUBLISHED.items():
        part = correlations[
            (correlations["predictor"] == predictor)
            & (correlations["outcome"] == outcome)
            & (correlations["prompt_type"] == "all")
        ]
        if len(part):
            row = part.iloc[0]
            rows.append(
                (
                    f"ρ of {predictor} with {outcome}",
                    value,
                    row["rho"],
                    row["low"],
                    row["high"],
                    "published: 36 sets pooled over prompt types, Llama-2-7b-chat, layer 13",
                )
            )
    off = types[types["a"] != types["b"]] if len(types) else types
    if len(off):
        means = off.groupby(["a", "b"])["cosine"].mean()
        for name, value, here in (("lowest", 0.07, means.min()), ("highest", 0.86, means.max())):
            rows.append(
                (
                    f"{name} mean cosine between prompt types",
                    value,
                    here,
                    np.nan,
                    np.nan,
                    "mean over concepts and layers",
                )
            )
    shares = cells.groupby("prompt_type")["anti_braun"].mean()
    for name, value, here in (("lowest", 0.29, shares.min()), ("highest", 0.43, shares.max())):
        rows.append(
            (
                f"{name} anti-steerable share of a prompt type",
                value,
                here,
                np.nan,
                np.nan,
                "mean over concepts and layers",
            )
        )
    return pd.DataFrame(rows, columns=["quantity", "published", "here", "low", "high", "note"])
