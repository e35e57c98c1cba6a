"""Records as pages that open anywhere: one HTML file, no network, figures and data beside it.

``write_report(record, folder)`` writes the report of a study, ``write_comparison(a, b, path)`` two records side by
side; ``reliability_page``, ``symmetry_page`` and ``compare_page`` give the HTML itself.
"""

from workbench.report.compare import compare_page
from workbench.report.reliability_page import reliability_page
from workbench.report.symmetry_page import symmetry_page
from workbench.report.write import write_comparison, write_report

__all__ = ["compare_page", "reliability_page", "symmetry_page", "write_comparison", "write_report"]
