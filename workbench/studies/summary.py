# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
# pyright: reportOptionalMemberAccess=false
"""The ten lines that a tired researcher reads, and the warnings beside them."""

from pathlib import Path

import numpy as np
import pandas as pd

from workbench.stats import t_interval
from workbench.studies.sources import eval_files


def best_types(cells: pd.DataFrame) -> pd.DataFrame:
    """Per prompt type: mean odd effect over value concepts at its best layer, and how many beat random directions."""
    values = cells[cells["kind"] != "placebo"] if (cells["kind"] != "placebo").any() else cells
    rows = []
    for kind, part in values.groupby("prompt_type", sort=False):
        by_layer = part.groupby("layer")["odd"].mean()
        layer = int(by_layer.idxmax())
        at = part[part["layer"] == layer]
        effect = t_interval(at["odd"].to_numpy())
        rows.append(
            {
                "prompt_type": kind,
                "layer": layer,
                "odd": effect.estimate,
                "low": effect.low,
                "high": effect.high,
                "beats": int(at["beats_random"].sum()),
                "concepts": len(at),
                "anti": float(at["anti_braun"].mean()),
            }
        )
    return pd.DataFrame(rows).sort_values("odd", ascending=False, kind="stable")


def rho_text(row: pd.Series, name: str = "rho", prefix: str = "") -> str:
    """ρ and its interval; where there are too few concepts for one, that is said instead."""
    low, high = (row[f"{prefix}low"], row[f"{prefix}high"])
    if not np.isfinite([low, high]).all():
        return f"{row[name]:+.2f} (too few concepts for an interval)"
    return f"{row[name]:+.2f} [{low:+.2f}, {high:+.2f}]"


def summary(model, tables: dict[str, pd.DataFrame]) -> list[str]:
    """At most ten sentences with their numbers."""
    cells, advice = tables["cells"], tables["recommendation"]
    types = best_types(cells)
    top = types.iloc[0]
    lines = [
        f"{cells['concept'].nunique()} concepts × {cells['prompt_type'].nunique()} ways of making vectors × "
        f"{cells['layer'].nunique()} layers of {model.name}; effects on held-out questions, in log-odds.",
        f"Strongest vectors: {top['prompt_type']} at layer {top['layer']}: mean effect {top['odd']:+.2f} "
        f"[{top['low']:+.2f}, {top['high']:+.2f}] per class gap; at matched norm beats random directions for "
        f"{top['beats']} of {top['concepts']} concepts; per class gap it backfires on {top['anti']:.0%} of prompts.",
        "Per way (concepts beating random directions at its best layer): "
        + "; ".join(f"{r.prompt_type} {r.beats}/{r.concepts}" for r in types.itertuples())
        + ".",
    ]
    if len(advice) and advice["reliable"].any():
        best = advice[advice["reliable"]].sort_values("effect").iloc[-1]
        lines.append(
            f"Most steerable: {best['title']}: use layer {best['layer']}, multiplier {best['multiplier']:.1f} "
            f"[{best['multiplier_low']:.1f}, {best['multiplier_high']:.1f}], {best['prompt_type']} vectors; "
            f"backfires on {best['backfire']:.0%} of prompts."
        )
    lines += correlation_lines(tables["correlations"])
    cosines = tables["cosines_concepts"]
    off = cosines[cosines["a"] != cosines["b"]]
    if len(off):
        by_layer = off.groupby("layer")["cosine"].apply(lambda c: c.abs().mean())
        lines.append(
            "Mean |cosine| between concepts' vectors: "
            + ", ".join(f"{value:.2f} at layer {layer}" for layer, value in by_layer.items())
            + "."
        )
    lines.append(inert_line(cells))
    return lines[:10]


IDLE = 0.2  # share of a cue's effect below which patching a site is said to return nothing


def inert_line(cells: pd.DataFrame) -> str:
    """How many cells are decodable and inert, and whether patching finds the site idle or only the direction."""
    part = cells[cells["inert"]]
    if part.empty:
        return "No cell is decodable and inert: where a concept can be read, steering there does something."
    line = f"Decodable but inert: {len(part)} of {len(cells)} cells (steering there stays inside the random band)"
    patched = part.dropna(subset=["patch_share"]) if "patch_share" in part else part.iloc[:0]
    if len(patched):
        idle = int((patched["patch_share"] < IDLE).sum())
        mean = t_interval(patched["patch_share"], groups=patched["concept"].to_numpy())
        line += (
            f"; patching the last token there returns less than a fifth of a cue's effect in {idle} of {len(patched)} "
            f"(the site does nothing) and more in {len(patched) - idle} (the site matters, but not along this "
            f"direction); on average {mean.estimate:.0%} [{mean.low:.0%}, {mean.high:.0%}]"
        )
    return line + "."


def correlation_lines(table: pd.DataFrame) -> list[str]:
    """Coherence against effect, for each way at its best layer, and pooled with both controls."""
    part = table[(table["predictor"] == "c_heldout") & (table["outcome"] == "odd")]
    pooled = part[part["prompt_type"] == "all"]
    lines = []
    if len(pooled):
        row = pooled.iloc[0]
        lines.append(
            f"Held-out coherence against effect, within way and layer: ρ = {rho_text(row)}; given grasp, headroom "
            f"and lean {rho_text(row, 'partial_rho', 'partial_')}; with transplanted vectors "
            f"{rho_text(row, 'transplant_rho', 'transplant_')}."
        )
    single = part[~part["prompt_type"].isin(["all", "all (raw)"])]
    if len(single):
        texts = []
        for kind, rows in single.groupby("prompt_type", sort=False):
            row = (
                rows.iloc[int(np.nanargmax(np.abs(rows["rho"].to_numpy())))]
                if rows["rho"].notna().any()
                else rows.iloc[0]
            )
            texts.append(f"{kind} {rho_text(row)} (layer {row['layer']})")
        lines.append("Per way, at the layer where it is largest (picked, so it flatters): " + "; ".join(texts) + ".")
    return lines


def warnings_of(config, concepts, tables: dict[str, pd.DataFrame]) -> list[str]:
    """What limits this run: too few groups or concepts, in-sample gaps, inert sites, cues the model does not know."""
    cells = tables["cells"]
    notes = []
    there = len(eval_files(Path(config.data))) if config.data and not config.concepts else 0
    if there > len(concepts):
        notes.append(f"{len(concepts)} of the {there} sets in the data folder: the model was never told of the others.")
    few = cells[cells["n_groups"] < 8]["concept"].nunique()
    if few:
        notes.append(
            f"{few} concepts have fewer than 8 groups in the half that made the vector: their intervals are wide."
        )
    if len(concepts) < 12:
        notes.append(f"Correlations over {len(concepts)} concepts: with fewer than 12 their intervals say little.")
    gap = float((cells["d_prime"] - cells["d_prime_split"]).median())
    if gap > 0.5:
        notes.append(
            f"In-sample d′ exceeds its split-half twin by {gap:.1f} at the median: read the split-half column."
        )
    inert = cells[cells["inert"]]
    if len(inert):
        all_names = list(dict.fromkeys(inert["concept"]))
        names = ", ".join(all_names[:12]) + (f" and {len(all_names) - 12} more" if len(all_names) > 12 else "")
        notes.append(f"{inert_line(cells)} Concepts: {names}.")
    able = cells[cells["grasp"] > 0.75]
    if len(able) and able["beats_random"].mean() < 0.25:
        notes.append(
            f"This model follows cues and is not steerable here: of {len(able)} cells whose questions it answers "
            f"as cued (over 75 %), steering leaves the random band in {able['beats_random'].mean():.0%}. No coherence "
            "figure of "
            "this run says anything about steering that works."
        )
    lost = cells[cells["grasp"] < 0.6].drop_duplicates("concept")["concept"].tolist()
    if lost:
        notes.append(
            f"The model hardly follows a cue (under 60 %) on: {', '.join(lost)}. "
            "Instruction vectors of these mean little."
        )
    return notes
