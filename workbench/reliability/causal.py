# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Does coherence *cause* reliability? Twins that were trained alike but for a knob, concept by concept.

The knob sets in which share of its templates a concept's disposition is followed; twins have mirrored knobs. So the
difference between twins, concept by concept, is the effect of an intervention, where a correlation within one model
is not. The control is the difference between two training seeds of the *same* knob, set against the same knob
differences as the twins': there the knob has moved nothing.
"""

from itertools import product

import numpy as np
import pandas as pd

from workbench.reliability.replication import MEAN, fisher_mean
from workbench.stats import spearman, undetermined
from workbench.stats.intervals import percentile_effect
from workbench.types import Effect, WorkbenchError

COHERENCE = ("c_heldout", "d_prime_split")
RELIABILITY = ("odd_matched", "steerability", "anti_braun")
LINKS = (
    *(("knob_fit", y) for y in COHERENCE),
    *(("knob_eval", y) for y in RELIABILITY),
    *product(COHERENCE, RELIABILITY),
)
TWINS, CONTROL = "twins", "same knob, other seed"
KEYS = ["comparison", "seed", "concept", "labelling", "layer"]
FIELDS = ["labelling", "layer", "predictor", "outcome", "comparison", "run", "rho", "low", "high", "concepts"]
EFFECTS = ["labelling", "layer", "quantity", "comparison", "per_half", "low", "high", "concepts", "seeds"]
HALF = 0.5


def twin_differences(cells: pd.DataFrame) -> pd.DataFrame:
    """One row per comparison, seed, concept, labelling and layer: first minus second model, in every quantity.

    Args:
        cells: one row per model and cell, with ``twin`` ("a" or "b"), ``seed``, ``concept``, ``labelling``,
            ``layer``, the shares ``knob_fit`` and ``knob_eval`` of templates that follow, and the measured columns.

    A row of the control has the measured differences of two seeds of one knob beside the knob differences of the
    twins. Raises WorkbenchError where a seed has one twin only.
    """
    measured = [c for c in (*COHERENCE, *RELIABILITY) if c in cells]
    index = ["concept", "labelling", "layer"]
    by = {key: part.set_index(index) for key, part in cells.groupby(["twin", "seed"], sort=True)}
    seeds = sorted({seed for _, seed in by})
    if missing := [(twin, seed) for twin, seed in product("ab", seeds) if (twin, seed) not in by]:
        twin, seed = missing[0]
        raise WorkbenchError(f"seed {seed} has no twin {twin!r}; expected one model of each knob per seed")
    pairs = [(TWINS, seed, ("a", seed), ("b", seed)) for seed in seeds]
    for twin, (i, seed) in product("ab", enumerate(seeds)):
        other = seeds[(i + 1) % len(seeds)]
        if other != seed:
            pairs.append((CONTROL, f"{twin}: {seed} − {other}", (twin, seed), (twin, other)))
    frames = []
    for comparison, name, first, second in pairs:
        seed = first[1]
        frame = by[first][measured] - by[second][measured]
        knob = by["a", seed][["knob_fit", "knob_eval"]] - by["b", seed][["knob_fit", "knob_eval"]]
        kind = by[first][["kind"]]
        frames.append(pd.concat([kind, knob, frame], axis=1).reset_index().assign(comparison=comparison, seed=name))
    return pd.concat(frames, ignore_index=True)


def causal_links(differences: pd.DataFrame) -> pd.DataFrame:
    """Spearman's ρ over concepts of each link, per seed with its interval, and the mean over seeds (Student's t).

    Links: the knob with coherence, the knob with reliability, coherence with reliability. With one seed there is no
    mean row; a quantity that does not vary has NaN.
    """
    rows = []
    for (labelling, layer, comparison), part in differences.groupby(["labelling", "layer", "comparison"], sort=False):
        for x, y in usable_links(part):
            found = []
            for seed, one in part.groupby("seed", sort=False):
                kept = one[np.isfinite(one[x]) & np.isfinite(one[y])]
                effect = spearman(kept[x], kept[y]) if len(kept) > 3 else undetermined(np.nan, "few concepts")
                found.append(effect.estimate)
                rows.append((labelling, layer, x, y, comparison, run_name(seed), *ends(effect), len(kept)))
            if len(found) > 1 and np.isfinite(found).all():
                rows.append((labelling, layer, x, y, comparison, MEAN, *fisher_mean(found), part["concept"].nunique()))
    return pd.DataFrame(rows, columns=FIELDS)


def run_name(seed) -> str:
    """What a comparison is called in a table."""
    return str(seed) if isinstance(seed, str) else f"seed {seed}"


def usable_links(part: pd.DataFrame) -> list[tuple[str, str]]:
    """The links whose two columns were measured."""
    return [(x, y) for x, y in LINKS if x in part and y in part]


def ends(effect: Effect) -> tuple[float, float, float]:
    return effect.estimate, effect.low, effect.high


def knob_effects(differences: pd.DataFrame, draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """What half of the templates does: change of each quantity per 0.5 of the knob, by least squares.

    Interval: percentiles of a bootstrap that resamples concepts (with all their seeds) and seeds. With two or three
    seeds the part that comes from seeds is too narrow; the rows per seed of :func:`causal_links` show it.
    """
    rows = []
    for (labelling, layer, comparison), part in differences.groupby(["labelling", "layer", "comparison"], sort=False):
        for quantity in (*COHERENCE, *RELIABILITY):
            if quantity not in part:
                continue
            knob = "knob_fit" if quantity in COHERENCE else "knob_eval"
            x, y = (part.pivot(index="concept", columns="seed", values=v).to_numpy() for v in (knob, quantity))
            kept = np.isfinite(x + y).all(1)
            effect = slope_effect(x[kept], y[kept], draws, seed)
            rows.append((labelling, layer, quantity, comparison, *ends(effect), int(kept.sum()), x.shape[1]))
    return pd.DataFrame(rows, columns=EFFECTS)


def slope_effect(x: np.ndarray, y: np.ndarray, draws: int, seed: int) -> Effect:
    """Least-squares slope of y on x [concept, seed] per HALF, resampling both; undetermined below 4 concepts."""
    if len(x) < 4:
        return undetermined(np.nan, "fewer than 4 concepts", n=len(x))
    rng = np.random.default_rng(seed)
    n, m = x.shape
    found = slopes(x, y, rng.integers(n, size=(draws, n)), rng.integers(m, size=(draws, m)))
    whole = slopes(x, y, np.arange(n)[None], np.arange(m)[None])[0]
    return percentile_effect(HALF * whole, HALF * found, (0.025, 0.975), level=0.95, n=x.size, n_groups=n)


def slopes(x: np.ndarray, y: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Least-squares slopes [draw] with an intercept over the rows and columns chosen in each draw."""
    chosen = (rows[:, :, None], columns[:, None, :])
    u, v = (z[chosen] - z[chosen].mean((1, 2), keepdims=True) for z in (x, y))
    return (u * v).sum((1, 2)) / np.maximum((u * u).sum((1, 2)), 1e-12)
