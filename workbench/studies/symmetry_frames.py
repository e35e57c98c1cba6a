# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false
# (pandas types what a frame gives back as Series | DataFrame | a scalar)
"""Does the verdict hold out of distribution? Every control at its matched dose, on items asked in other frames."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from workbench.controls import find_method, trains
from workbench.models import Model
from workbench.studies.symmetry_cells import failure, parts, settings
from workbench.studies.symmetry_off_axis import matched_doses
from workbench.studies.symmetry_tables import PLACEBOS, VALUES, by_method, flat, judged
from workbench.symmetry import Gains, gains, judge, placebo_bound, response_of, retention
from workbench.symmetry.frames import HOME, fits, frames_of, readings
from workbench.symmetry.protocol import Protocol
from workbench.types import POLES, Concept, Effect

DRAWS = 400
Found = Mapping[str, Mapping[str, Gains]]  # concept -> frame -> gains


def frame_jobs(config, concepts: Sequence[Concept], measured: Sequence[tuple]) -> list[tuple]:
    """(config, concept, method, plan) for every response with a matched budget; a plan is (kind, level, doses, frames).

    None where ``config.frames`` is empty. Methods that train are left out: each dose would be trained anew.
    """
    chosen = frames_of(config.frames)
    if not chosen:
        return []
    protocol, _ = settings(config)
    by_name = {concept.name: concept for concept in concepts}
    responses = [response_of(cell["response"]) for _, cell in measured if "response" in cell]
    jobs = []
    for method, members in by_method([r for r in responses if not trains(r.method)]).items():
        for name, plan in matched_doses(protocol, members).items():
            mine = tuple(one for one in chosen if fits(one, by_name[name].card))
            jobs.append((config, by_name[name], method, (*plan, mine)))
    return jobs


def frame_cell(model: Model, config, concept: Concept, method: str, plan: tuple) -> dict:
    """Log-odds of every frame's items without control and under each pole's; whatever a method raises is one line."""
    kind, level, doses, frames = plan
    protocol, _ = settings(config)
    fit, items = parts(concept, config)
    seen = fit.select(fit.pairs[: len(items.pairs)])
    function, options = find_method(method), dict(protocol.options.get(method, {}))
    try:
        found = {"base": readings(model, frames, seen, items)}
        for pole, (strength, _) in zip(POLES, doses, strict=True):
            with function(model, fit, pole, **options).applied(model, strength) as changed:
                found[pole] = readings(changed, frames, seen, items)
    except Exception as error:  # noqa: BLE001 - a stranger's method may raise anything
        return failure(error)
    asked = {one.name: [pair.group for pair in (seen if one.fitted else items).pairs] for one in frames}
    plain = {side: {name: row.tolist() for name, row in rows.items()} for side, rows in found.items()}
    return {"budget": kind, "level": level, "groups": asked, **plain}


def frame_table(protocol: Protocol, concepts: Sequence[Concept], cells: Sequence[tuple]) -> pd.DataFrame:
    """One row per method × concept (and pool) × frame: gains, index, verdict at this budget, and what is retained.

    ``kept_aligned`` and ``kept_unaligned`` are gains over those of the same control on held-out templates in the frame
    of the fit, ``selectivity`` their difference: 0 where a frame weakens both poles alike.
    """
    kinds = {concept.name: concept.card.kind for concept in concepts}
    rows = []
    for method in dict.fromkeys(job[2] for job, _ in cells):
        mine = [(job[1].name, cell) for job, cell in cells if job[2] == method and "base" in cell]
        found = {name: gains_of(name, cell) for name, cell in mine}
        about = {name: (cell["budget"], cell["level"], lean_of(cell)) for name, cell in mine}
        for frame in dict.fromkeys(frame for gained in found.values() for frame in gained):
            rows += [{"method": method, **row} for row in frame_rows(protocol, frame, found, about, kinds)]
    return pd.DataFrame(rows)


def gains_of(name: str, cell: Mapping) -> dict[str, Gains]:
    """Gains of every frame of one cell."""
    return {
        frame: gains(base, cell["aligned"][frame], cell["unaligned"][frame], cell["groups"][frame], name)
        for frame, base in cell["base"].items()
    }


def lean_of(cell: Mapping) -> dict[str, float]:
    """Mean log-odds of the aligned answer without control, per frame."""
    return {frame: float(np.mean(base)) for frame, base in cell["base"].items()}


def frame_rows(protocol: Protocol, frame: str, found: Found, about: Mapping, kinds: Mapping[str, str]) -> list[dict]:
    """The rows of one method in one frame: every concept, then both pools."""
    here = {name: gained for name, gained in found.items() if frame in gained}
    pools = {VALUES: [n for n in here if kinds[n] != "placebo"], PLACEBOS: [n for n in here if kinds[n] == "placebo"]}
    null = [here[name][frame] for name in pools[PLACEBOS]]
    alone = placebo_bound(null, needed=protocol.placebos)
    sets = [(name, [name], alone) for name in here]
    sets += [(pool, names, placebo_bound(null, size=len(names), seed=protocol.seed, needed=protocol.placebos))
             for pool, names in pools.items() if len(names) > 1]  # fmt: skip
    rows = []
    for name, members, bound in sets:
        single = len(members) == 1
        kind, level, _ = about[members[0]]
        row = {"concept": name, "kind": kinds[name] if single else "pool", "frame": frame, "budget": kind,
               "level": level if single else float(np.median([about[n][1] for n in members])),
               "concepts": len(members), "lean": float(np.mean([about[n][2][frame] for n in members]))}  # fmt: skip
        row |= judged(judge([here[n][frame] for n in members], bound, protocol.margin), bound)
        rows.append(row | kept_columns([here[n] for n in members], frame, protocol.seed))
    return rows


def kept_columns(members: Sequence[Mapping[str, Gains]], frame: str, seed: int) -> dict[str, float]:
    """Retention of both poles and its difference as columns; NaN where the same groups were not asked in both frames.

    Several concepts with other groups in one of the frames are compared by their means.
    """
    none = Effect(float("nan"), float("nan"), float("nan"))
    names = ("kept_aligned", "kept_unaligned", "selectivity")
    home, there = [part[HOME] for part in members], [part[frame] for part in members]
    if any(a.groups != b.groups for a, b in zip(home, there, strict=True)):
        if len(members) == 1:
            return {key: value for name in names for key, value in flat(name, none).items()}
        home, there = ([collapsed(part) for part in side] for side in (home, there))
    kept = retention(home, there, DRAWS, seed)
    found = (kept.aligned, kept.unaligned, kept.selectivity)
    return {key: value for name, one in zip(names, found, strict=True) for key, value in flat(name, one).items()}


def collapsed(part: Gains) -> Gains:
    """A concept's mean gains as one unit."""
    plus, minus = part.means()
    return Gains(np.array([plus]), np.array([minus]), ("all",), part.concept)


def frame_sentence(table: pd.DataFrame) -> str:
    """Over the value concepts: how often the verdict at this budget is that of home, and where least is left."""
    pooled = table[table["concept"] == VALUES] if len(table) else table
    if pooled.empty:
        return ""
    home = pooled[pooled["frame"] == HOME].set_index("method")["verdict"]
    other = pooled[(pooled["frame"] != HOME) & pooled["method"].isin(home.index)]
    if other.empty:
        return ""
    same = int((other["verdict"] == other["method"].map(home)).sum())
    said = (f"Asked in {other['frame'].nunique()} other frames, {same} of {len(other)} verdicts at the matched budget "
            "are those of the frame of the fit")  # fmt: skip
    known = other[np.isfinite(other["kept_aligned_low"]) & np.isfinite(other["kept_unaligned_low"])]
    if known.empty:
        return said + "; what is left of control cannot be told from noise in any of them."
    worst = known.loc[known[["kept_aligned", "kept_unaligned"]].min(axis=1).idxmin()]
    kept = (f"{worst[f'kept_{pole}']:.0%} [{worst[f'kept_{pole}_low']:.0%}, {worst[f'kept_{pole}_high']:.0%}] of "
            f"{pole} gain" for pole in POLES)  # fmt: skip
    return f"{said}; least is left of {worst['method']} in {worst['frame']!r}: {' and '.join(kept)}."
