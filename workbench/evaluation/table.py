"""One row per prompt, site and direction: the outcome and everything that might explain it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from workbench.evaluation.curves import column, curvature, deltas, flip_multiplier, monotone_range, rank_slopes, slopes
from workbench.types import Concept, Pole, Site, SweepCube, WorkbenchError


def prompt_table(
    cube: SweepCube,
    concept: Concept | None = None,
    *,
    toward: Pole | None = None,
    directions: Sequence[str] | None = None,
    lengths: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Per prompt × site × direction: covariates, base propensity and the shape of the curve.

    Columns: prompt, group, site, layer, stream, direction · positive (the text of the positive answer),
    length (of the prompt, tokens) · base (log-odds unsteered) · slope, rank_slope, curvature · delta_plus and
    delta_minus (Δ at ±1, NaN where not swept), odd and even (at 1) · flips (the preferred answer changes
    within the swept range), flip_low, flip_high, monotone_low, monotone_high. ``positive`` and ``length``
    come from the sweep's source unless ``concept`` or ``lengths`` (by pair id) are given.
    """
    covariates = prompt_covariates(cube, concept, toward=toward, lengths=lengths)
    wanted = list(directions) if directions is not None else list(cube.directions)
    unknown = [name for name in wanted if name not in cube.directions]
    if unknown:
        raise WorkbenchError(f"directions {unknown} were not swept; expected some of {list(cube.directions)}")
    parts = [_cell(cube, covariates, site, name) for site in cube.sites for name in wanted]
    return pd.concat(parts, ignore_index=True)


def prompt_covariates(
    cube: SweepCube,
    concept: Concept | None = None,
    *,
    toward: Pole | None = None,
    lengths: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """What is known of each prompt beforehand: prompt, group, positive, length (see :func:`prompt_table`)."""
    known = cube.source.get("lengths")
    size = [lengths[p] for p in cube.prompts] if lengths is not None else known
    return pd.DataFrame({
        "prompt": cube.prompts, "group": cube.groups,
        "positive": _positives(cube, concept, toward), "length": size if size is not None else np.nan,
    })  # fmt: skip


def _positives(cube: SweepCube, concept: Concept | None, toward: Pole | None) -> Sequence[str]:
    """The positive answer's text of every prompt, stripped."""
    if concept is None:
        return list(cube.source.get("positive", [""] * len(cube.prompts)))
    pole = toward or cube.source.get("toward", "aligned")
    answers = {pair.id: pair.answer(pole).strip() for pair in concept.pairs}
    missing = [p for p in cube.prompts if p not in answers]
    if missing:
        raise WorkbenchError(f"prompts {missing[:3]} are not pairs of concept {concept.name!r}; give the swept concept")
    return [answers[p] for p in cube.prompts]


def _cell(cube: SweepCube, covariates: pd.DataFrame, site: Site, direction: str) -> pd.DataFrame:
    """The rows of one site and direction."""
    curve, doses = cube.curve(site, direction), cube.multipliers
    change = deltas(curve, doses)
    nothing = np.full(len(curve), np.nan)
    swept = {sign: change[:, column(doses, sign)] if np.isclose(doses, sign).any() else nothing for sign in (1.0, -1.0)}
    flip, monotone = flip_multiplier(curve, doses), monotone_range(curve, doses)
    return covariates.assign(
        site=str(site), layer=site.layer, stream=site.stream, direction=direction,
        base=curve[:, column(doses, 0.0)], slope=slopes(curve, doses), rank_slope=rank_slopes(curve, doses),
        curvature=curvature(curve, doses) if len(doses) > 2 else nothing,
        delta_plus=swept[1.0], delta_minus=swept[-1.0],
        odd=(swept[1.0] - swept[-1.0]) / 2, even=(swept[1.0] + swept[-1.0]) / 2,
        flips=~np.isnan(flip).all(1), flip_low=flip[:, 0], flip_high=flip[:, 1],
        monotone_low=monotone[:, 0], monotone_high=monotone[:, 1],
    )  # fmt: skip


