"""What the circuit view shows, computed: the circuits of a setting's vector toward both poles, and what writes it."""

from collections.abc import Mapping
from html import escape

import pandas as pd

from workbench.circuits import PoleCircuits, cue_pairs, effect_table, pole_circuits, written
from workbench.types import Effect, WorkbenchError
from workbench.widgets.steering import Setting, Steering

STEPS = 3
SHARES = (0.05, 0.1, 0.2, 0.4, 0.8)


def circuits_of(steering: Steering, setting: Setting, steps: int = STEPS) -> PoleCircuits:
    """:func:`pole_circuits` of the setting's vector on the evaluation questions; computed once and kept.

    Raises WorkbenchError where the doses toward the poles differ (circuits are compared at the same dose), and as
    :func:`pole_circuits` does.
    """
    if setting.aligned != setting.unaligned:
        raise WorkbenchError(f"doses {setting.aligned:g} and {setting.unaligned:g} came; circuits are compared at the "
                             "same dose toward both poles")  # fmt: skip

    def make() -> PoleCircuits:
        along, asked = steering.direction(setting), steering.parts(setting)[1]
        return pole_circuits(steering.model, asked, along, setting.aligned, steps=steps,
                             intervention=steering.operator(setting), where=setting.where)  # fmt: skip

    return steering.keep(_key(setting, steps), make)


def is_kept(steering: Steering, setting: Setting, steps: int = STEPS) -> bool:
    """Whether :func:`circuits_of` would answer at once."""
    return _key(setting, steps) in steering.kept


def writers_of(steering: Steering, setting: Setting) -> pd.DataFrame:
    """What every part writes along the setting's direction because of an instruction: part, estimate, low, high."""

    def make() -> pd.DataFrame:
        pairs = cue_pairs(steering.model, steering.parts(setting)[1])
        effects = written(steering.model, pairs, steering.direction(setting)).effects(pairs.groups)
        return effect_table(effects, "part")

    return steering.keep(("writers", *setting.vector), make)


def sizes_of(circuits: PoleCircuits) -> list[int]:
    """Sizes at which two circuits are compared: shares of the edges that the vector changes."""
    live = len(circuits.edges())
    return sorted({max(1, round(share * live)) for share in SHARES})


def effects_html(effects: Mapping[str, Effect]) -> str:
    """A line per effect: its name, and its estimate with interval and sample."""
    # two digits that count: gains of a vector that does little are thousandths of a nat
    lines = [f"<li>{escape(name)}: {e.estimate:+.2g} [{e.low:+.2g}, {e.high:+.2g}] {escape(e.unit)} "
             f"(n = {e.n}, groups = {e.n_groups})</li>" for name, e in effects.items()]  # fmt: skip
    return f'<ul aria-label="gains, measured and read">{"".join(lines)}</ul>'


def _key(setting: Setting, steps: int) -> tuple:
    """What circuits depend on; the question and the text of a setting are not among it."""
    return ("circuits", *setting.vector, setting.operator, setting.where, setting.aligned, steps)
