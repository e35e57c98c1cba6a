"""How much of the spread of slopes is explained by what should not matter."""

import numpy as np
import pandas as pd
from jaxtyping import Float

from workbench.evaluation.curves import Row, units
from workbench.stats import bootstrap_groups
from workbench.types import Effect, WorkbenchError


def spurious_variance(
    slopes: Float[np.ndarray, " prompt"],
    covariates: pd.DataFrame,
    groups: Row | None = None,
    draws: int = 200,
    seed: int = 0,
) -> dict[str, Effect]:
    """R² of the prompts' slopes on spurious factors by least squares: ``all`` together, and each factor alone.

    Args:
        slopes: one per prompt.
        covariates: one row per prompt; text columns become indicators (which letter, Yes or No), numbers stay.
        groups: the unit of resampling of the interval (default: the prompt).

    In-sample, unadjusted R² (as Tan et al. report it): with k columns and n prompts noise gives about k/n.
    """
    outcome = np.asarray(slopes, dtype=np.float64)
    if len(covariates) != len(outcome) or covariates.isna().any().any():
        raise WorkbenchError(
            f"covariates have {len(covariates)} rows ({int(covariates.isna().sum().sum())} empty cells) for "
            f"{len(outcome)} slopes; give one complete row per prompt"
        )
    resampling = {"groups": units(groups), "draws": draws, "seed": seed, "unit": "R²"}
    factors = {"all": list(covariates.columns), **{str(c): [c] for c in covariates.columns}}
    return {
        name: bootstrap_groups(explained_variance, [outcome, design(covariates.loc[:, columns])], **resampling)
        for name, columns in factors.items()
    }


def design(covariates: pd.DataFrame) -> Float[np.ndarray, "prompt column"]:
    """Numbers as they are, text as indicators with the first level left out. float64, without the constant."""
    return pd.get_dummies(covariates, drop_first=True).to_numpy(dtype=np.float64)


def explained_variance(outcome: Float[np.ndarray, " prompt"], columns: Float[np.ndarray, "prompt column"]) -> float:
    """R² of ordinary least squares with a constant; 0 where the outcome does not vary."""
    centred = outcome - outcome.mean()
    total = float(centred @ centred)
    if total <= 1e-300 or columns.shape[1] == 0:
        return 0.0
    inputs = columns - columns.mean(0)
    fitted = inputs @ np.linalg.lstsq(inputs, centred, rcond=None)[0]
    return 1.0 - float(((centred - fitted) ** 2).sum()) / total
