"""Which columns a long table shows: a quantity and its interval share one cell."""

from typing import Any

import pandas as pd

from workbench.plots.words import short

# what low and high without a name belong to, first found
OWNERS = ("rho", "share", "here", "mean", "auroc", "cosine")


def shown_columns(table: pd.DataFrame) -> list[dict[str, Any]]:
    """``{"name", "label", "span"}`` per column; ``span`` names its interval, ``name`` is None for a band by itself."""
    names = [str(n) for n in table.columns if n != "row"]
    spans = intervals(names)
    edges = {edge for span in spans.values() for edge in span}
    shown = []
    for name in names:
        band = next((base for base, span in spans.items() if span[0] == name and base not in names), None)
        if band:
            shown.append({"name": None, "label": short(band), "span": list(spans[band])})
        elif name not in edges:
            shown.append({"name": name, "label": short(name), "span": list(spans[name]) if name in spans else None})
    return shown


def intervals(names: list[str]) -> dict[str, tuple[str, str]]:
    """Quantity -> the columns of its interval; ``partial_low`` belongs to ``partial_rho`` where that is a column."""
    spans = {}
    for name in names:
        base = name.removesuffix("_low")
        if base != name and f"{base}_high" in names:
            spans[f"{base}_rho" if f"{base}_rho" in names else base] = (name, f"{base}_high")
    owner = next((o for o in OWNERS if o in names), None)
    if owner and {"low", "high"} <= set(names):
        spans[owner] = ("low", "high")
    return spans
