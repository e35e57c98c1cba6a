# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportIndexIssue=false, reportOperatorIssue=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
# pyright: reportOptionalMemberAccess=false
"""The cells of a reliability study: fit one concept's directions; measure what they, and their controls, do.

Both halves return plain JSON, so that a cell can be kept, moved and compared.
"""

import base64

import numpy as np
import torch

from workbench.activations import by_class, extract
from workbench.directions import fit, random_directions, shuffled_directions
from workbench.geometry import coherence
from workbench.models import Model
from workbench.prompts import PromptType, answer_texts
from workbench.studies.sources import parts
from workbench.types import Activations, Concept, Direction, Pole, Site


def packed(vector: torch.Tensor) -> str:
    """A float32 vector as text."""
    return base64.b64encode(vector.detach().float().numpy().tobytes()).decode()


def unpacked(text: str) -> torch.Tensor:
    """The vector of :func:`packed`."""
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.float32)


def pole_of(config, concept: Concept) -> Pole:
    """The pole that positive multipliers push to."""
    return concept.card.trait_pole if config.toward == "trait" else "aligned"


def limited(concept: Concept, count: int) -> Concept:
    """At most ``count`` pairs, taken in turn from each answer and each group, so that balance and groups stay."""
    if len(concept.pairs) <= count:
        return concept
    buckets: dict[tuple[str, str], list] = {}
    for pair in concept.pairs:
        buckets.setdefault((pair.group, pair.aligned), []).append(pair)
    answers = sorted({pair.aligned for pair in concept.pairs})
    queues = [[b for key, b in sorted(buckets.items()) if key[1] == answer] for answer in answers]
    if len(answers) > 2:
        queues = [list(buckets.values())]
    chosen = {p.id for queue in queues for p in _in_turn(queue, count // len(queues))}
    return concept.select([pair for pair in concept.pairs if pair.id in chosen])


def _in_turn(buckets: list[list], count: int) -> list:
    """``count`` items, one from every bucket before a second from any."""
    depth = max(map(len, buckets), default=0)
    ordered = [bucket[k] for k in range(depth) for bucket in buckets if k < len(bucket)]
    return ordered[:count]


def fit_concept(model: Model, config, concept: Concept) -> dict:
    """Directions, coherence and probes of one concept, for every prompt type and layer."""
    shots, half, _ = parts(concept, config.seed)
    pole = pole_of(config, concept)
    out: dict = {"directions": {}, "rows": [], "probes": [], "projections": [], "skipped": []}
    for name in usable_types(config, concept, shots):
        kind = PromptType.parse(name)
        pairs = limited(half, config.max_shot_pairs if kind.shots else config.max_pairs)
        acts = extract(
            model,
            pairs,
            prompt_type=kind,
            sites=[Site(k) for k in config.layers],
            toward=pole,
            shots=shots.pairs,
            shots_seed=config.seed,
            cue_place=config.cue_place,
            cue_kind=config.cue_kind,
        )
        out["directions"][name] = {}
        for site, values in acts.items():
            entry, row = fit_cell(values, pairs, pole, config)
            out["directions"][name][str(site.layer)] = entry
            out["rows"].append({"prompt_type": name, "layer": site.layer, **row})
        if name == probe_type(config):
            out["probes"] = probe_rows(acts, config.seed)
    return out


def usable_types(config, concept: Concept, shots: Concept) -> list[str]:
    """The prompt types this concept can have: a cue needs a trait or an instruction, shots need five pairs."""
    card, names = concept.card, []
    for name in config.prompt_types:
        kind = PromptType.parse(name)
        cue = bool(card.trait or card.instruction_aligned)
        if (cue or not kind.instruction) and len(shots.pairs) >= kind.shots:
            names.append(name)
    return names


def fit_cell(acts: Activations, pairs: Concept, pole: Pole, config) -> tuple[dict, dict]:
    """One direction with its shuffled-label controls (packed), and its coherence row."""
    direction = fit(acts, config.method)
    shuffled = shuffled_directions(acts, config.method, n=config.shuffled_directions, seed=config.seed)
    positive, negative = by_class(acts)
    answers = [pair.answer(pole) for pair in pairs.pairs]
    row = coherence(
        positive.numpy(),
        negative.numpy(),
        np.asarray(acts.groups[: len(positive)]),
        labels=np.asarray(answers) if len(set(answers)) == 2 else None,
        seed=config.seed,
    ).row()
    middle = (positive.mean(0) + negative.mean(0)) / 2
    entry = {
        "vector": packed(direction.vector),
        "gap": direction.gap,
        "shuffled": [packed(d.vector) for d in shuffled],
        "middle": float(middle @ direction.vector.double()),
        "norm": float(torch.cat([positive, negative]).norm(dim=1).median()),
    }
    return entry, {**row, "gap": direction.gap}


def direction_of(entry: dict, layer: int, method: str, vector: str = "vector", gap: float | None = None) -> Direction:
    """A packed direction, or one of its controls, as a :class:`Direction`."""
    text = entry[vector] if isinstance(entry.get(vector), str) else vector
    return Direction(unpacked(text), entry["gap"] if gap is None else gap, Site(layer), method)


def probe_type(config) -> str:
    """The prompt type whose activations the probes read: the cue where there is one; it is not the answer itself."""
    return "instruction" if "instruction" in config.prompt_types else config.prompt_types[0]


def probe_rows(acts: dict[Site, Activations], seed: int) -> list[dict]:
    """Held-out AUROC by group and selectivity of each probe kind at each layer."""
    from probes import PROBES, evaluate

    rows = []
    for site, values in acts.items():
        for name, probe in PROBES.items():
            score = evaluate(probe(), values, seed=seed)
            rows.append(
                {
                    "layer": site.layer,
                    "probe": name,
                    "auroc": score.auroc.estimate,
                    "auroc_low": score.auroc.low,
                    "auroc_high": score.auroc.high,
                    "selectivity": score.selectivity,
                }
            )
    return rows


def control_directions(fitted: dict, donors: list[dict], config) -> dict[str, dict[Site, Direction]]:
    """Named directions of one concept: own, matched in norm, random, shuffled, transplanted; each per site.

    ``random``, ``shuffled`` and ``transplant`` have the norm of "own". ``matched`` is the own direction adding half
    the stream's median norm per unit of multiplier, and ``level`` are random directions of that norm, shared by all
    ways of making vectors: a class gap can be longer than the stream itself, and there any direction does something.
    """
    named: dict[str, dict[Site, Direction]] = {}

    def put(name: str, layer: int, direction: Direction) -> None:
        named.setdefault(name, {})[Site(layer)] = direction

    for kind, layers in fitted["directions"].items():
        for text, entry in layers.items():
            layer = int(text)
            own = direction_of(entry, layer, config.method)
            put(f"own/{kind}", layer, own)
            put(f"matched/{kind}", layer, direction_of(entry, layer, config.method, gap=0.5 * entry["norm"]))
            for i, draw in enumerate(random_directions(own, config.random_directions, config.seed)):
                put(f"random/{kind}/{i}", layer, draw)
            for i, vector in enumerate(entry["shuffled"]):
                put(f"shuffled/{kind}/{i}", layer, direction_of(entry, layer, "shuffled", vector))
            for i, donor in enumerate(donors):
                other = donor["directions"].get(kind, {}).get(text)
                if other:
                    put(f"transplant/{kind}/{i}", layer, direction_of(other, layer, "transplant", gap=entry["gap"]))
    return named | level_directions(fitted, config)


def level_directions(fitted: dict, config) -> dict[str, dict[Site, Direction]]:
    """Random directions that add half the stream's median norm, ``level/0`` and on, per site."""
    named: dict[str, dict[Site, Direction]] = {}
    for text, entry in next(iter(fitted["directions"].values())).items():
        half = direction_of(entry, int(text), config.method, gap=0.5 * entry["norm"])
        for i, draw in enumerate(random_directions(half, config.level_directions, config.seed + 1)):
            named.setdefault(f"level/{i}", {})[Site(int(text))] = draw
    return named


def evaluate_concept(model: Model, config, concept: Concept, fitted: dict, donors: list[dict]) -> dict:
    """Effects of every direction of one concept on the other half's bare questions, per prompt."""
    from workbench.studies.outcomes import outcomes

    _, _, half = parts(concept, config.seed)
    half = limited(half, config.max_eval)
    return outcomes(model, config, half, fitted, control_directions(fitted, donors, config))


def answers_are_single_tokens(model: Model, concept: Concept) -> bool:
    """Whether every answer is one token after its prompt (patching compares two logits)."""
    texts = {text for pair in concept.pairs for text in answer_texts(pair, concept.card)}
    return all(len(model.tokenizer(text, add_special_tokens=False)["input_ids"]) == 1 for text in texts)
