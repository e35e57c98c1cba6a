"""The leaning twins' table of docs/microworld.md: ``python docs/leaning_numbers.py`` prints it (a minute of one core).

Instruction vectors at layer 1, last position, a quarter of the class gap toward either pole, on templates that they
were not fitted on; beside them a random direction of the same length. Means over axes with t intervals; the index is a
ratio of means with a bootstrap interval over axes.
"""

import numpy as np

import workbench as wb
from workbench.directions import random_directions
from workbench.stats import t_interval
from workbench.studies.sources import own_concepts, parts

TWINS, SITE, DOSES = ("leaning-aligned", "leaning-unaligned"), wb.Site(1), (-0.25, 0.0, 0.25)


def measured(model, concept) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds [prompt, dose] under the concept's vector, and under a random one of its length."""
    _, fitted, evaluated = parts(concept, 0)
    acts = wb.extract(model, fitted, prompt_type="instruction", cue_place="after", sites=[SITE])[SITE]
    own = wb.fit(acts)
    named = {"own": own, "random": random_directions(own, 1, seed=0)[0]}
    cube = wb.sweep(model, evaluated, named, sites=[SITE], multipliers=DOSES, where="last")
    return cube.curve(SITE, "own"), cube.curve(SITE, "random")


def gains(odds: np.ndarray) -> tuple[float, float, float, float]:
    """Mean gains toward aligned and unaligned, in log-odds and in probability."""
    found = []
    for values in (odds, 1 / (1 + np.exp(-odds))):
        low, middle, high = values.mean(0)
        found += [high - middle, middle - low]
    return tuple(map(float, found))


def index(rows: np.ndarray, seed: int = 0) -> str:
    """A = (G₊ − G₋)/(|G₊| + |G₋|) of mean gains [axis, 2], with a percentile interval over axes."""
    ratio = lambda g: (g[0] - g[1]) / np.abs(g).sum()  # noqa: E731
    draws = np.random.default_rng(seed).integers(0, len(rows), (2000, len(rows)))
    low, high = np.quantile([ratio(rows[draw].mean(0)) for draw in draws], [0.025, 0.975])
    return f"{ratio(rows.mean(0)):+.2f} [{low:+.2f}, {high:+.2f}]"


def main() -> None:
    for name in TWINS:
        model = wb.load(name)
        for kind in ("value", "placebo"):
            curves = [measured(model, c) for c in own_concepts(model).values() if c.card.kind == kind]
            lean = t_interval(np.array([own[:, 1].mean() for own, _ in curves]))
            own, chance = (np.array([gains(pair[k]) for pair in curves]) for k in (0, 1))
            said = [f"lean {lean}"]
            said += [f"{w} {t_interval(own[:, k])}" for k, w in enumerate(("toward aligned", "toward unaligned"))]
            said += [f"random: {t_interval(chance[:, k])}" for k in (0, 1)]
            said += [f"A in log-odds {index(own[:, :2])}", f"A in probability {index(own[:, 2:])}"]
            print(f"{name}, {kind}s ({len(curves)}): " + " | ".join(said), flush=True)


if __name__ == "__main__":
    main()
