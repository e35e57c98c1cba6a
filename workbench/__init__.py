"""The asymmetric-control workbench: how reliably a model's propensities can be steered, and on whom it backfires.

    import workbench as wb

    model = wb.load("persona")
    concept = wb.load_concept("art")
    direction = wb.fit(wb.extract(model, concept, sites=[wb.Site(2)])[wb.Site(2)])

Verbs and nouns are imported when first used (PEP 562), so that ``import workbench`` costs nothing.
A verb never shares its name with a module: the sweep is ``from workbench.sweep import sweep``.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "workbench.types": (
        "Activations", "Card", "Concept", "Direction", "Effect", "Example", "Pair", "Readout", "Site", "SweepCube",
        "WorkbenchError",
    ),
    "workbench.records": ("Record",),
    "workbench.concepts": ("import_any", "list_concepts", "load_concept", "save_concept", "split_concept"),
    "workbench.models": ("Model", "generate", "load"),
    "workbench.activations": ("differences", "extract"),
    "workbench.directions": ("fit",),
    "workbench.interventions": ("Ablate", "Add", "Clamp", "Conditional", "Rotate", "Steer", "intervene", "steer"),
}
_WHERE = {name: module for module, names in _HOME.items() for name in names}

__all__ = ["__version__", *_WHERE]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str):
    """Import a public name on first use and keep it."""
    if name not in _WHERE:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}; it has: {', '.join(sorted(_WHERE))}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
