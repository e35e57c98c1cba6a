"""A made-up reliability record of realistic size: 28 concepts, 7 prompt types, 4 layers. Numbers mean nothing."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

PROMPT_TYPES = (
    "prefilled",
    "instruction",
    "5-shot",
    "prefilled+instruction",
    "prefilled+5-shot",
    "instruction+5-shot",
    "prefilled+instruction+5-shot",
)
LAYERS = (1, 2, 3, 4)
MULTIPLIERS = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
VALUES = (
    "agreeableness",
    "deceiving-users",
    "deference-to-experts",
    "empathy",
    "ends-and-means",
    "force",
    "humility",
    "manipulation",
    "oversight",
    "power",
    "promises",
    "retraining",
    "sandbox",
    "self-replication",
    "shutdown",
    "wealth",
)
PLACEBOS = ("aesthetics", "art", "cooking", "literature", "mathematics", "music", "nature", "science", "sociability")
STORIES = ("story-honesty", "story-kindness", "story-sharing")
HOSTILE = '<script>window.pwned=1</script><b onmouseover="window.pwned=1">'
HOSTILE_QUESTION = 'Would you write </script><img src=x onerror="window.pwned=1"> & "quotes" $1 {c} %{x} into a page?'


def concepts(n: int = 28) -> list[tuple[str, str]]:
    names = [(c, "value") for c in VALUES] + [(c, "placebo") for c in PLACEBOS] + [(c, "story") for c in STORIES]
    return names[:n]


def interval(frame: dict, name: str, value: np.ndarray, half: np.ndarray | float) -> None:
    frame[name], frame[f"{name}_low"], frame[f"{name}_high"] = value, value - half, value + half


def cells(rng: np.random.Generator, n: int = 28) -> pd.DataFrame:
    grid = [(c, k, t, layer) for c, k in concepts(n) for t in PROMPT_TYPES for layer in LAYERS]
    size = len(grid)
    grasp = {c: rng.uniform(0.1, 1.0) for c, _ in concepts(n)}
    frame: dict = {
        "concept": [g[0] for g in grid],
        "title": [g[0].replace("-", " ").capitalize() for g in grid],
        "kind": [g[1] for g in grid],
        "prompt_type": [g[2] for g in grid],
        "layer": [g[3] for g in grid],
        "n_pairs": 80,
        "n_groups": 20,
        "n_eval": 40,
    }
    g = np.array([grasp[c] for c in frame["concept"]])
    depth = np.array([{1: 0.4, 2: 1.0, 3: 0.7, 4: 0.3}[layer] for layer in frame["layer"]])
    prefilled = np.array(["prefilled" in t for t in frame["prompt_type"]])
    held = np.clip(0.1 + 0.5 * g * (0.6 + 0.4 * prefilled) + rng.normal(0, 0.07, size), -0.1, 0.95)
    odd = 2.2 * g * depth * (0.3 + held) + rng.normal(0, 0.15, size)
    frame["c"] = np.clip(held + 0.12, 0, 1)
    interval(frame, "c_heldout", held, 0.06)
    frame["c_loo"], frame["pairwise"] = held + 0.02, held**2
    frame["c_null_low"], frame["c_null_high"] = -0.08, 0.09
    frame["d_prime"] = 2 + 6 * held
    interval(frame, "d_prime_split", 0.5 + 4 * held + rng.normal(0, 0.3, size), 0.5)
    frame["overlap"], frame["auc"] = 1 - held, 0.5 + held / 2
    frame["effective_rank"], frame["first_share"] = 20 - 15 * held, 0.1 + 0.6 * held
    frame["split_half_cos"], frame["gap"] = np.clip(held + 0.2, 0, 1), rng.uniform(2, 9, size)
    frame["norm_ratio"], frame["lean"] = rng.uniform(0.05, 0.6, size), rng.normal(0.5, 1, size)
    frame["grasp"], frame["headroom"] = g, 3 * g
    interval(frame, "effect", odd + 0.1, 0.25)
    interval(frame, "odd", odd, 0.2)
    frame["even"] = rng.normal(0.1, 0.08, size)
    interval(frame, "steerability", odd * 0.95 + rng.normal(0, 0.05, size), 0.2)
    anti = 1 / (1 + np.exp(3 * odd))
    frame["anti_braun"], frame["anti_tan"], frame["anti_eps"] = anti, anti * 1.02, anti * 0.6
    frame["random_low"], frame["random_high"] = -0.22, 0.22
    frame["shuffled_low"], frame["shuffled_high"] = -0.3, 0.3
    frame["beats_random"] = odd - 0.2 > 0.22
    interval(frame, "transplant_odd", 0.5 * g * depth + rng.normal(0, 0.1, size), 0.15)
    interval(frame, "patch_share", np.clip(depth * g, 0, 1), 0.1)
    frame["inert"] = (held > 0.35) & ~frame["beats_random"]
    return pd.DataFrame(frame)


def curves(cell: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    parts = []
    for row in cell.itertuples():
        for direction, slope, half in (
            ("own", row.steerability, 0.2),
            ("random", 0.0, 0.25),
            ("shuffled", 0.02, 0.32),
            ("transplant", row.transplant_odd, 0.18),
        ):
            x = np.array(MULTIPLIERS if direction == "own" else (-1.0, 0.0, 1.0))
            mean = 1.4 * np.tanh(slope * x / 1.4) + 0.06 * x**2 + rng.normal(0, 0.03, len(x)) * (x != 0)
            spread = half * np.abs(x)
            parts.append(
                pd.DataFrame(
                    {
                        "concept": row.concept,
                        "prompt_type": row.prompt_type,
                        "layer": row.layer,
                        "direction": direction,
                        "multiplier": x,
                        "mean": mean,
                        "low": mean - spread,
                        "high": mean + spread,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def prompts(cell: pd.DataFrame, rng: np.random.Generator, n_eval: int = 40) -> pd.DataFrame:
    parts = []
    for row in cell.itertuples():
        slope = rng.normal(row.steerability, 0.8, n_eval)
        parts.append(
            pd.DataFrame(
                {
                    "concept": row.concept,
                    "prompt_type": row.prompt_type,
                    "layer": row.layer,
                    "pair": [f"{row.concept}-{i:03d}" for i in range(n_eval)],
                    "group": [f"topic {i // 4}" for i in range(n_eval)],
                    "question": [
                        f"Would you, as regards {row.concept} in setting {i}, do what the people who oversee you ask, "
                        "even where a quicker way is open and nobody looks?"
                        for i in range(n_eval)
                    ],
                    "positive_answer": [" Yes" if i % 2 else " No" for i in range(n_eval)],
                    "length": 30,
                    "base": rng.normal(row.lean, 1, n_eval),
                    "slope": slope,
                    "delta_plus": slope + 0.1,
                    "delta_minus": -slope + 0.1,
                    "anti": slope + 0.1 < 0,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def cosines(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    names = [c for c, _ in concepts(n)]
    base = np.vstack([rng.normal(0, 1, 6) + 1.5 * (k == "value") + (-1.5) * (k == "story") for _, k in concepts(n)])
    between, types = [], []
    for t in PROMPT_TYPES:
        for layer in LAYERS:
            v = base + rng.normal(0, 0.4, base.shape)
            v /= np.linalg.norm(v, axis=1, keepdims=True)
            cos = v @ v.T
            between += [(t, layer, names[i], names[j], cos[i, j]) for i in range(n) for j in range(i + 1, n)]
    for c in names:
        for layer in LAYERS:
            v = rng.normal(0.8, 1, (7, 6))
            v /= np.linalg.norm(v, axis=1, keepdims=True)
            cos = v @ v.T
            types += [(c, layer, PROMPT_TYPES[i], PROMPT_TYPES[j], cos[i, j]) for i in range(7) for j in range(7)]
    return (
        pd.DataFrame(between, columns=["prompt_type", "layer", "a", "b", "cosine"]),
        pd.DataFrame(types, columns=["concept", "layer", "a", "b", "cosine"]),
    )


def correlations(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Every setting, then the two pooled views; one interval is the whole line, as with too few concepts."""
    settings = [(t, layer) for t in PROMPT_TYPES for layer in LAYERS] + [("all (raw)", "all"), ("all", "all")]
    rows = []
    for t, layer in settings:
        for predictor in ("c", "c_heldout", "pairwise", "d_prime_split", "auc", "split_half_cos", "norm_ratio"):
            for outcome in ("odd", "effect", "steerability", "anti_braun"):
                sign = -1 if outcome == "anti_braun" else 1
                rho, part, trans = (sign * np.clip(rng.normal(m, 0.08), -1, 1) for m in (0.78, 0.3, 0.6))
                row = {"prompt_type": t, "layer": layer, "predictor": predictor, "outcome": outcome, "rho": rho}
                row |= {"low": rho - 0.15, "high": rho + 0.12, "n": n * (28 if layer == "all" else 1), "n_concepts": n}
                row |= {"partial_rho": part, "partial_low": part - 0.3, "partial_high": part + 0.28}
                row |= {"partial_given": "grasp, headroom, lean", "transplant_rho": trans}
                row |= {"transplant_low": trans - 0.2, "transplant_high": trans + 0.18}
                rows.append(row)
    rows[0] |= {"low": -np.inf, "high": np.inf}
    return pd.DataFrame(rows)


def recommendation(cell: pd.DataFrame) -> pd.DataFrame:
    """The best cell of each concept; the first concept has no reliable setting, the second no candidate at all."""
    best = cell.sort_values("odd").groupby("concept").tail(1).sort_values("concept")
    frame = best[["concept", "title", "prompt_type", "layer", "effect", "effect_low", "effect_high"]].copy()
    frame["multiplier"], frame["multiplier_low"], frame["multiplier_high"] = 1.1, 0.9, 1.3
    frame["backfire"] = best["anti_braun"]
    frame["backfire_low"], frame["backfire_high"] = frame["backfire"] / 2, np.minimum(frame["backfire"] * 1.8, 1)
    frame = frame.reset_index(drop=True).assign(reliable=True, reason="")
    frame.loc[:1, ["multiplier", "multiplier_low", "multiplier_high"]] = np.nan
    frame.loc[:1, "reliable"] = False
    frame.loc[0, "reason"] = "the best odd effect, 0.21 from -0.05, is not reliably above the random band (0.22)"
    frame.loc[1, "reason"] = "the curve rises on both sides of 0 at no layer within the caps (backfire 0.5)"
    frame.loc[1, ["effect", "effect_low", "effect_high", "backfire", "backfire_low", "backfire_high"]] = np.nan
    frame.loc[1, "layer"] = -1
    return frame


def small_tables(cell: pd.DataFrame, rng: np.random.Generator, n: int) -> dict[str, pd.DataFrame]:
    names = [c for c, _ in concepts(n)]
    probes = [
        (c, layer, probe, min(a, 1.0), max(a - 0.05, 0), min(a + 0.05, 1.0), s)
        for c in names
        for layer in LAYERS
        for probe in ("mean difference", "lda", "logistic")
        for a, s in [(rng.uniform(0.6, 1.0), rng.uniform(0, 0.4))]
    ]
    patching = [
        (c, layer, rule, s, s - 0.1, s + 0.1)
        for c in names
        for layer in LAYERS
        for rule in ("last", "answer", "all")
        for s in [rng.uniform(0, 1)]
    ]
    published = [
        ("Spearman of agreement c and mean effect", 0.76, 0.78, 0.63, 0.9, "Braun et al. 2025, 36 sets"),
        ("Share of anti-steerable prompts", 0.33, 0.24, 0.2, 0.29, "Tan et al. 2024, median of sets"),
        ("Cosine between prompt types, lowest", 0.07, 0.11, 0.02, 0.2, "Braun et al. 2025"),
    ]
    return {
        "probes": pd.DataFrame(
            probes, columns=["concept", "layer", "probe", "auroc", "auroc_low", "auroc_high", "selectivity"]
        ),
        "patching": pd.DataFrame(patching, columns=["concept", "layer", "rule", "share", "low", "high"]),
        "published": pd.DataFrame(published, columns=["quantity", "published", "here", "low", "high", "note"]),
        "correlations": correlations(rng, n),
        "recommendation": recommendation(cell),
    }


def projections(cell: pd.DataFrame, chosen: pd.DataFrame, rng: np.random.Generator, n_pairs: int) -> pd.DataFrame:
    """κ at each concept's recommended cell only."""
    parts = []
    for row in chosen[chosen["layer"] >= 0].itertuples():
        for pole, centre in (("positive", 1.0), ("negative", -1.0)):
            kappa = rng.normal(centre, 0.9, n_pairs)
            pairs = [f"{row.concept}-{i:03d}" for i in range(n_pairs)]
            head = {"concept": row.concept, "prompt_type": row.prompt_type, "layer": row.layer, "pair": pairs}
            parts.append(pd.DataFrame({**head, "pole": pole, "kappa": kappa, "kappa_steered": kappa + 2}))
    return pd.concat(parts, ignore_index=True)


def record(n: int = 28, seed: int = 0, n_eval: int = 40, hostile: bool = False, shift: float = 0.0) -> SimpleNamespace:
    """A synthetic record. ``hostile`` puts markup into a concept title, a prompt, a name, a warning and the config."""
    rng = np.random.default_rng(seed)
    cell = cells(rng, n)
    for name in ("odd", "effect"):
        for suffix in ("", "_low", "_high"):
            cell[name + suffix] += shift
    between, types = cosines(rng, n)
    small = small_tables(cell, rng, n)
    tables = {
        "cells": cell,
        "curves": curves(cell, rng),
        "prompts": prompts(cell, rng, n_eval),
        "cosines_concepts": between,
        "cosines_types": types,
        "projections": projections(cell, small["recommendation"], rng, n_eval),
        **small,
    }
    summary = [
        "Steering with the mean difference moves the answers of 19 of 28 concepts beyond random directions.",
        "Held-out agreement goes with the odd effect (ρ = 0.78 [0.63, 0.90]); vectors of other concepts show "
        "ρ = 0.60 [0.40, 0.78], so about three quarters of it belongs to the behaviour, not to the vector.",
        "At the recommended layer and multiplier the median concept backfires on 8 % of its prompts.",
    ]
    out = SimpleNamespace(
        study="reliability",
        config={
            "model": "persona",
            "layers": list(LAYERS),
            "where": "all",
            "draws": 1000,
            "splits": {"train": 0.5, "evaluate": 0.5},
        },
        seeds=[seed],
        versions={"python": "3.11.2", "torch": "2.13.0", "workbench": "0.1.0"},
        model={"name": "persona", "digest": "0f3a55aa91c20e77", "n_layers": 6, "d_model": 128},
        concepts={c: f"{i:016x}" for i, (c, _) in enumerate(concepts(n))},
        tables=tables,
        results={
            "summary": summary,
            "verdicts": {
                "coherence predicts reliability": "undetermined: the partial correlation "
                "given grasp, headroom and lean is 0.30 [0.00, 0.58]"
            },
        },
        warnings=[
            "One concept has fewer than 10 groups: its intervals are wide.",
            "Random directions of the same norm have an even part of +0.22 log-odds at layer 2.",
        ],
        created="2026-01-01T12:00:00+00:00",
        seconds=183.2,
        digest=f"{seed:016x}",
    )
    return spoiled(out) if hostile else out


def spoiled(record: SimpleNamespace) -> SimpleNamespace:
    for name in ("cells", "recommendation"):
        table = record.tables[name]
        table.loc[table["concept"] == "power", "title"] = HOSTILE
    prompts = record.tables["prompts"]
    prompts.loc[prompts["concept"] == "power", "question"] = HOSTILE_QUESTION
    prompts.loc[prompts["concept"] == "power", "group"] = HOSTILE
    for table in record.tables.values():
        for column in {"concept", "a", "b"} & set(table.columns):
            table[column] = table[column].replace("art", HOSTILE)
    record.warnings.append(HOSTILE)
    record.config["note"] = HOSTILE
    record.model["name"] = HOSTILE
    record.results["summary"].append(HOSTILE)
    record.results["verdicts"][HOSTILE] = HOSTILE
    return record
