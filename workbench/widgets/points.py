# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""The geometry of a setting: examples on the line and in space, steered and not, with their figures and slopes.

Numbers come from ``workbench.geometry`` and ``workbench.evaluation``; here they are gathered for one setting and kept.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from workbench.activations import by_class, extract
from workbench.directions import random_directions
from workbench.evaluation import slope_table
from workbench.geometry import (
    PcaView,
    Projection,
    auc,
    cosine_table,
    d_prime,
    d_prime_along,
    halved,
    pca_view,
    point_table,
    reader_auc,
)
from workbench.interventions import steer
from workbench.prompts import PROMPT_TYPES
from workbench.stats import t_interval
from workbench.types import Activations, Direction, Effect, Site, WorkbenchError
from workbench.widgets.reading import heldout
from workbench.widgets.steering import Setting, Steering

FITTED, HELD_OUT, STEERED = "fitted (in-sample)", "held out", "held out, steered"
BETWEEN = ("layers", "concepts", "prompt types")
# random directions whose shift stands beside that of the direction
DRAWS = 5


def line(steering: Steering, setting: Setting) -> Projection:
    """κ of the setting's direction, fitted on the fitting part."""
    return Projection(steering.direction(setting)).fit(steering.activations(setting))


def view(steering: Steering, setting: Setting) -> PcaView:
    """The first three principal components of the fitting part at the setting's site."""
    key = ("view", setting.concept, setting.prompt_type, setting.layer)
    return steering.keep(key, lambda: pca_view(steering.activations(setting), 3))


def points(steering: Steering, setting: Setting, multiplier: float, read: int) -> pd.DataFrame:
    """pair, group, pole, kappa, pc1 to pc3, condition, steered, question, slope: examples read at layer ``read``.

    Conditions: the fitted pairs, the held-out ones, and these under steering at the setting's layer by
    ``multiplier``. ``slope`` is the held-out question's (log-odds per multiplier, NaN for fitted pairs).
    """
    at = replace(setting, layer=read)
    fitted, evaluated = steering.parts(setting)
    found = {
        FITTED: steering.activations(at),
        HELD_OUT: heldout(steering, at)[at.site],
        STEERED: steered(steering, setting, steering.direction(setting), multiplier, at.site),
    }
    parts = [
        point_table(acts, line(steering, at), view(steering, at)).assign(condition=name, steered=name == STEERED)
        for name, acts in found.items()
    ]
    questions = {pair.id: pair.question for pair in (*fitted.pairs, *evaluated.pairs)}
    slopes = slope_rows(steering, setting).set_index("prompt")["slope"]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(question=table["pair"].map(questions), slope=table["pair"].map(slopes))


def slope_rows(steering: Steering, setting: Setting) -> pd.DataFrame:
    """:func:`workbench.evaluation.slope_table` of the setting: the most anti-steerable question first."""
    return slope_table(steering.curves(setting), steering.parts(setting)[1], setting.site)


def figures(steering: Steering, setting: Setting, multiplier: float, read: int) -> pd.DataFrame:
    """name, in_sample, held_out, unit: d′ and AUROC along the line; in-sample has no interval, for it means little.

    The shift by steering has the range of random directions of the same norm in ``control``.
    """
    at = replace(setting, layer=read)
    inside, outside, reader = steering.activations(at), heldout(steering, at)[at.site], line(steering, at)
    up, down = by_class(outside)
    vector = reader.direction.vector.double().numpy()
    groups = outside.groups[: len(outside) // 2]
    held = d_prime_along(up.numpy(), down.numpy(), vector, np.asarray(groups))
    own = [row.numpy() @ vector for row in by_class(inside)]
    moved = shift(steering, setting, steering.direction(setting), multiplier, at)
    draws = [
        shift(steering, setting, drawn, multiplier, at).estimate
        for drawn in random_directions(steering.direction(setting), DRAWS, steering.seed)
    ]
    rows = [
        {"name": "d′ along the line", "in_sample": d_prime(*own), "held_out": held, "control": "0 without a concept"},
        {"name": "AUROC along the line", "in_sample": auc(*own), "held_out": reader_auc(reader, outside),
         "control": "0.5 without a concept"},
        {"name": f"shift of κ by steering at λ = {multiplier:+.2f}", "in_sample": np.nan, "held_out": moved,
         "control": f"random directions {min(draws):+.2f} to {max(draws):+.2f}"},
    ]  # fmt: skip
    return pd.DataFrame(rows)


def shift(steering: Steering, setting: Setting, direction: Direction, multiplier: float, at: Setting) -> Effect:
    """How far steering along ``direction`` moves κ of the held-out examples at ``at``: mean, t interval over groups."""
    reader, before = line(steering, at), heldout(steering, at)[at.site]
    after = steered(steering, setting, direction, multiplier, at.site)
    moved = (reader.score(after) - reader.score(before)).numpy()
    return t_interval(moved, unit="κ", groups=np.asarray(before.groups))


def steered(
    steering: Steering, setting: Setting, direction: Direction, multiplier: float, site: Site
) -> Activations:
    """The held-out prompts' activations at ``site`` while the model is steered at ``direction``'s own site; kept."""
    if site.layer < direction.site.layer:
        raise WorkbenchError(
            f"layer {site.layer} lies below the steered layer {direction.site.layer}; read at that layer or above it"
        )
    model = steer(
        steering.model, direction, multiplier, intervention=steering.operator(setting), where=setting.where
    )
    evaluated = steering.parts(setting)[1]
    key = ("steered", model.digest, evaluated.digest, setting.prompt_type, site)
    return steering.keep(key, lambda: extract(model, evaluated, prompt_type=setting.prompt_type, sites=[site])[site])


def cosines(steering: Steering, setting: Setting, between: str) -> pd.DataFrame:
    """:func:`workbench.geometry.cosine_table` of the setting's direction with those of other layers, concepts or types.

    ``between`` is one of :data:`BETWEEN`. Everything but what is compared stays as the setting says.
    """
    if between not in BETWEEN:
        raise WorkbenchError(f"cosines between {between!r} are unknown; expected one of {', '.join(BETWEEN)}")
    settings = {
        "layers": {str(layer): replace(setting, layer=layer) for layer in range(steering.model.n_layers)},
        "concepts": {name: replace(setting, concept=name) for name in steering.names},
        "prompt types": {kind: replace(setting, prompt_type=kind) for kind in PROMPT_TYPES},
    }[between]

    def make(at: Setting):
        labels: Sequence[str] = [pair.aligned for pair in steering.parts(at)[0].pairs]
        return halved(steering.activations(at), at.method, labels, steering.seed)

    found = {
        name: steering.keep(("halved", at.concept, at.prompt_type, at.method, at.layer), lambda at=at: make(at))
        for name, at in settings.items()
    }
    return cosine_table(found)
