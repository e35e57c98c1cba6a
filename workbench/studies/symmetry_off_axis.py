"""The off-axis cells of a symmetry study: every control at its matched dose, read on the other concepts.

A few prompts per concept and one dose: two passes over them for the poles, two for a random direction of the same norm.
"""

from collections.abc import Sequence

import numpy as np

from workbench.concepts import neutral_texts
from workbench.controls import find_method, trains
from workbench.models import Model
from workbench.studies.symmetry_cells import failure, parts, settings
from workbench.studies.symmetry_lean import primary
from workbench.studies.symmetry_tables import by_method
from workbench.symmetry import Response, response_of
from workbench.symmetry.off_axis import random_control, shifts
from workbench.symmetry.protocol import Protocol
from workbench.types import POLES, Concept, digest_of


def off_axis_jobs(config, concepts: Sequence[Concept], measured: Sequence[tuple]) -> list[tuple]:
    """(config, concept, method, plan) for every response with a matched budget; a plan is (kind, level, doses, others).

    None where ``config.off_axis`` is 0 or there is only one concept. Methods that train are left out: each dose would
    be trained anew.
    """
    if not config.off_axis or len(concepts) < 2:
        return []
    protocol, _ = settings(config)
    others = tuple(scattered(parts(concept, config)[1], config.off_axis) for concept in concepts)
    by_name = {concept.name: concept for concept in concepts}
    responses = [response_of(cell["response"]) for _, cell in measured if "response" in cell]
    jobs = []
    for method, members in by_method([r for r in responses if not trains(r.method)]).items():
        for name, plan in matched_doses(protocol, members).items():
            jobs.append((config, by_name[name], method, (*plan, others)))
    return jobs


def scattered(concept: Concept, count: int) -> Concept:
    """At most ``count`` items, each from another group while there are any, the answers taking turns.

    So few prompts carry an interval only as single members of many groups.
    """
    groups, answers = sorted(set(concept.groups)), sorted({pair.aligned for pair in concept.pairs})
    left, kept = list(concept.pairs), []
    for k in range(min(count, len(left))):
        wanted = answers[(k + k // len(groups)) % len(answers)]
        near = [pair for pair in left if pair.group == groups[k % len(groups)]] or left
        taken = next((pair for pair in near if pair.aligned == wanted), near[0])
        left.remove(taken)
        kept.append(taken)
    return concept.select(kept)


def matched_doses(protocol: Protocol, members: Sequence[Response]) -> dict[str, tuple]:
    """Concept -> (kind, level, ((strength, norm) of the aligned pole, of the unaligned)) at the method's chosen budget.

    Of the doses that were measured, the one that spends the level most nearly.
    """
    kind, at = primary(protocol, members)
    found = {}
    for name, (response, level, _) in at.items():
        doses = []
        for pole in POLES:
            curve = response.curves[pole]
            with np.errstate(divide="ignore", invalid="ignore"):
                away = np.abs(np.log(curve.budgets[kind]) - np.log(level))
            k = int(np.nanargmin(away))
            norms = curve.budgets.get("norm", np.full(len(away), np.nan))
            doses.append((float(curve.strengths[k]), float(norms[k])))
        found[name] = (kind, float(level), tuple(doses))
    return found


def off_axis_cell(model: Model, config, concept: Concept, method: str, plan: tuple) -> dict:
    """Shifts of every read concept's items under both poles' controls, and under a random direction of their norms.

    ``random`` is empty for controls that change no site of the stream. Whatever a method raises is one line.
    """
    kind, level, doses, others = plan
    protocol, seed = settings(config)
    fit, _ = parts(concept, config)
    function, options = find_method(method), dict(protocol.options.get(method, {}))
    style = "story" if concept.card.style == "story" else "statement"
    texts = neutral_texts(style, protocol.sizes["neutral"])
    draw = int(digest_of([concept.name, seed])[:8], 16)
    moved, chance = {}, {}
    try:
        for pole, sign, (strength, norm) in zip(POLES, (1.0, -1.0), doses, strict=True):
            control = function(model, fit, pole, **options)
            moved[pole] = named(others, shifts(model, control, strength, others))
            like = random_control(model, control, norm, texts, draw)
            if like is not None:
                chance[pole] = named(others, shifts(model, like, sign, others))
    except Exception as error:  # noqa: BLE001 - a stranger's method may raise anything
        return failure(error)
    return {"budget": kind, "level": level, "shifts": moved, "random": chance}


def named(concepts: Sequence[Concept], values: Sequence[np.ndarray]) -> dict[str, list[float]]:
    """Concept -> plain list."""
    return {concept.name: row.tolist() for concept, row in zip(concepts, values, strict=True)}
