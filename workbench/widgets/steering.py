"""The state behind the steering panel: from a setting to directions, doses and propensity curves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import torch

from workbench.activations import cue_place_for, extract
from workbench.concepts import load_concept, split_concept
from workbench.directions import combine, fit, random_directions
from workbench.evaluation import deltas, mean_effect
from workbench.interventions import Ablate, Add, Rotate, steer
from workbench.models import Model
from workbench.sweep import sweep
from workbench.sweep.readouts import Prompt, prompts_of
from workbench.types import (
    POLES,
    Activations,
    Concept,
    Direction,
    Intervention,
    Pair,
    Pole,
    SweepCube,
    WorkbenchError,
)
from workbench.widgets.setting import Dose, Setting

__all__ = ["COLUMNS", "DRAWS", "KEPT", "MULTIPLIERS", "OPERATORS", "Dose", "Setting", "Steering"]

COLUMNS = ("unsteered", *POLES)
MULTIPLIERS = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
OPERATORS: Mapping[str, Intervention] = {"add": Add(), "rotate": Rotate(), "ablate": Ablate()}
DRAWS = 5
# results kept; what was not asked for longest goes first
KEPT = 256


@dataclass(frozen=True, eq=False)
class Steering:
    """One model and some concepts, ready for any :class:`Setting`; what is slow is computed once and kept.

    Args:
        concepts: names of shipped concepts, or concepts; the directions are fitted on one part of their groups and
            evaluated on another, ``shares`` being the parts' shares (shots, fit, evaluation) and ``seed`` their draw.
        cube: a sweep made by :meth:`sweep` (perhaps saved and loaded): settings that it covers are read from it.
        operators: name -> intervention, each doing nothing at multiplier 0.
    """

    model: Model
    concepts: Sequence[str | Concept]
    cube: SweepCube | None = None
    operators: Mapping[str, Intervention] = field(default_factory=lambda: dict(OPERATORS))
    shares: tuple[float, float, float] = (0.1, 0.45, 0.2)
    seed: int = 0
    kept: dict = field(default_factory=dict, repr=False)

    def __post_init__(self):
        if not self.names or len(set(self.names)) < len(self.names):
            raise WorkbenchError(f"concepts came as {list(self.names)}; expected at least one, each once")
        if self.cube is not None and "fitted" not in self.cube.source:
            raise WorkbenchError("the cube does not say how its directions were fitted; make it with Steering.sweep")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the concepts, in the given order."""
        return tuple(c if isinstance(c, str) else c.name for c in self.concepts)

    def start(self) -> Setting:
        """The setting to begin with: the first concept, the middle layer."""
        return Setting(self.names[0], self.model.n_layers // 2)

    def parts(self, setting: Setting) -> tuple[Concept, Concept]:
        """(to fit on, to evaluate on): parts of the concept without a common group."""
        if setting.concept not in self.names:
            raise WorkbenchError(
                f"concept {setting.concept!r} is not in this panel; expected one of {', '.join(self.names)}"
            )
        given = self.concepts[self.names.index(setting.concept)]

        def make() -> tuple[Concept, Concept]:
            concept = load_concept(given) if isinstance(given, str) else given
            _, fitted, evaluated = split_concept(concept, shares=self.shares, seed=self.seed)
            return fitted, evaluated

        return self.keep(("parts", setting.concept), make)

    def pair(self, setting: Setting) -> Pair:
        """The evaluation question of the setting, the first where it names none."""
        pairs = self.parts(setting)[1].pairs
        found = [p for p in pairs if p.id == setting.pair] if setting.pair else [pairs[0]]
        if not found:
            raise WorkbenchError(
                f"question {setting.pair!r} is not among the {len(pairs)} to evaluate on; choose one of those"
            )
        return found[0]

    def prompt(self, setting: Setting) -> Prompt:
        """What the model is given: the free text where there is one, else the bare question."""
        if setting.text:
            return setting.text
        return prompts_of(self.parts(setting)[1].select([self.pair(setting)]), "bare")[0]

    def operator(self, setting: Setting) -> Intervention:
        """The setting's intervention."""
        if setting.operator not in self.operators:
            raise WorkbenchError(
                f"operator {setting.operator!r} is unknown; expected one of {', '.join(self.operators)}"
            )
        return self.operators[setting.operator]

    def activations(self, setting: Setting) -> Activations:
        """Activations of the fitting part at the setting's site; all layers are read at once and kept."""
        fitted = self.parts(setting)[0]
        if not 0 <= setting.layer < self.model.n_layers:
            raise WorkbenchError(
                f"layer {setting.layer} is not in {self.model.name}; expected 0 to {self.model.n_layers - 1}"
            )
        key = ("activations", setting.concept, setting.prompt_type)
        every = self.keep(key, lambda: extract(self.model, fitted, prompt_type=setting.prompt_type))
        return every[setting.site]

    def direction(self, setting: Setting) -> Direction:
        """The setting's direction, fitted on the fitting part only; with a second concept, the sum of both."""
        return self.keep(("direction", *setting.vector), lambda: self._fit(setting))

    def _fit(self, setting: Setting) -> Direction:
        if setting.second == ("", 0.0):
            return fit(self.activations(setting), method=setting.method)
        first, other = (replace(setting, concept=name, also="") for name in (setting.concept, setting.also))
        return combine([self.direction(first), self.direction(other)], [1.0, setting.share])

    def models(self, setting: Setting) -> dict[str, Model]:
        """The model of every column: unsteered, toward aligned, toward unaligned."""
        direction, operator = self.direction(setting), self.operator(setting)
        return {"unsteered": self.model} | {
            pole: steer(self.model, direction, setting.multiplier(pole), intervention=operator, where=setting.where)
            for pole in POLES
        }

    def doses(self, setting: Setting) -> dict[Pole, Dose]:
        """What the setting's operator does toward each pole, read where the (first concept's) direction was fitted."""
        own = self.direction(replace(setting, also=""))
        direction, h = self.direction(setting), self.activations(setting).last().float()
        found, every = {}, torch.ones(len(h), 1, dtype=torch.bool, device=h.device)
        for pole in POLES:
            multiplier = setting.multiplier(pole)
            doses = torch.full((len(h),), multiplier, device=h.device)
            moved = self.operator(setting)(h[:, None], direction, doses, every)[:, 0] - h
            along = float((moved @ own.vector.to(h)).median())
            ratio = float((moved.norm(dim=1) / h.norm(dim=1)).median())
            found[pole] = Dose(multiplier, along / own.gap if own.gap else float("nan"), ratio)
        return found

    def sweep(self, setting: Setting, layers: Sequence[int] | None = None) -> SweepCube:
        """The evaluation part under the setting's directions ("own") and random ones of the same norm.

        One cube for ``layers`` (default all), which :func:`workbench.sweep.save_cube` can keep for another day.
        """
        evaluated = self.parts(setting)[1]
        chosen = range(self.model.n_layers) if layers is None else layers
        own = {(at := replace(setting, layer=layer)).site: self.direction(at) for layer in chosen}
        draws = {site: random_directions(direction, DRAWS, self.seed) for site, direction in own.items()}
        named = {"own": own} | {f"random {i}": {s: d[i] for s, d in draws.items()} for i in range(DRAWS)}
        cube = sweep(
            self.model, evaluated, named, sites=list(own), multipliers=MULTIPLIERS, where=setting.where,
            intervention=self.operator(setting),
        )  # fmt: skip
        return replace(cube, source={**cube.source, "fitted": self._fitted(setting)})

    def _fitted(self, setting: Setting) -> dict[str, str]:
        """How the setting's direction was fitted, for a cube's source."""
        about = {"method": setting.method, "prompt_type": setting.prompt_type}
        about["concept"] = self.parts(setting)[0].digest
        if (place := cue_place_for(self.model, self.parts(setting)[0].card)) != "before":
            about["cue_place"] = place
        also, share = setting.second
        if also:
            about["also"] = f"{share!r} times {self.parts(replace(setting, concept=also))[0].digest}"
        return about

    def covers(self, setting: Setting) -> bool:
        """Whether the given cube holds exactly what a sweep of this setting would give."""
        if self.cube is None or setting.site not in self.cube.sites or "own" not in self.cube.directions:
            return False
        evaluated = self.parts(setting)[1]
        wanted = {
            "model": self.model.digest, "concept": evaluated.digest, "where": setting.where, "toward": "aligned",
            "prompt": "bare", "readout": "answers", "intervention": repr(self.operator(setting)),
            "fitted": self._fitted(setting),
        }  # fmt: skip
        return {key: self.cube.source.get(key) for key in wanted} == wanted

    def known(self, setting: Setting) -> bool:
        """Whether the setting's curve needs no sweep: the given cube covers it, or it was swept before."""
        return self._curves_key(setting) in self.kept or self.covers(setting)

    def curves(self, setting: Setting) -> SweepCube:
        """The given cube where it covers the setting, else a sweep of the setting's layer, run once and kept."""
        if self.cube is not None and self.covers(setting):
            return self.cube
        return self.keep(self._curves_key(setting), lambda: self.sweep(setting, [setting.layer]))

    def _curves_key(self, setting: Setting) -> tuple:
        return ("curves", *setting.vector, setting.operator, setting.where)

    def curve(self, setting: Setting) -> pd.DataFrame:
        """Change of propensity over multipliers: direction ("own", "random"), multiplier, mean, low, high (log-odds).

        The own interval is a 95 % t interval over groups; the random one is the range over the draws.
        """
        cube = self.curves(setting)
        # of a given cube the same reading, kept as that of a swept one is
        return self.keep(("curve", *self._curves_key(setting)), lambda: self._read(setting, cube))

    def _read(self, setting: Setting, cube: SweepCube) -> pd.DataFrame:
        rows: list[dict[str, Any]] = []
        own = cube.curve(setting.site, "own")
        for multiplier in cube.multipliers:
            effect = mean_effect(own, cube.multipliers, multiplier, cube.groups)
            found = {"mean": effect.estimate, "low": effect.low, "high": effect.high}
            rows.append({"direction": "own", "multiplier": multiplier} | found)
        draws = [name for name in cube.directions if name.startswith("random")]
        means = np.array([deltas(cube.curve(setting.site, name), cube.multipliers).mean(0) for name in draws])
        for multiplier, column in zip(cube.multipliers, means.T, strict=False):
            found = {"mean": column.mean(), "low": column.min(), "high": column.max()}
            rows.append({"direction": "random", "multiplier": multiplier} | found)
        return pd.DataFrame(rows)

    def prompt_curve(self, setting: Setting) -> pd.DataFrame:
        """multiplier, change (log-odds) of the setting's own question; no rows for free text."""
        cube, pair = self.curves(setting), self.pair(setting).id
        if setting.text or pair not in cube.prompts:
            return pd.DataFrame({"multiplier": [], "change": []})
        change = deltas(cube.curve(setting.site, "own"), cube.multipliers)[cube.prompts.index(pair)]
        return pd.DataFrame({"multiplier": cube.multipliers, "change": change})

    def points(self, setting: Setting) -> pd.DataFrame:
        """pole, multiplier, change: the setting's doses on the own mean curve, between swept multipliers by a line."""
        own = self.curve(setting).query("direction == 'own'")
        at = [setting.multiplier(pole) for pole in POLES]
        change = np.interp(at, own["multiplier"], own["mean"], left=np.nan, right=np.nan)
        return pd.DataFrame({"pole": POLES, "multiplier": at, "change": change})

    def keep(self, key: tuple, make: Callable[[], Any]) -> Any:
        """What ``make`` gives, kept under ``key``: asked again, it is not made again."""
        found = self.kept.pop(key) if key in self.kept else make()
        self.kept[key] = found
        while len(self.kept) > KEPT:
            self.kept.pop(next(iter(self.kept)))
        return found
