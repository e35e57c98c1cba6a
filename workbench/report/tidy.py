# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The tables of a reliability record as the panels want them: sorted, ranked, joined, mirrored."""

from collections.abc import Callable, Mapping

import pandas as pd

from workbench.plots.correlation_forest import with_rows
from workbench.plots.cosine_matrix import mirrored
from workbench.plots.layer_heatmap import with_mean
from workbench.plots.prompt_slopes import with_ranks
from workbench.plots.published_dots import with_heights
from workbench.plots.read_write import joined
from workbench.plots.recommendation_forest import with_states
from workbench.stats import t_interval
from workbench.types import WorkbenchError

CELL = ["concept", "prompt_type", "layer"]
HEAT_COLUMNS = (
    "odd",
    "effect",
    "even",
    "steerability",
    "c_heldout",
    "d_prime_split",
    "anti_braun",
    "anti_eps",
    "transplant_odd",
    "norm_ratio",
)
ALL_CONCEPTS = "mean over concepts"


def derived(tables: Mapping[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Tables for the panels, and for each that cannot be made one sentence why."""
    recipes: dict[str, tuple[tuple[str, ...], Callable[..., pd.DataFrame]]] = {
        "cells": (("cells",), whole),
        "recommendation": (("recommendation",), with_states),
        "published": (("published",), with_heights),
        "probes": (("probes",), whole),
        "curves": (("curves",), lambda curves: sorted_curves(curves, tables.get("cells", pd.DataFrame()))),
        "prompts": (("prompts",), with_ranks),
        "projections": (("projections",), whole),
        "correlations": (("correlations",), lambda table: with_scopes(with_rows(table))),
        "cosines_concepts": (("cosines_concepts",), mirrored),
        "cosines_types": (("cosines_types",), mirrored),
        "patching": (("patching",), with_all_concepts),
        "heat": (("cells",), lambda cells: with_mean(cells, list(HEAT_COLUMNS))),
        "read_write": (("probes", "cells"), joined),
    }
    made, reasons = {}, {}
    for name, (sources, recipe) in recipes.items():
        missing = [s for s in sources if s not in tables or tables[s].empty]
        if missing:
            reasons[name] = f"the record has no rows in the table {' and '.join(missing)}"
            continue
        try:
            made[name] = recipe(*(tables[s] for s in sources)).reset_index(drop=True)
        except (KeyError, ValueError, TypeError, WorkbenchError) as error:
            reasons[name] = f"the table {' and '.join(sources)} cannot be read: {error}"
    return made, reasons


SCOPES = {"all": "pooled, ranks within each prompt type and layer", "all (raw)": "pooled, numbers as they are"}


def with_scopes(correlations: pd.DataFrame) -> pd.DataFrame:
    """``scope``: over what the correlation was taken; ``n_concepts`` and ``partial_given`` where a table lacks them."""
    table = correlations.assign(scope=[SCOPES.get(str(t), "one setting") for t in correlations["prompt_type"]])
    if "n_concepts" not in table and "n" in table:
        table["n_concepts"] = table["n"]
    if "partial_given" not in table:
        table["partial_given"] = "grasp, headroom and lean"
    return table


def whole(table: pd.DataFrame) -> pd.DataFrame:
    return table


def sorted_curves(curves: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Multipliers in order, so that lines do not run back and forth; ``n_eval`` of the cell beside them."""
    table = curves.sort_values([*CELL, "direction", "multiplier"], kind="stable")
    if "n_eval" in table or not {*CELL, "n_eval"} <= set(cells):
        return table
    return table.merge(cells[[*CELL, "n_eval"]], on=CELL, how="left")


def with_all_concepts(patching: pd.DataFrame) -> pd.DataFrame:
    """Patching with the mean over concepts on top; its interval is Student's t over concepts."""
    rows = []
    for (layer, rule), part in patching.groupby(["layer", "rule"], sort=False):
        effect = t_interval(part["share"].dropna()) if part["share"].notna().any() else None
        if effect:
            rows.append((ALL_CONCEPTS, layer, rule, effect.estimate, effect.low, effect.high))
    mean = pd.DataFrame(rows, columns=["concept", "layer", "rule", "share", "low", "high"])
    return pd.concat([mean, patching], ignore_index=True)


def recommended(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Cells at their concept's recommended prompt type and layer; empty where either table is missing."""
    if "cells" not in tables or "recommendation" not in tables:
        return pd.DataFrame()
    cells, chosen = tables["cells"], tables["recommendation"]
    if not set(CELL) <= set(cells) or not set(CELL) <= set(chosen):
        return pd.DataFrame()
    keys = {tuple(map(str, row)) for row in chosen[CELL].itertuples(index=False)}
    return cells[[tuple(map(str, row)) in keys for row in cells[CELL].itertuples(index=False)]]


def reliable(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The recommendations that stand, best effect last; all of them where the table does not say which stand."""
    table = with_states(tables.get("recommendation", pd.DataFrame({"concept": []})))
    table = table[table["state"] == "reliable"]
    return table.sort_values("effect") if "effect" in table else table


def usual(tables: Mapping[str, pd.DataFrame], column: str, fallback: str) -> object:
    """The value that most recommendations choose, else the middle one of the fallback table."""
    chosen = reliable(tables)
    if column in chosen and len(chosen):
        return chosen[column].mode().iloc[0]
    values = sorted(set(tables[fallback][column]), key=str) if column in tables.get(fallback, pd.DataFrame()) else []
    return values[len(values) // 2] if values else None
