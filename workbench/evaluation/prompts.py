"""Every question of a sweep by its slope: whom steering moves the wrong way, and by more than chance directions do."""

import numpy as np
import pandas as pd

from workbench.evaluation.steerability import slope_bound
from workbench.evaluation.table import prompt_table
from workbench.types import Concept, Site, SweepCube, WorkbenchError


def slope_table(cube: SweepCube, concept: Concept, site: Site, direction: str = "own") -> pd.DataFrame:
    """prompt, question, group, positive_answer, base, slope, delta_plus, delta_minus, anti, bound, beyond, rank.

    A row per prompt, the most anti-steerable first. ``anti``: Δ(1) < 0 (Braun et al., arXiv 2505.22637). ``bound`` is
    the 97.5 % quantile of \\|slope\\| over all prompts under the sweep's "random …" directions of the same norm (NaN
    without any), ``beyond`` whether \\|slope\\| exceeds it: the others' signs are those of any perturbation.
    Raises WorkbenchError for a site, direction or concept that was not swept.
    """
    if site not in cube.sites or direction not in cube.directions:
        raise WorkbenchError(
            f"{direction!r} at {site} was not swept; expected one of {', '.join(cube.directions)} at "
            f"{', '.join(map(str, cube.sites))}"
        )
    table = prompt_table(cube, concept, directions=[direction])
    table = table[table["site"] == str(site)]
    random = [name for name in cube.directions if name.startswith("random")]
    bound = slope_bound(cube, site, random) if random else float("nan")
    questions = {pair.id: pair.question for pair in concept.pairs}
    table = table.assign(
        question=[questions[p] for p in table["prompt"]], positive_answer=table["positive"],
        anti=table["delta_plus"] < 0, bound=bound, beyond=np.abs(table["slope"]) > bound,
    ).sort_values("slope", kind="stable", ignore_index=True)  # fmt: skip
    wanted = ["prompt", "question", "group", "positive_answer", "base", "slope", "delta_plus", "delta_minus", "anti",
              "bound", "beyond"]  # fmt: skip
    return table[wanted].assign(rank=np.arange(1, len(table) + 1))
