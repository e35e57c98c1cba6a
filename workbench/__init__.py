"""The asymmetric-control workbench: how reliably a model's propensities can be steered, and on whom it backfires.

    import workbench as wb

    model = wb.load("persona")
    concept = wb.load_concept("art")
    direction = wb.fit(wb.extract(model, concept, sites=[wb.Site(2)])[wb.Site(2)])

Verbs and nouns are imported when first used (PEP 562), so that ``import workbench`` costs nothing.
"""

import sys
from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

_HOME = {
    "workbench.types": (
        "Activations", "Card", "Concept", "Direction", "Effect", "Example", "Pair", "Readout", "Site", "SweepCube",
        "WorkbenchError",
    ),
    "workbench.records": ("Record",),
    "workbench.report": ("write_report",),
    "workbench.sweep": ("sweep",),
    "workbench.concepts": ("import_any", "list_concepts", "load_concept", "save_concept", "split_concept"),
    "workbench.models": ("Model", "generate", "load"),
    "workbench.prompts": ("bare_prompt",),
    "workbench.activations": ("differences", "extract"),
    "workbench.directions": ("fit",),
    "workbench.evaluation": ("anti_steerable", "prompt_table", "slopes", "steerability"),
    "workbench.geometry": ("coherence",),
    "workbench.interventions": ("Ablate", "Add", "Clamp", "Conditional", "Rotate", "Steer", "intervene", "steer"),
}
_WHERE = {name: module for module, names in _HOME.items() for name in names}

__all__ = ["__version__", *_WHERE]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str):
    """Import a public name on first use and keep it."""
    if name not in _WHERE:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}; it has: {', '.join(sorted(_WHERE))}")
    value = getattr(import_module(_WHERE[name]), name)
    return globals().setdefault(name, value)


def __dir__() -> list[str]:
    return sorted(__all__)


class _Verb(ModuleType):
    """A module named like its verb: ``workbench.sweep(...)`` is ``workbench.sweep.sweep(...)``."""

    def __call__(self, *args, **options):
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **options)


class _Contents(ModuleType):
    """This module. Python binds every imported submodule here; one that hides a verb is made callable."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in _WHERE and isinstance(value, ModuleType):
            value.__class__ = _Verb
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Contents
