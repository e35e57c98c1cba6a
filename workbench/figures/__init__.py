"""Figures for paper and slides: themes, sizes, and files with their data beside them.

``themed(figure, "dark")`` and ``sized(figure, "column")`` return changed copies; ``export`` writes PDF, SVG or PNG
through the system's browser, and the data of each figure as CSV whether or not there is one.
"""

from workbench.figures.export import Export, export
from workbench.figures.style import SIZES, sized, themed

__all__ = ["SIZES", "Export", "export", "sized", "themed"]
