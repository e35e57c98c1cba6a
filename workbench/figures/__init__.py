"""Figures for paper and slides: themes, sizes, and files with their data beside them.

``themed(figure, "dark")``, ``sized(figure, "column")`` and ``in_column(figure, "single")`` return changed copies;
``export`` writes PDF, SVG or PNG through the system's browser, and the data of each figure as CSV whether or not there
is one.
"""

from workbench.figures.export import Export, export
from workbench.figures.style import SIZES, WIDTHS, in_column, sized, themed

__all__ = ["SIZES", "WIDTHS", "Export", "export", "in_column", "sized", "themed"]
