"""The cells of a symmetry study: what is known of a concept beforehand, and one method's response on it.

Both give plain JSON, so that a cell can be kept, moved and compared.
"""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from workbench.activations import cue_place_for
from workbench.concepts import list_concepts, neutral_texts, split_concept, unrelated_choices
from workbench.controls import find_method
from workbench.models import Model
from workbench.prompts import PromptType, build_prompt
from workbench.studies.cells import limited
from workbench.studies.sources import gather, own_concepts
from workbench.symmetry.measure import ABLE, Surroundings, bench, respond, surroundings
from workbench.symmetry.protocol import Protocol, load_protocol
from workbench.symmetry.readings import read
from workbench.types import POLES, Concept, WorkbenchError


def gathered(config, model: Model) -> tuple[list[Concept], list[dict]]:
    """The study's concepts, and a line for each that cannot be measured; an unknown name is an error at once."""
    if config.data:
        concepts = gather(config, model)
    else:
        own = own_concepts(model)
        known = [*own, *list_concepts()]
        names = config.concepts or own or (*list_concepts("value"), *list_concepts("placebo"))
        unknown = [name for name in names if name not in known and not Path(name).is_dir()]
        if unknown:
            raise WorkbenchError(f"concept {unknown[0]!r} is unknown; expected some of {', '.join(known)}, or folders")
        concepts = tuple(names)
    kept, failures = [], []
    for item in concepts:
        try:
            concept = item if isinstance(item, Concept) else gather(replace(config, concepts=(item,)), model)[0]
            parts(concept, config)
            free = concept.name in config.placebos
            kept.append(replace(concept, card=replace(concept.card, kind="placebo")) if free else concept)
        except WorkbenchError as error:
            name = item.name if isinstance(item, Concept) else Path(item).name
            failures.append({"concept": name, "method": "all", "line": str(error)})
    there = {concept.name for concept in kept} | {failure["concept"] for failure in failures}
    strange = next((name for name in config.placebos if name not in there), None)
    if strange is not None:
        known = ", ".join(sorted(there))
        raise WorkbenchError(f"placebo {strange!r} is none of the concepts; expected some of {known}")
    return kept, failures


def parts(concept: Concept, config) -> tuple[Concept, Concept]:
    """(pairs to fit on, items to measure on): disjoint groups, by the protocol's shares."""
    protocol, seed = settings(config)
    _, fit, items = split_concept(concept, shares=protocol.shares, seed=seed)
    return limited(fit, protocol.sizes["fit"]), limited(items, config.items or protocol.sizes["items"])


def settings(config) -> tuple[Protocol, int]:
    """The protocol and the seed in force."""
    protocol = load_protocol(config.protocol)
    return protocol, config.seed or protocol.seed


def background(model: Model, config, concept: Concept) -> dict:
    """The lean of the concept in two folds of the fitting groups, and what a cue toward each pole reaches on the items.

    The items' own unsteered log-odds are not part of the lean: they are in the gains already. Cue effects are NaN
    where the concept has no cue, or the reason why is noted.
    """
    fit, items = parts(concept, config)
    names = sorted(fit.groups)
    folds = [fit.select([p for p in fit.pairs if names.index(p.group) % 2 == k]) for k in (0, 1)]
    lean = [float(read(model, fold).log_odds.mean()) if fold.pairs else float("nan") for fold in folds]
    out = {"lean": lean, "cue_aligned": float("nan"), "cue_unaligned": float("nan"), "grasp": float("nan")}
    card = concept.card
    if card.trait or card.instruction_aligned:
        base = read(model, items).log_odds
        place = cue_place_for(model, card)
        cued = [read(model, items, _cued(pole, place)).log_odds for pole in POLES]
        out |= {"cue_aligned": float((cued[0] - base).mean()), "cue_unaligned": float((base - cued[1]).mean())}
        out["grasp"] = float(np.concatenate([cued[0] > 0, cued[1] < 0]).mean())
    return out


def _cued(pole, place):
    return lambda pair, card: build_prompt(pair, card, PromptType(instruction=True), pole, (), place)


def respond_cell(model: Model, config, concept: Concept, method: str) -> dict:
    """One method on one concept: its response, or the line that says why there is none.

    Whatever a method raises is caught here: it is a result about the method, and must not stop the grid.
    """
    protocol, _ = settings(config)
    fit, items = parts(concept, config)
    try:
        function, options = find_method(method), dict(protocol.options.get(method, {}))
        around = _surroundings(
            model, concept.card.style == "story", *(protocol.sizes[n] for n in ("neutral", "choices"))
        )
        on = bench(model, items, around, protocol.budgets.get("norm", ()), protocol.budgets.get("kl", ()))
        response = respond(on, lambda *given: function(*given, **options), fit, method)
    except Exception as error:  # noqa: BLE001 - a stranger's method may raise anything
        return failure(error)
    notes = list(dict.fromkeys(on.notes))
    return {"response": response.plain(), "notes": notes, "able": around.able >= ABLE,
            "pairs": [[p.id, p.question] for p in items.pairs]}  # fmt: skip


def failure(error: Exception) -> dict:
    """The cell of something that raised: one line. What was not foreseen is tried again by the next run."""
    if isinstance(error, WorkbenchError):
        return {"failed": str(error)}
    text = " ".join(str(error).split())[:200]
    return {"failed": f"{type(error).__name__}: {text}", "again": True}


@lru_cache(maxsize=4)
def _surroundings(model: Model, story: bool, texts: int, choices: int) -> Surroundings:
    style = "story" if story else "statement"
    return surroundings(model, neutral_texts(style, texts), unrelated_choices(style, choices))
