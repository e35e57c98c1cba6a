"""A made-up symmetry record: three methods, six concepts, three verdicts."""

import numpy as np
import pandas as pd

from workbench.records import Record
from workbench.studies.symmetry_errors import pattern

METHODS = ("add", "leace", "few_shot")
CONCEPTS = ("all value concepts", "power", "art", "shutdown")


def three(rng: np.random.Generator, name: str, middle: float) -> dict:
    half = rng.uniform(0.05, 0.3)
    return {name: middle, f"{name}_low": middle - half, f"{name}_high": middle + half}


def record(seed: int = 0, hostile: str = "") -> Record:
    """The record; ``hostile`` is put where text from data stands."""
    rng = np.random.default_rng(seed)
    results, curves, lean, fixed = [], [], [], []
    for m, method in enumerate(METHODS):
        for c, concept in enumerate(CONCEPTS):
            verdict = ("symmetric", "asymmetric", "undetermined")[(m + c) % 3]
            row = {"model": "toy", "method": method, "concept": concept + hostile * (c == 1), "kind": "value"}
            row |= {"budget": "kl", "verdict": verdict, "reason": f"because {hostile}", "flag": "", "p": 0.1}
            row |= three(rng, "index", rng.uniform(-0.6, 0.6)) | three(rng, "gain_aligned", 2.0)
            results.append(row | three(rng, "gain_unaligned", 1.0))
            for pole in ("aligned", "unaligned"):
                for level in (0.001, 0.01, 0.1):
                    about = {"method": method, "concept": row["concept"], "budget": "kl", "concepts": 3, "pole": pole}
                    about |= {"level": level, "nll_rise": level / 4, "incoherent": level / 9}
                    curves.append(about | three(rng, "gain", 20 * level) | three(rng, "index", 3 * level))
            if c:
                point = {
                    "method": method,
                    "concept": row["concept"],
                    "kind": ("value", "placebo")[c % 2],
                    "budget": "kl",
                }
                point |= {"lean": float(c - 2), "fitted": 0.1 * c, "gain_aligned": 1.0, "gain_unaligned": 0.8}
                lean.append(point | three(rng, "difference", 0.2 * c))
        line = {"method": method, "budget": "kl", "correction": "raw", "concepts": 3, "note": ""}
        fixed.append(line | three(rng, "index", 0.2) | three(rng, "difference", 0.4))
    tables = {"results": results, "curves": curves, "lean": lean, "corrections": fixed}
    pairs = [(a, b) for a in CONCEPTS[1:] for b in CONCEPTS[1:]]
    tables["off_axis"] = [
        {"method": method, "pole": pole, "steered": a + hostile, "read": b + hostile, "own": a == b, "bound": 0.2,
         "mark": "" if a == b else "×", "groups": 4} | three(rng, "shift", rng.uniform(-1, 1))
        for method in METHODS for pole in ("aligned", "unaligned") for a, b in pairs
    ]  # fmt: skip
    tables["frames"] = [
        {"method": method, "concept": name, "frame": frame + hostile, "budget": "kl", "level": 0.1, "concepts": 3,
         "lean": 0.1, "verdict": "symmetric", "reason": "", "flag": "", "kept_aligned": kept, "kept_unaligned": kept}
        | three(rng, "index", 0.1) | three(rng, "gain_aligned", 2 * kept) | three(rng, "gain_unaligned", 1.8 * kept)
        for method in METHODS for name in CONCEPTS[:2]
        for frame, kept in (("held-out templates", 1.0), ("dialogue", 0.1))
    ]  # fmt: skip
    told = ("follows", "resists", "backfires")
    tables["items"] = [
        {"method": method, "concept": name, "pair": f"{name}-{k}", "group": f"g{k // 2}",
         "question": f"Question {k} of {name}{hostile}", "answer": ("Yes", "No")[k % 2], "budget": "kl", "level": 0.1,
         "base": 0.2, "bound_aligned": 0.1, "bound_unaligned": 0.1, "gain_aligned": (1.0, 0.05, -0.5)[k % 3],
         "gain_unaligned": (1.0, 0.05, -0.5)[k // 3],
         "toward_aligned": told[k % 3], "toward_unaligned": told[k // 3], "pattern": pattern(told[k % 3], told[k // 3])}
        for method in METHODS for name in CONCEPTS[1:] for k in range(9)
    ]  # fmt: skip
    tables["resistance"] = [
        {"method": method, "concept": CONCEPTS[0], "pole": pole, "items": 27, "left_out": 3, "units": 3, "gain": 0.2,
         "chance_resists": 0.94, "chance_backfires": float("nan")}
        | three(rng, "follows", 0.33) | three(rng, "resists", 0.35) | three(rng, "backfires", 0.31)
        for method in METHODS for pole in ("aligned", "unaligned")
    ]  # fmt: skip
    tables["failures"] = [{"concept": "power", "method": "mine", "line": f"ValueError: {hostile}"}]
    return Record(
        study="symmetry", model={"name": "toy"}, tables={name: pd.DataFrame(rows) for name, rows in tables.items()},
        results={"summary": ["One sentence."], "verdicts": {"add: symmetric?": "symmetric: A = +0.01"}},
        warnings=["4 placebo concepts"], created="2026-01-01T00:00:00+00:00",
    )  # fmt: skip
